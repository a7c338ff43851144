//! Names that mean money. Shared by the rules about fields and columns.

use crate::known;

/// Words of names that mean money.
const MONEY: &[&str] = &[
    "amount",
    "amounts",
    "balance",
    "balances",
    "cost",
    "costs",
    "discount",
    "discounts",
    "fee",
    "fees",
    "money",
    "price",
    "prices",
    "refund",
    "refunds",
    "salaries",
    "salary",
    "subtotal",
    "subtotals",
    "tax",
    "taxes",
    "vat",
];

/// Words that turn it into something else: `tax_rate`, `price_ratio`, `fee_bps`, `amount_ml`, `cost_ms`.
const NO_MONEY: &str = "\
    bp bps change chance coefficient coefficients confidence correlation curve delta dev deviation \
    distribution elasticity exponent factor factors fraction gb grams growth hours index kg km kwh \
    likelihood liters litres log mb mg micros millis ml ms multiple multiplier multipliers norm \
    normalized ns odds pct per percent percentage percentages percentile percents probabilities \
    probability quantile rate rates ratio ratios risk scale score scores seconds secs sensitivity \
    share shares sigma skew slope std stddev trend us variance volatility weight weights zscore";

/// Whether a name means money.
pub(super) fn is_money(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut words = lower.split('_');
    words.clone().any(|word| MONEY.contains(&word)) && !words.any(|word| known::has(NO_MONEY, word))
}
