//! A field: `name:type[?][:constraint…]`.

use super::{Constraints, Type};
use crate::error::{Code, Error, Result};
use crate::naming;
use std::fmt;

/// The longest name of a field, short enough for a column in every database.
const MAX_NAME: usize = 40;

/// Fields that bear a runtime column's name because they are what that column holds.
const SHARED: &[&str] = &["biz_key", "payload"];

/// One field of a command.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its name in snake case.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether it may be left out.
    pub optional: bool,
    /// What its value has to satisfy.
    pub constraints: Constraints,
}

impl Field {
    /// Reads a field. The second value is the name as typed, when it had to be converted.
    ///
    /// # Errors
    /// When the name, the type or a constraint is not usable; the error names the field.
    pub fn parse(text: &str) -> Result<(Self, Option<String>)> {
        Self::read(text).map_err(|error| error.or_at(|| format!("field `{}`", shorten(text))))
    }

    fn read(text: &str) -> Result<(Self, Option<String>)> {
        let Some((typed, rest)) = text.split_once(':') else {
            return Err(Error::new(Code::FieldForm, "a field has a name and a type")
                .help(format!("write `{}:string`", field_example(text))));
        };
        let (name, converted) = read_name(typed)?;
        let end = type_end(rest);
        let (ty, optional) = match rest[..end].strip_suffix('?') {
            Some(ty) => (ty, true),
            None => (&rest[..end], false),
        };
        let ty = Type::parse(ty)?;
        check_shared(&name, &ty)?;
        let constraints = Constraints::parse(rest[end..].trim_start_matches(':'), &ty)?;
        check_earlier(&name, &constraints)?;
        Ok((
            Self {
                name,
                ty,
                optional,
                constraints,
            },
            converted,
        ))
    }
}

impl Field {
    /// The name in columns, in payloads and towards the provider: the first one that it had.
    #[must_use]
    pub fn stored(&self) -> &str {
        self.constraints.was.as_deref().unwrap_or(&self.name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let optional = if self.optional { "?" } else { "" };
        write!(
            f,
            "{}:{}{optional}{}",
            self.name,
            self.ty.keyword(),
            self.constraints.suffix()
        )
    }
}

/// A name in snake case, and as typed when it had to be converted.
pub(super) fn read_name(typed: &str) -> Result<(String, Option<String>)> {
    let shown = typed.escape_debug().to_string();
    let fits = typed.starts_with(|c: char| c.is_ascii_alphabetic())
        && typed
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !fits {
        return Err(
            Error::new(Code::FieldForm, format!("`{shown}` cannot be a field name")).help(format!(
                "letters, digits and `_`, such as `{}`",
                field_example(typed)
            )),
        );
    }
    let name = naming::snake_of(typed);
    if name.len() > MAX_NAME {
        let what = format!(
            "the field name `{}` is longer than {MAX_NAME}",
            shorten(typed)
        );
        return Err(Error::new(Code::FieldForm, what).help("use a shorter one"));
    }
    if let Some(why) = naming::reserved_field(&name).filter(|_| !SHARED.contains(&name.as_str())) {
        return Err(Error::new(
            Code::NameReserved,
            format!("`{name}` cannot be a field name: {why}"),
        )
        .help(format!("try `{}`", other_name(&name))));
    }
    let converted = (name != typed).then(|| typed.to_owned());
    Ok((name, converted))
}

/// `biz_key` and `payload` are the runtime's columns, so as fields they have the columns' types.
fn check_shared(name: &str, ty: &Type) -> Result<()> {
    let wanted = match name {
        "biz_key" => Type::String,
        "payload" => Type::Json,
        _ => return Ok(()),
    };
    if *ty == wanted {
        return Ok(());
    }
    let what = format!(
        "the field `{name}` is the runtime's own and has the type `{}`",
        wanted.keyword()
    );
    Err(Error::new(Code::FieldType, what).help(format!(
        "write `{name}:{}` or use another name",
        wanted.keyword()
    )))
}

/// A field that was renamed has two names, and none of them is the runtime's own.
fn check_earlier(name: &str, constraints: &Constraints) -> Result<()> {
    let Some(was) = &constraints.was else {
        return Ok(());
    };
    if was == name {
        let what = format!("`was={was}` is the name that it has");
        return Err(Error::new(Code::FieldConstraint, what).help("leave it out"));
    }
    match SHARED
        .iter()
        .find(|shared| [was.as_str(), name].contains(shared))
    {
        Some(shared) => {
            let what = format!("the field `{shared}` is the runtime's own and keeps its name");
            Err(Error::new(Code::FieldConstraint, what).help("add a field of the new name instead"))
        }
        None => Ok(()),
    }
}

/// Where the type ends: at the first `:` outside of brackets.
fn type_end(rest: &str) -> usize {
    let mut depth = 0_i32;
    rest.find(|c| {
        match c {
            '(' | '<' => depth += 1,
            ')' | '>' => depth -= 1,
            _ => {}
        }
        c == ':' && depth <= 0
    })
    .unwrap_or(rest.len())
}

fn other_name(name: &str) -> String {
    match name {
        "type" => "kind".to_owned(),
        "ref" => "reference".to_owned(),
        "id" => "external_id".to_owned(),
        "status" | "state" => format!("order_{name}"),
        _ => format!("{name}_value"),
    }
}

fn field_example(typed: &str) -> String {
    let kept: String = typed
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let name = naming::snake_of(kept.trim_start_matches(|c: char| !c.is_ascii_alphabetic()));
    let usable =
        !name.is_empty() && name.len() <= MAX_NAME && naming::reserved_field(&name).is_none();
    if usable && typed.is_ascii() {
        name
    } else {
        "order_id".to_owned()
    }
}

fn shorten(text: &str) -> String {
    let shown: String = text.chars().take(60).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{more}", shown.escape_debug())
}
