//! Amounts of money: whole minor units of an ISO 4217 currency, never a float.
//!
//! On the wire an amount is `{"value":"10.00","currency":"EUR"}`: a decimal string with exactly as
//! many digits after the point as the currency has, so that no reader can lose a cent.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Active codes of ISO 4217 with two digits after the point, by the list of 2024-06.
const TWO_DIGITS: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL \
BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD \
FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP \
LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB \
PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB \
TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD YER ZAR ZMW ZWG";
const NO_DIGITS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE_DIGITS: &str = "BHD IQD JOD KWD LYD OMR TND";
const FOUR_DIGITS: &str = "CLF UYW";

impl Currency {
    /// The code, such as `EUR`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Digits after the decimal point.
    #[must_use]
    pub fn digits(self) -> usize {
        digits_of(self.as_str()).unwrap_or(2)
    }
}

fn digits_of(code: &str) -> Option<usize> {
    [
        (2, TWO_DIGITS),
        (0, NO_DIGITS),
        (3, THREE_DIGITS),
        (4, FOUR_DIGITS),
    ]
    .into_iter()
    .find(|(_, codes)| codes.split(' ').any(|known| known == code))
    .map(|(digits, _)| digits)
}

/// What is wrong with an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not an active ISO 4217 code.
    #[error("\"{0}\" is no ISO 4217 currency code")]
    UnknownCurrency(String),
    /// Not a plain decimal number, or with the wrong number of digits.
    #[error("\"{value}\" is no amount in {currency}: write digits{after_point}")]
    NotAnAmount {
        /// What was written.
        value: String,
        /// The currency it was written for.
        currency: Currency,
        /// The rule about the point.
        after_point: String,
    },
    /// More than 9,223,372,036,854,775,807 minor units.
    #[error("\"{0}\" is too large an amount")]
    TooLarge(String),
    /// Less than nothing.
    #[error("an amount must not be negative")]
    Negative,
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        let unknown = || MoneyError::UnknownCurrency(code.chars().take(16).collect());
        digits_of(code).ok_or_else(unknown)?;
        code.as_bytes().try_into().map(Self).map_err(|_| unknown())
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(code: String) -> Result<Self, MoneyError> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount of zero or more in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Money {
    minor: i64,
    currency: Currency,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    value: String,
    currency: Currency,
}

impl Money {
    /// `minor` minor units (cents, for euros).
    ///
    /// # Errors
    /// When `minor` is negative.
    pub fn from_minor(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if minor < 0 {
            return Err(MoneyError::Negative);
        }
        Ok(Self { minor, currency })
    }

    /// Reads `value` such as `10.00`, with exactly the currency's digits after the point. No sign, no
    /// exponent, no separators.
    ///
    /// # Errors
    /// When it is anything else, or too large.
    pub fn parse(value: &str, currency: Currency) -> Result<Self, MoneyError> {
        let digits = currency.digits();
        let wrong = || MoneyError::NotAnAmount {
            value: value.chars().take(32).collect(),
            currency,
            after_point: match digits {
                0 => " without a point".to_owned(),
                _ => format!(" with {digits} after the point"),
            },
        };
        let (whole, fraction) = match value.split_once('.') {
            Some((whole, fraction)) if digits > 0 => (whole, fraction),
            None if digits == 0 => (value, ""),
            Some(_) | None => return Err(wrong()),
        };
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() != digits || !plain(whole) || !plain(fraction) {
            return Err(wrong());
        }
        let minor = format!("{whole}{fraction}")
            .parse()
            .map_err(|_| MoneyError::TooLarge(value.chars().take(32).collect()))?;
        Self::from_minor(minor, currency)
    }

    /// The amount in minor units.
    #[must_use]
    pub fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The amount as a decimal string, as it goes over the wire.
    #[must_use]
    pub fn value(self) -> String {
        let digits = self.currency.digits();
        if digits == 0 {
            return self.minor.to_string();
        }
        let padded = format!("{:0>width$}", self.minor, width = digits + 1);
        let (whole, fraction) = padded.split_at(padded.len() - digits);
        format!("{whole}.{fraction}")
    }
}

impl TryFrom<Wire> for Money {
    type Error = MoneyError;

    fn try_from(wire: Wire) -> Result<Self, MoneyError> {
        Self::parse(&wire.value, wire.currency)
    }
}

impl From<Money> for Wire {
    fn from(money: Money) -> Self {
        Self {
            value: money.value(),
            currency: money.currency,
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(value: &str, currency: &str) -> Result<Money, MoneyError> {
        Money::parse(value, currency.parse()?)
    }

    #[test]
    fn wants_exactly_the_digits_of_the_currency() {
        assert_eq!(parse("10.00", "EUR").map(Money::minor), Ok(1_000));
        assert_eq!(parse("10", "JPY").map(Money::minor), Ok(10));
        assert_eq!(parse("1.234", "KWD").map(Money::minor), Ok(1_234));
        for (value, currency) in [
            ("10", "EUR"),
            ("10.0", "EUR"),
            ("10.000", "EUR"),
            ("10.", "EUR"),
            (".50", "EUR"),
            ("10.00", "JPY"),
            ("-1.00", "EUR"),
            ("+1.00", "EUR"),
            ("1e3.00", "EUR"),
            ("NaN", "EUR"),
            ("1,000.00", "EUR"),
            (" 1.00", "EUR"),
            ("١.٠٠", "EUR"),
            ("", "EUR"),
            ("92233720368547758.08", "EUR"),
        ] {
            assert!(parse(value, currency).is_err(), "{value} {currency}");
        }
        assert!("eur".parse::<Currency>().is_err());
        assert!("XXX".parse::<Currency>().is_err());
    }

    #[test]
    fn the_wire_form_is_a_string_and_never_a_number() {
        let money: Money = serde_json::from_str(r#"{"value":"0.05","currency":"EUR"}"#).unwrap();
        assert_eq!(
            serde_json::to_string(&money).unwrap(),
            r#"{"value":"0.05","currency":"EUR"}"#
        );
        assert!(serde_json::from_str::<Money>(r#"{"value":0.05,"currency":"EUR"}"#).is_err());
    }

    proptest! {
        #[test]
        fn every_amount_survives_the_wire(minor in 0_i64.., at in 0_usize..4) {
            let currency: Currency = ["EUR", "JPY", "KWD", "CLF"][at].parse().unwrap();
            let money = Money::from_minor(minor, currency).unwrap();
            let text = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), money);
        }
    }
}
