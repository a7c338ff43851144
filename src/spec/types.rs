//! Field types, and the one place that says what each is in Rust, SQL and JSON.

use crate::error::{Code, Error, Result};
use crate::naming;

/// The most variants an `enum(…)` may have.
const MAX_VARIANTS: usize = 64;

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// A short text, at most 255 characters unless it says otherwise.
    String,
    /// A long text.
    Text,
    /// True or false.
    Bool,
    /// A signed integer of 32 bits.
    I32,
    /// A signed integer of 64 bits.
    I64,
    /// An unsigned integer of 32 bits.
    U32,
    /// An unsigned integer of 64 bits.
    U64,
    /// An exact decimal number, a string on the wire.
    Decimal,
    /// Minor units and an ISO 4217 currency.
    Money,
    /// A UUID.
    Uuid,
    /// A calendar date.
    Date,
    /// An instant.
    DateTime,
    /// Any JSON value.
    Json,
    /// Bytes, base64 on the wire.
    Bytes,
    /// One of the listed values, as they are on the wire.
    Enum(Vec<String>),
    /// Any number of values of one type.
    List(Box<Self>),
}

/// The types that are one word.
const SIMPLE: &[(&str, Type)] = &[
    ("string", Type::String),
    ("text", Type::Text),
    ("bool", Type::Bool),
    ("i32", Type::I32),
    ("i64", Type::I64),
    ("u32", Type::U32),
    ("u64", Type::U64),
    ("decimal", Type::Decimal),
    ("money", Type::Money),
    ("uuid", Type::Uuid),
    ("date", Type::Date),
    ("datetime", Type::DateTime),
    ("json", Type::Json),
    ("bytes", Type::Bytes),
];

/// Words people type for one of ours.
const SYNONYMS: &[(&str, &str)] = &[
    ("str", "string"),
    ("varchar", "string"),
    ("boolean", "bool"),
    ("int", "i64"),
    ("integer", "i64"),
    ("long", "i64"),
    ("usize", "u64"),
    ("float", "decimal"),
    ("double", "decimal"),
    ("f32", "decimal"),
    ("f64", "decimal"),
    ("number", "decimal"),
    ("timestamp", "datetime"),
    ("time", "datetime"),
    ("blob", "bytes"),
    ("object", "json"),
    ("guid", "uuid"),
    ("vec", "list<string>"),
    ("array", "list<string>"),
];

impl Type {
    /// Reads a type such as `u64`, `enum(push|sms)` or `list<string>`.
    ///
    /// # Errors
    /// When the type is not known or its values are not usable.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(inner) = text
            .strip_prefix("list<")
            .and_then(|rest| rest.strip_suffix('>'))
        {
            return match Self::parse(inner)? {
                Self::List(_) => Err(Error::new(
                    Code::FieldType,
                    "a list of lists is not supported",
                )
                .help("use `json` for nested data")),
                inner => Ok(Self::List(Box::new(inner))),
            };
        }
        if let Some(inner) = text
            .strip_prefix("enum(")
            .and_then(|rest| rest.strip_suffix(')'))
        {
            return parse_enum(inner);
        }
        let known = SIMPLE
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, ty)| ty.clone());
        known.ok_or_else(|| unknown(text))
    }

    /// The type as it is written in a field.
    #[must_use]
    pub fn keyword(&self) -> String {
        match self {
            Self::Enum(values) => format!("enum({})", values.join("|")),
            Self::List(inner) => format!("list<{}>", inner.keyword()),
            simple => SIMPLE
                .iter()
                .find(|(_, ty)| ty == simple)
                .map_or_else(String::new, |(word, _)| (*word).to_owned()),
        }
    }

    /// The Rust type; `enum_name` is the type generated for an `enum(…)`.
    #[must_use]
    pub fn rust(&self, enum_name: &str) -> String {
        match self {
            Self::String | Self::Text => "String".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::I32 => "i32".to_owned(),
            Self::I64 => "i64".to_owned(),
            Self::U32 => "u32".to_owned(),
            Self::U64 => "u64".to_owned(),
            Self::Decimal => "Decimal".to_owned(),
            Self::Money => "Money".to_owned(),
            Self::Uuid => "Uuid".to_owned(),
            Self::Date => "Date".to_owned(),
            Self::DateTime => "DateTime".to_owned(),
            Self::Json => "Json".to_owned(),
            Self::Bytes => "Bytes".to_owned(),
            Self::Enum(_) => enum_name.to_owned(),
            Self::List(inner) => format!("Vec<{}>", inner.rust(enum_name)),
        }
    }

    /// The name to import from the runtime, when the type is one of its own.
    #[must_use]
    pub fn runtime_import(&self) -> Option<&'static str> {
        match self {
            Self::Decimal => Some("Decimal"),
            Self::Money => Some("Money"),
            Self::Uuid => Some("Uuid"),
            Self::Date => Some("Date"),
            Self::DateTime => Some("DateTime"),
            Self::Json => Some("Json"),
            Self::Bytes => Some("Bytes"),
            Self::List(inner) => inner.runtime_import(),
            _ => None,
        }
    }

    /// Whether a value is copied rather than borrowed by its getter.
    #[must_use]
    pub const fn is_copy(&self) -> bool {
        match self {
            Self::Bool | Self::I32 | Self::I64 | Self::U32 | Self::U64 | Self::Enum(_) => true,
            Self::Decimal | Self::Money | Self::Uuid | Self::Date | Self::DateTime => true,
            Self::String | Self::Text | Self::Json | Self::Bytes | Self::List(_) => false,
        }
    }

    /// What the getter returns for a value that is not copied.
    #[must_use]
    pub fn borrowed(&self, enum_name: &str) -> String {
        match self {
            Self::String | Self::Text => "&str".to_owned(),
            Self::List(inner) => format!("&[{}]", inner.rust(enum_name)),
            other if other.is_copy() => other.rust(enum_name),
            other => format!("&{}", other.rust(enum_name)),
        }
    }

    /// The SQL type on `SQLite`; `None` when the value is kept in the payload only.
    #[must_use]
    pub const fn sqlite(&self) -> Option<&'static str> {
        match self {
            Self::Bool | Self::I32 | Self::I64 | Self::U32 | Self::U64 => Some("INTEGER"),
            Self::Money | Self::DateTime => Some("INTEGER"),
            Self::String | Self::Text | Self::Decimal | Self::Uuid => Some("TEXT"),
            Self::Date | Self::Enum(_) => Some("TEXT"),
            Self::Json | Self::Bytes | Self::List(_) => None,
        }
    }

    /// The SQL type on PostgreSQL; `None` when the value is kept in the payload only.
    #[must_use]
    pub const fn postgres(&self) -> Option<&'static str> {
        match self {
            Self::Bool => Some("BOOLEAN"),
            Self::I32 => Some("INTEGER"),
            Self::I64 | Self::U32 | Self::Money => Some("BIGINT"),
            Self::U64 => Some("NUMERIC(20)"),
            Self::DateTime => Some("TIMESTAMPTZ"),
            Self::Decimal => Some("NUMERIC"),
            Self::Uuid => Some("UUID"),
            Self::Date => Some("DATE"),
            Self::String | Self::Text | Self::Enum(_) => Some("TEXT"),
            Self::Json | Self::Bytes | Self::List(_) => None,
        }
    }

    /// The values of an `enum(…)`, also inside a list.
    #[must_use]
    pub fn variants(&self) -> &[String] {
        match self {
            Self::Enum(values) => values,
            Self::List(inner) => inner.variants(),
            _ => &[],
        }
    }

    /// Whether the type is a text whose length and form can be limited.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::String | Self::Text)
    }

    /// Whether the type is an integer.
    #[must_use]
    pub const fn is_integer(&self) -> bool {
        matches!(self, Self::I32 | Self::I64 | Self::U32 | Self::U64)
    }
}

fn parse_enum(inner: &str) -> Result<Type> {
    let values: Vec<String> = inner.split('|').map(str::to_owned).collect();
    if values.len() > MAX_VARIANTS {
        return Err(Error::new(
            Code::FieldType,
            format!("an enum has at most {MAX_VARIANTS} values"),
        ));
    }
    for (index, value) in values.iter().enumerate() {
        check_variant(value)?;
        let same = |other: &String| naming::pascal_of(other) == naming::pascal_of(value);
        if let Some(other) = values[..index].iter().find(|other| same(other)) {
            let what = format!("the enum values `{other}` and `{value}` would be one variant");
            return Err(Error::new(Code::FieldType, what).help("keep one of them"));
        }
    }
    Ok(Type::Enum(values))
}

fn check_variant(value: &str) -> Result<()> {
    let fits = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.len() <= 40
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if fits && naming::pascal_of(value) != "Self" {
        return Ok(());
    }
    let what = format!("`{}` cannot be an enum value", value.escape_debug());
    Err(Error::new(Code::FieldType, what)
        .help("letters, digits, `_` and `-`, such as `enum(push|sms|email)`"))
}

fn unknown(text: &str) -> Error {
    let what = format!("unknown type `{}`", text.escape_debug());
    let error = Error::new(Code::FieldType, what);
    if let Some((_, ours)) = SYNONYMS
        .iter()
        .find(|(theirs, _)| text.eq_ignore_ascii_case(theirs))
    {
        return error.help(format!("use `{ours}`"));
    }
    if text.starts_with("enum") {
        return error.help("write the values as `enum(a|b|c)`, in quotes for the shell");
    }
    if text.starts_with("list") {
        return error.help("write it as `list<string>`, in quotes for the shell");
    }
    let words = SIMPLE.iter().map(|(word, _)| *word);
    match naming::nearest(text, words) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("one of {}, enum(a|b), list<type>", all_words())),
    }
}

fn all_words() -> String {
    SIMPLE
        .iter()
        .map(|(word, _)| *word)
        .collect::<Vec<_>>()
        .join(", ")
}
