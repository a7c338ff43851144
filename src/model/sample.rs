//! Values for generated tests, documents and examples: some that are accepted, some that are not.

use crate::spec::{Field, Type};

/// A value that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The value as JSON.
    pub json: String,
    /// Why it is refused: `too_long`, `below_min` … – fit for the name of a test.
    pub why: &'static str,
}

/// The longest text that is worth writing into a test.
const LONGEST: usize = 4096;

/// Amounts and decimals are computed in billionths.
const BILLION: i128 = 1_000_000_000;

/// A field with the limits that apply to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limited<'a> {
    pub(super) field: &'a Field,
    pub(super) min: Option<&'a str>,
    pub(super) max: Option<&'a str>,
}

impl Limited<'_> {
    /// The first or the second value that is accepted, as JSON.
    pub(super) fn sample(&self, which: usize) -> String {
        self.sample_of(&self.field.ty, which)
    }

    fn sample_of(&self, ty: &Type, which: usize) -> String {
        match ty {
            Type::String | Type::Text => quoted(&self.text(which)),
            Type::Bool => (which == 1).to_string(),
            Type::I32 | Type::I64 | Type::U32 | Type::U64 => {
                (self.number(which) / BILLION).to_string()
            }
            Type::Decimal => quoted(&decimal(self.number(which), 9)),
            Type::Money => money(&decimal(self.number(which), 2)),
            Type::Uuid => quoted(&format!("7f3f2d1e-5b1c-4a7e-9d2f-0a1b2c3d4e{which:02}")),
            Type::Date => quoted(&format!("2025-01-{:02}", which + 10)),
            Type::DateTime => quoted(&format!("2025-01-{:02}T12:00:00Z", which + 10)),
            Type::Json => format!("{{\"note\":\"sample {which}\"}}"),
            Type::Bytes => quoted(&base64(&vec![b'a' + u8::from(which == 2); self.size(6)])),
            Type::Enum(values) => quoted(&values[(which - 1).min(values.len() - 1)]),
            Type::List(inner) => {
                let unlimited = Limited {
                    field: self.field,
                    min: None,
                    max: None,
                };
                let item = unlimited.sample_of(inner, which);
                format!("[{}]", vec![item; self.size(1)].join(","))
            }
        }
    }

    fn text(&self, which: usize) -> String {
        if let Some(pattern) = &self.field.constraints.pattern {
            return pattern.sample(which == 2);
        }
        let text = format!("{}-{which}", self.field.name.replace('_', "-"));
        let size = self.size(text.len());
        if size == text.len() {
            return text;
        }
        let digit = which.to_string();
        if size < text.len() {
            digit.repeat(size)
        } else {
            text + &digit.repeat(size)
        }
        .chars()
        .take(size)
        .collect()
    }

    /// The wished size, within the limits.
    fn size(&self, wish: usize) -> usize {
        let limit = |text: Option<&str>| text.and_then(|text| text.parse::<usize>().ok());
        let wish = wish.max(limit(self.min).unwrap_or(0)).max(1);
        wish.min(limit(self.max).unwrap_or(usize::MAX))
    }

    /// Ten or twenty, within the limits, in billionths; money and integers stay whole units.
    fn number(&self, which: usize) -> i128 {
        let step = if self.field.ty == Type::Money {
            BILLION / 100
        } else {
            BILLION
        };
        let step = if self.field.ty == Type::Decimal {
            1
        } else {
            step
        };
        let wish = 10 * BILLION * if which == 2 { 2 } else { 1 };
        let above = self
            .min
            .map_or(wish, |min| wish.max(round_up(scaled(min), step)));
        self.max
            .map_or(above, |max| above.min(scaled(max) / step * step))
    }

    /// Values of the field's type that its limits refuse, and one of a wrong type.
    pub(super) fn invalid(&self) -> Vec<Invalid> {
        let mut invalid: Vec<Invalid> = self.wrong_type().into_iter().collect();
        let ty = &self.field.ty;
        let limit = |text: Option<&str>| text.and_then(|text| text.parse::<usize>().ok());
        if ty.is_text() {
            if let Some(max) = limit(self.max).filter(|max| *max < LONGEST) {
                invalid.push(Invalid {
                    json: quoted(&"x".repeat(max + 1)),
                    why: "too_long",
                });
            }
            if let Some(min) = limit(self.min).filter(|min| (1..LONGEST).contains(min)) {
                invalid.push(Invalid {
                    json: quoted(&"x".repeat(min - 1)),
                    why: "too_short",
                });
            }
            if let Some(pattern) = &self.field.constraints.pattern {
                let text = pattern.sample(false) + "\u{7f}";
                invalid.push(Invalid {
                    json: quoted(&text),
                    why: "wrong_form",
                });
            }
        }
        invalid.extend(self.out_of_range());
        invalid
    }

    fn out_of_range(&self) -> Vec<Invalid> {
        let ty = &self.field.ty;
        let json = |number: i128| match ty {
            Type::Money => money(&decimal(round_up(number, BILLION / 100), 2)),
            Type::Decimal => quoted(&decimal(number, 9)),
            _ => (number / BILLION).to_string(),
        };
        if !ty.is_integer() && !matches!(ty, Type::Decimal | Type::Money) {
            return Vec::new();
        }
        let step = if *ty == Type::Money {
            BILLION / 100
        } else {
            BILLION
        };
        let below = self.min.map(|min| Invalid {
            json: json(scaled(min) - step),
            why: "below_min",
        });
        let above = self.max.map(|max| Invalid {
            json: json(scaled(max) + step),
            why: "above_max",
        });
        below.into_iter().chain(above).collect()
    }

    /// Any JSON is of the type `json`, but for `null` where it may not be left out.
    fn wrong_type(&self) -> Option<Invalid> {
        let json = match self.field.ty {
            Type::Json if self.field.optional => return None,
            Type::Json => {
                return Some(Invalid {
                    json: "null".to_owned(),
                    why: "missing",
                });
            }
            Type::String | Type::Text | Type::Enum(_) | Type::Money => "42",
            _ => "\"not this\"",
        };
        Some(Invalid {
            json: json.to_owned(),
            why: "wrong_type",
        })
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn money(value: &str) -> String {
    format!("{{\"value\":\"{value}\",\"currency\":\"EUR\"}}")
}

fn scaled(text: &str) -> i128 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    format!("{whole}{fraction:0<9}")
        .parse::<i128>()
        .map_or(0, |number| sign * number)
}

fn round_up(number: i128, step: i128) -> i128 {
    (number + step - 1).div_euclid(step) * step
}

/// A number of billionths with exactly `digits` digits behind the point, or none for whole numbers
/// where all nine are allowed.
fn decimal(number: i128, digits: usize) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let (whole, fraction) = (number.abs() / BILLION, number.abs() % BILLION);
    let fraction = format!("{fraction:09}");
    let fraction = if digits == 9 {
        fraction.trim_end_matches('0')
    } else {
        &fraction[..digits]
    };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let six = (bits >> (18 - 6 * index)) & 63;
            text.push(if index <= chunk.len() {
                char::from(ALPHABET[six as usize])
            } else {
                '='
            });
        }
    }
    text
}
