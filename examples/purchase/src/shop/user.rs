//! Who buys.

use orch_runtime::{DecodeError, Entity, Row, Timestamp};

/// One row of `users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its key, and the owner of the purchases of whoever has this name.
    pub user_id: String,
    /// For people.
    pub name: String,
    /// What there is to spend, in cents.
    pub balance: i64,
    /// `active` or `suspended`.
    pub status: String,
    /// What one purchase may cost at most, in cents.
    pub purchase_limit: i64,
    /// Since when there is this user.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

impl Entity for User {
    const TABLE: &'static str = "users";
    const COLUMNS: &'static [&'static str] = &[
        "user_id",
        "name",
        "balance",
        "status",
        "purchase_limit",
        "created_at",
        "updated_at",
    ];

    fn from_row(row: &Row) -> Result<Self, DecodeError> {
        Ok(Self {
            user_id: row.get("user_id")?,
            name: row.get("name")?,
            balance: row.get("balance")?,
            status: row.get("status")?,
            purchase_limit: row.get("purchase_limit")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
}
