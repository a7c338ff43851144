//! Constraints of a field, and which type each of them suits.

use super::field::read_name;
use super::{Pattern, Type};
use crate::error::{Code, Error, Result};
use crate::naming;
use std::cmp::Ordering;

/// The longest text and the longest list that can be asked for.
const MAX_SIZE: u64 = 1_048_576;

/// What a value has to satisfy beyond its type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Constraints {
    /// Least length, count or value, as a decimal number.
    pub min: Option<String>,
    /// Greatest length, count or value, as a decimal number.
    pub max: Option<String>,
    /// The form of the whole text.
    pub pattern: Option<Pattern>,
    /// Never shown, logged or stored in the clear.
    pub secret: bool,
    /// The name that it had: columns, payloads and the provider go on knowing it by that.
    pub was: Option<String>,
}

const KNOWN: &[&str] = &["max", "min", "pattern", "secret", "was"];

impl Constraints {
    /// Reads `max=64:secret:pattern=…`. A pattern is the last one, for it may hold any character.
    ///
    /// # Errors
    /// When a constraint is unknown, given twice, or not for this type.
    pub fn parse(mut text: &str, ty: &Type) -> Result<Self> {
        let mut found = Self::default();
        while !text.is_empty() {
            let (one, rest) = match text.split_once(':') {
                Some((one, rest)) if !text.starts_with("pattern=") => (one, rest),
                _ => (text, ""),
            };
            found.add(one, ty)?;
            text = rest;
        }
        found.check_range(ty)?;
        Ok(found)
    }

    fn add(&mut self, one: &str, ty: &Type) -> Result<()> {
        let (key, value) = one
            .split_once('=')
            .map_or((one, None), |(k, v)| (k, Some(v)));
        match (key, value) {
            ("secret", None) => set_flag(&mut self.secret),
            ("min", Some(value)) => set(&mut self.min, "min", bound(value, ty, "min")?),
            ("max", Some(value)) => set(&mut self.max, "max", bound(value, ty, "max")?),
            ("pattern", Some(value)) => {
                let pattern = pattern_for(value, ty)?;
                set(&mut self.pattern, "pattern", pattern)
            }
            ("was", Some(value)) => set(&mut self.was, "was", earlier_name(value)?),
            ("secret", Some(_)) => Err(refuse("`secret` takes no value", "write `:secret`")),
            ("min" | "max" | "pattern" | "was", None) => Err(refuse(
                &format!("`{key}` needs a value"),
                &format!("write `:{key}=…`"),
            )),
            _ => Err(unknown(key)),
        }
    }

    fn check_range(&self, ty: &Type) -> Result<()> {
        if let (Some(min), Some(max)) = (&self.min, &self.max)
            && compare(min, max) == Ordering::Greater
        {
            return Err(refuse(
                &format!("`min={min}` is greater than `max={max}`"),
                "swap them",
            ));
        }
        if self.pattern.is_some() && (self.min.is_some() || self.max.is_some()) {
            return Err(refuse(
                "a pattern says the length itself",
                "put the count into the pattern, as in `[0-9]{1,8}`",
            ));
        }
        if self.secret && matches!(ty, Type::Bool | Type::Enum(_)) {
            return Err(refuse(
                "a bool or an enum cannot be secret: its values are in the source",
                "use `string:secret`",
            ));
        }
        Ok(())
    }

    /// The constraints as they are written in a field, in one order.
    #[must_use]
    pub fn suffix(&self) -> String {
        let mut text = String::new();
        if let Some(min) = &self.min {
            text += &format!(":min={min}");
        }
        if let Some(max) = &self.max {
            text += &format!(":max={max}");
        }
        if self.secret {
            text += ":secret";
        }
        if let Some(was) = &self.was {
            text += &format!(":was={was}");
        }
        if let Some(pattern) = &self.pattern {
            text += &format!(":pattern={}", pattern.text());
        }
        text
    }
}

fn set<T>(slot: &mut Option<T>, key: &str, value: T) -> Result<()> {
    if slot.replace(value).is_some() {
        return Err(refuse(
            &format!("`{key}` is given twice"),
            "keep one of them",
        ));
    }
    Ok(())
}

fn set_flag(slot: &mut bool) -> Result<()> {
    if std::mem::replace(slot, true) {
        return Err(refuse("`secret` is given twice", "keep one of them"));
    }
    Ok(())
}

/// A name that a field can have had.
fn earlier_name(value: &str) -> Result<String> {
    let (name, converted) = read_name(value)?;
    match converted {
        None => Ok(name),
        Some(_) => Err(refuse(
            &format!(
                "`was={}` is not the name's own spelling",
                value.escape_debug()
            ),
            &format!("write `was={name}`"),
        )),
    }
}

/// A bound in canonical form, checked against what the type can hold.
fn bound(value: &str, ty: &Type, key: &str) -> Result<String> {
    let fits = match ty {
        Type::String | Type::Text | Type::Bytes | Type::List(_) => {
            value.parse::<u64>().is_ok_and(|n| n <= MAX_SIZE)
        }
        Type::I32 => value.parse::<i32>().is_ok(),
        Type::I64 => value.parse::<i64>().is_ok(),
        Type::U32 => value.parse::<u32>().is_ok(),
        Type::U64 => value.parse::<u64>().is_ok_and(|n| i64::try_from(n).is_ok()),
        Type::Decimal => is_decimal(value),
        Type::Money => is_decimal(value) && !value.starts_with('-'),
        _ => {
            let what = format!("`{key}` does not suit the type `{}`", ty.keyword());
            return Err(refuse(&what, "leave it out"));
        }
    };
    let canonical = fits && !value.starts_with('+');
    if !canonical || (key == "max" && is_size(ty) && value.parse() == Ok(0_u64)) {
        let what = format!(
            "`{key}={}` is no limit for `{}`",
            value.escape_debug(),
            ty.keyword()
        );
        return Err(refuse(&what, limit_help(ty)));
    }
    Ok(canonical_number(value))
}

const fn is_size(ty: &Type) -> bool {
    matches!(ty, Type::String | Type::Text | Type::Bytes | Type::List(_))
}

const fn limit_help(ty: &Type) -> &'static str {
    match ty {
        Type::Money => "an amount in major units, such as `min=0.01`",
        Type::Decimal => "a number such as `min=-0.5`",
        Type::String | Type::Text | Type::Bytes | Type::List(_) => {
            "a whole number from 1 (`min`: from 0) to 1048576"
        }
        _ => "a whole number that the type can hold",
    }
}

/// At most 15 digits before and 9 after the point.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit())
    };
    digits(whole, 15) && digits(fraction, 9)
}

/// Without needless zeros in front.
fn canonical_number(text: &str) -> String {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let trimmed = digits.trim_start_matches('0');
    let zero = if trimmed.is_empty() || trimmed.starts_with('.') {
        "0"
    } else {
        ""
    };
    let number = format!("{zero}{trimmed}");
    let is_zero = number.bytes().all(|b| matches!(b, b'0' | b'.'));
    if is_zero {
        number
    } else {
        format!("{sign}{number}")
    }
}

/// Orders two canonical decimal numbers exactly.
fn compare(a: &str, b: &str) -> Ordering {
    scaled(a).cmp(&scaled(b))
}

fn scaled(text: &str) -> i128 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let padded = format!("{whole}{fraction:0<9}");
    padded.parse::<i128>().map_or(0, |n| sign * n)
}

fn pattern_for(value: &str, ty: &Type) -> Result<Pattern> {
    if !ty.is_text() {
        let what = format!("`pattern` does not suit the type `{}`", ty.keyword());
        return Err(refuse(&what, "patterns are for `string` and `text`"));
    }
    Pattern::parse(value)
}

fn unknown(key: &str) -> Error {
    let what = format!("unknown constraint `{}`", key.escape_debug());
    match naming::nearest(key, KNOWN.iter().copied()) {
        Some(near) => refuse(&what, &format!("did you mean `{near}`?")),
        None => refuse(&what, "one of max=…, min=…, secret, pattern=…"),
    }
}

fn refuse(what: &str, help: &str) -> Error {
    Error::new(Code::FieldConstraint, what).help(help)
}
