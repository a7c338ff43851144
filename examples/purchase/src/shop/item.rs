//! What there is to buy.

use orch_runtime::{DecodeError, Entity, Row, Timestamp};

/// One row of `items`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its key.
    pub item_id: String,
    /// For people.
    pub name: String,
    /// What one piece costs, in cents.
    pub price: i64,
    /// How many pieces there are to sell.
    pub stock: i64,
    /// Whether it is sold at all.
    pub is_available: bool,
    /// Since when it is in the shop.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

impl Entity for Item {
    const TABLE: &'static str = "items";
    const COLUMNS: &'static [&'static str] = &[
        "item_id",
        "name",
        "price",
        "stock",
        "is_available",
        "created_at",
        "updated_at",
    ];

    fn from_row(row: &Row) -> Result<Self, DecodeError> {
        Ok(Self {
            item_id: row.get("item_id")?,
            name: row.get("name")?,
            price: row.get("price")?,
            stock: row.get("stock")?,
            is_available: row.get("is_available")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
}
