//! Values between Rust and a table, the same for every store.

use std::sync::Arc;

use crate::clock::{Timestamp, from_millis};
use crate::ids::{BizKey, IdemKey, OpId, OwnerId};
use crate::money::{Currency, Money};

/// One value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// Truth; 0 or 1 on SQLite.
    Bool(bool),
    /// A number.
    Integer(i64),
    /// Text.
    Text(String),
    /// A point in time; milliseconds since 1970 on SQLite.
    Time(Timestamp),
    /// A day; text on SQLite.
    Date(chrono::NaiveDate),
    /// A UUID; text on SQLite.
    Uuid(uuid::Uuid),
    /// A decimal number; text on SQLite.
    #[cfg(feature = "decimal")]
    Decimal(rust_decimal::Decimal),
}

impl Value {
    /// The value as text, as a column of text would keep it.
    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Date(date) => Some(date.to_string()),
            Self::Uuid(uuid) => Some(uuid.to_string()),
            #[cfg(feature = "decimal")]
            Self::Decimal(decimal) => Some(decimal.to_string()),
            Self::Null | Self::Bool(_) | Self::Integer(_) | Self::Time(_) => None,
        }
    }
}

/// A typed column of a command, next to its payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The column's name.
    pub name: &'static str,
    /// What goes into it.
    pub value: Value,
}

impl Column {
    /// A column holding `value`.
    pub fn new(name: &'static str, value: impl Into<Value>) -> Self {
        Self {
            name,
            value: value.into(),
        }
    }
}

/// Collects a command's typed columns.
#[derive(Debug, Default)]
pub struct Columns(Vec<Column>);

impl Columns {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.push(Column::new(name, value));
    }

    /// Adds the two columns of an amount: minor units, then the currency.
    pub fn money(&mut self, value: &'static str, currency: &'static str, amount: Option<Money>) {
        self.set(value, amount.map(Money::minor));
        self.set(currency, amount.map(|amount| amount.currency().to_string()));
    }

    /// All of them.
    #[must_use]
    pub fn into_vec(self) -> Vec<Column> {
        self.0
    }
}

macro_rules! into_value {
    ($($from:ty => |$x:ident| $to:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($x: $from) -> Self { $to }
        }
    )*};
}

into_value! {
    bool => |x| Self::Bool(x);
    i32 => |x| Self::Integer(i64::from(x));
    i64 => |x| Self::Integer(x);
    u32 => |x| Self::Integer(i64::from(x));
    u64 => |x| i64::try_from(x).map_or_else(|_| Self::Text(x.to_string()), Self::Integer);
    &str => |x| Self::Text(x.to_owned());
    String => |x| Self::Text(x);
    &String => |x| Self::Text(x.clone());
    Timestamp => |x| Self::Time(x);
    chrono::NaiveDate => |x| Self::Date(x);
    uuid::Uuid => |x| Self::Uuid(x);
    &OpId => |x| Self::Text(x.as_str().to_owned());
    &OwnerId => |x| Self::Text(x.as_str().to_owned());
    &IdemKey => |x| Self::Text(x.as_str().to_owned());
    &BizKey => |x| Self::Text(x.as_str().to_owned());
}

#[cfg(feature = "decimal")]
impl From<rust_decimal::Decimal> for Value {
    fn from(decimal: rust_decimal::Decimal) -> Self {
        Self::Decimal(decimal)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A column did not hold what the program expects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column \"{column}\": {problem}")]
pub struct DecodeError {
    column: String,
    problem: String,
}

impl DecodeError {
    pub(crate) fn new(column: &str, problem: impl Into<String>) -> Self {
        Self {
            column: column.to_owned(),
            problem: problem.into(),
        }
    }
}

/// One row of a query, by column name.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// The names of the columns.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The values, in the order of the columns.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The value of `column` as a `T`.
    ///
    /// # Errors
    /// When there is no such column, or its value is no `T`.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, DecodeError> {
        let at = self.columns.iter().position(|name| name == column);
        let value = at
            .and_then(|at| self.values.get(at))
            .ok_or_else(|| DecodeError::new(column, "no such column"))?;
        T::from_value(value).map_err(|problem| DecodeError::new(column, problem))
    }

    /// The amount kept in `<column>_value` and `<column>_currency`.
    ///
    /// # Errors
    /// When either column is missing or holds no amount.
    pub fn money(&self, column: &str) -> Result<Option<Money>, DecodeError> {
        let minor: Option<i64> = self.get(&format!("{column}_value"))?;
        let currency: Option<String> = self.get(&format!("{column}_currency"))?;
        let (Some(minor), Some(currency)) = (minor, currency) else {
            return Ok(None);
        };
        let currency: Currency = currency
            .parse()
            .map_err(|error| DecodeError::new(column, format!("{error}")))?;
        Money::from_minor(minor, currency)
            .map(Some)
            .map_err(|error| DecodeError::new(column, error.to_string()))
    }
}

/// What can be read from a column.
pub trait FromValue: Sized {
    /// Reads `value`.
    ///
    /// # Errors
    /// What is wrong with it.
    fn from_value(value: &Value) -> Result<Self, String>;
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            found => T::from_value(found).map(Some),
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Integer(number) => Ok(*number),
            // A sum is a decimal number on PostgreSQL.
            other => {
                let number = other.text().and_then(|text| text.parse().ok());
                number.ok_or_else(|| format!("expected a number, found {value:?}"))
            }
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = value.text();
        text.ok_or_else(|| format!("expected text, found {value:?}"))
    }
}

macro_rules! from_integer {
    ($($ty:ty),*) => {$(
        impl FromValue for $ty {
            fn from_value(value: &Value) -> Result<Self, String> {
                let number = i64::from_value(value)?;
                Self::try_from(number).map_err(|_| format!("{number} is out of range"))
            }
        }
    )*};
}
from_integer!(i32, u32);

impl FromValue for u64 {
    fn from_value(value: &Value) -> Result<Self, String> {
        if let Some(text) = value.text() {
            return text.parse().map_err(|_| format!("\"{text}\" is no number"));
        }
        let number = i64::from_value(value)?;
        Self::try_from(number).map_err(|_| format!("{number} is out of range"))
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            other => i64::from_value(other).map(|number| number != 0),
        }
    }
}

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Time(time) => Ok(*time),
            other => i64::from_value(other).map(from_millis),
        }
    }
}

macro_rules! from_text {
    ($($ty:ty),*) => {$(
        impl FromValue for $ty {
            fn from_value(value: &Value) -> Result<Self, String> {
                String::from_value(value)?.parse().map_err(|error| format!("{error}"))
            }
        }
    )*};
}
from_text!(
    OpId,
    OwnerId,
    IdemKey,
    BizKey,
    chrono::NaiveDate,
    uuid::Uuid,
    crate::operation::state::OperationState,
    crate::wal::WalState
);

#[cfg(feature = "decimal")]
from_text!(rust_decimal::Decimal);

impl FromValue for serde_json::Value {
    fn from_value(value: &Value) -> Result<Self, String> {
        serde_json::from_str(&String::from_value(value)?).map_err(|error| error.to_string())
    }
}
