//! What is wrong with the configuration.

use std::fmt;

/// One variable that keeps the service from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    variable: String,
    /// The value, where it may be shown.
    shown: Option<String>,
    message: String,
}

impl Problem {
    /// A value that cannot be used.
    pub(super) fn value(variable: &str, value: &str, expected: impl fmt::Display) -> Self {
        Self {
            variable: variable.to_owned(),
            shown: Some(printable(value)),
            message: expected.to_string(),
        }
    }

    /// A variable that is missing, or whose value must not be shown.
    pub(super) fn about(variable: &str, message: impl Into<String>) -> Self {
        Self {
            variable: variable.to_owned(),
            shown: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shown {
            Some(shown) => write!(f, "{} is {shown}: {}", self.variable, self.message),
            None => write!(f, "{} {}", self.variable, self.message),
        }
    }
}

/// At most a hundred characters of a value, quoted; what may be a password in an address is left out.
fn printable(value: &str) -> String {
    let shown: String = match (value.find("://"), value.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}://[redacted]{}", &value[..scheme], &value[at..])
        }
        (_, Some(at)) => format!("[redacted]{}", &value[at..]),
        (_, None) => value.to_owned(),
    };
    let short: String = shown.chars().take(100).collect();
    let dots = if short.len() < shown.len() { "…" } else { "" };
    format!("{short:?}{dots}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_printed() {
        let shown = Problem::value(
            "DATABASE_URL",
            "postgres://me:hunter2@db/x",
            "expected sqlite",
        )
        .to_string();
        assert_eq!(
            shown,
            r#"DATABASE_URL is "postgres://[redacted]@db/x": expected sqlite"#
        );
        assert!(
            !Problem::value("X", "me:hunter2@db", "no")
                .to_string()
                .contains("hunter2")
        );
    }

    #[test]
    fn a_long_or_odd_value_stays_on_one_line() {
        let shown = Problem::value("X", &format!("a\nb{}", "c".repeat(500)), "no").to_string();
        assert!(!shown.contains('\n') && shown.len() < 150, "{shown}");
    }
}
