//! Checks of single fields, as generated commands use them.
//!
//! Each answers `Ok` or what is wrong, to be read after the field's name.

use crate::bytes::Bytes;
use crate::money::Money;

/// Fine, or what is wrong.
pub type Check = Result<(), String>;

/// A part of a [`form`]: characters of `ranges`, `min` to `max` of them.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// First and last character of each accepted range.
    pub ranges: &'static [(char, char)],
    /// At least so many.
    pub min: usize,
    /// At most so many.
    pub max: usize,
}

/// A text of `min` to `max` characters.
///
/// # Errors
/// When it is shorter or longer.
pub fn text(value: &str, min: usize, max: usize) -> Check {
    within(value.chars().count(), min, max, "characters")
}

/// A list of `min` to `max` entries.
///
/// # Errors
/// When it is shorter or longer.
pub fn list<T>(value: &[T], min: usize, max: usize) -> Check {
    within(value.len(), min, max, "entries")
}

/// `min` to `max` bytes.
///
/// # Errors
/// When there are fewer or more.
pub fn bytes(value: &Bytes, min: usize, max: usize) -> Check {
    within(value.as_slice().len(), min, max, "bytes")
}

fn within(count: usize, min: usize, max: usize, what: &str) -> Check {
    if count < min {
        return Err(match min {
            1 => "must not be empty".to_owned(),
            _ => format!("must have at least {min} {what}"),
        });
    }
    if count > max {
        return Err(format!("must have at most {max} {what}"));
    }
    Ok(())
}

/// An integer from `min` to `max`.
///
/// # Errors
/// When it is smaller or larger.
pub fn integer(value: impl Into<i128>, min: i128, max: i128) -> Check {
    let value = value.into();
    if value < min {
        return Err(format!("must be at least {min}"));
    }
    if value > max {
        return Err(format!("must be at most {max}"));
    }
    Ok(())
}

/// A decimal number from `min` to `max`; either may be left out.
///
/// # Errors
/// When it is smaller or larger.
#[cfg(feature = "decimal")]
pub fn decimal(value: rust_decimal::Decimal, min: Option<&str>, max: Option<&str>) -> Check {
    let limit = |text: Option<&str>| text.and_then(|text| text.parse().ok());
    if let Some(min) = limit(min).filter(|min| value < *min) {
        return Err(format!("must be at least {min}"));
    }
    if let Some(max) = limit(max).filter(|max| value > *max) {
        return Err(format!("must be at most {max}"));
    }
    Ok(())
}

/// An amount from `min` to `max` in major units, such as `"0.01"`; either may be left out.
///
/// # Errors
/// When it is smaller or larger.
pub fn money(value: Money, min: Option<&str>, max: Option<&str>) -> Check {
    let amount = scaled(&value.value());
    if let Some(min) = min.filter(|min| amount < scaled(min)) {
        return Err(format!("must be at least {min}"));
    }
    if let Some(max) = max.filter(|max| amount > scaled(max)) {
        return Err(format!("must be at most {max}"));
    }
    Ok(())
}

/// A plain decimal text in ten-thousandths, the finest unit of any currency.
fn scaled(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("0000".chars()).take(4).collect();
    format!("{whole}{digits}").parse().unwrap_or(i128::MAX)
}

/// A text made of `parts`, one after the other; each takes as much as it can.
///
/// # Errors
/// When it has another form; `described` says which is wanted.
pub fn form(value: &str, parts: &[Part], described: &str) -> Check {
    let mut rest = value;
    for part in parts {
        let fits = |c: &char| {
            part.ranges
                .iter()
                .any(|(from, to)| (from..=to).contains(&c))
        };
        let taken: String = rest.chars().take_while(fits).take(part.max).collect();
        if taken.chars().count() < part.min {
            return Err(format!("must match {described}"));
        }
        rest = &rest[taken.len()..];
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(format!("must match {described}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_in_characters() {
        assert_eq!(text("äöü", 1, 3), Ok(()));
        assert_eq!(text("", 1, 3), Err("must not be empty".to_owned()));
        assert!(text("äöüß", 1, 3).is_err());
    }

    #[test]
    fn amounts_are_compared_whatever_their_currency() {
        let amount = |value: &str, code: &str| Money::parse(value, code.parse().unwrap()).unwrap();
        assert!(money(amount("0.00", "EUR"), Some("0.01"), None).is_err());
        assert!(money(amount("0.01", "EUR"), Some("0.01"), None).is_ok());
        assert!(money(amount("1", "JPY"), Some("0.01"), Some("5")).is_ok());
        assert!(money(amount("6", "JPY"), None, Some("5")).is_err());
    }

    #[test]
    fn forms_take_the_whole_text() {
        const HEX: &[Part] = &[Part {
            ranges: &[('0', '9'), ('a', 'f')],
            min: 2,
            max: 4,
        }];
        assert_eq!(form("beef", HEX, "hex"), Ok(()));
        for wrong in ["b", "beefs", "beefe", "BEEF", ""] {
            assert!(form(wrong, HEX, "hex").is_err(), "{wrong}");
        }
    }
}
