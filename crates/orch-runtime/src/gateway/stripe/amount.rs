//! Amounts as Stripe counts them: in the smallest unit of its own list, which is ISO 4217's but for a few.
//!
//! See <https://docs.stripe.com/currencies#special-cases>. A wrong unit is a charge of a hundred times too
//! much, so what does not come out even is refused.

use crate::money::Money;
use crate::operation::answer::GatewayError;

/// Without decimals in ISO 4217, and two for Stripe.
const HUNDREDTHS: [&str; 2] = ["ISK", "UGX"];
/// With two decimals in ISO 4217, and none for Stripe.
const WHOLE: [&str; 1] = ["MGA"];

/// The number to send.
pub(super) fn units(money: Money) -> Result<i64, GatewayError> {
    let (minor, currency) = (money.minor(), money.currency());
    let code = currency.as_str();
    let units = if HUNDREDTHS.contains(&code) {
        minor.checked_mul(100)
    } else if WHOLE.contains(&code) {
        (minor % 100 == 0).then_some(minor / 100)
    } else {
        Some(minor)
    };
    units.ok_or_else(|| GatewayError::Refused {
        code: "invalid_charge_amount".to_owned(),
        message: format!("Stripe cannot charge {money}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units_of(value: &str, currency: &str) -> Option<i64> {
        let money = Money::parse(value, currency.parse().unwrap()).unwrap();
        units(money).ok()
    }

    #[test]
    fn an_amount_is_sent_in_stripes_own_unit() {
        assert_eq!(units_of("10.25", "EUR"), Some(1_025));
        assert_eq!(units_of("500", "JPY"), Some(500));
        assert_eq!(units_of("5.120", "KWD"), Some(5_120));
        assert_eq!(units_of("5", "ISK"), Some(500));
        assert_eq!(units_of("5", "UGX"), Some(500));
        assert_eq!(units_of("7.00", "MGA"), Some(7));
    }

    #[test]
    fn what_does_not_come_out_even_is_refused() {
        assert_eq!(units_of("7.20", "MGA"), None);
        assert_eq!(units_of("9223372036854775807", "ISK"), None);
    }
}
