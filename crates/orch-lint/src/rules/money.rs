//! Names that mean money. Shared by the rules about fields and columns.

/// Words of names that mean money.
const MONEY: &[&str] = &[
    "amount", "balance", "cost", "discount", "fee", "fees", "money", "price", "prices", "refund",
    "salary", "subtotal", "tax", "vat",
];

/// Words that turn it into something else: `tax_rate`, `price_ratio`.
const NO_MONEY: &[&str] = &[
    "coefficient",
    "factor",
    "fraction",
    "percent",
    "percentage",
    "ratio",
    "rate",
    "score",
    "share",
    "weight",
];

/// Whether a name means money.
pub(super) fn is_money(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut words = lower.split('_');
    words.clone().any(|word| MONEY.contains(&word)) && !words.any(|word| NO_MONEY.contains(&word))
}
