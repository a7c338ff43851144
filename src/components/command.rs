//! `generated/command.rs`: the command, its checks and its columns.

use std::collections::HashSet;

use super::fit::{array, import, slice};
use super::{Class, Component, Context, Made, Render, Rendered};
use crate::model::{DomainModel, FieldModel, OperationModel, Variant};
use crate::spec::{Part, Pattern, Type};
use crate::templates::views;
use serde::Serialize;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "command",
    needs: &[],
    templates: &["src/[domain]/generated/command.rs.j2"],
    render: Render::Operation(render),
};

views! {
    CommandView<'a> in "src/[domain]/generated/command.rs.j2" {
        name: &'a str,
        prose: String,
        a_prose: String,
        event_type: String,
        imports: String,
        enums: Vec<EnumView<'a>>,
        fields: Vec<FieldView<'a>>,
        forms: Vec<FormView>,
        /// Whether there are more fields than a function may have arguments.
        many_given: bool,
        /// The same with the argument that collects what is wrong.
        many_checked: bool,
        /// Lints that the fields of the spec go against.
        allowed: String,
        parameters: String,
        check_parameters: String,
        new_arguments: String,
        json_arguments: String,
        raw_arguments: String,
        inline: String,
        secrets: String,
        biz_key: String,
        columns: Vec<String>,
    }
}

#[derive(Serialize)]
struct EnumView<'a> {
    name: &'a str,
    prose: String,
    variants: &'a [Variant],
}

#[derive(Serialize)]
struct FieldView<'a> {
    name: &'a str,
    json: &'a str,
    /// The key in payloads, where that is not the name's own.
    key: String,
    prose: String,
    rust_type: &'a str,
    getter_type: &'a str,
    getter: String,
    optional: bool,
    /// Its place in the literal of the command.
    taken: String,
    /// What debug output shows of it.
    shown: String,
    /// The expression that checks `value`; nothing where every value is fine.
    check: String,
}

#[derive(Serialize)]
struct FormView {
    constant: String,
    text: String,
    parts: Vec<PartView>,
}

#[derive(Serialize)]
struct PartView {
    ranges: String,
    min: u32,
    max: String,
}

/// The longest literal of a struct on one line (`struct_lit_width`).
const STRUCT_WIDTH: usize = 18;

/// The longest list in an attribute on one line (`attr_fn_like_width`).
const ATTRIBUTE_WIDTH: usize = 70;

/// Fields whose checks may take more lines than clippy accepts in a function.
const MANY: usize = 10;

/// Bools that clippy accepts in one struct, and for one function.
const FEW_BOOLS: usize = 3;

/// Arguments that clippy accepts for one function.
const FEW: usize = 7;

fn render(context: &Context<'_>, _: &DomainModel, operation: &OperationModel) -> Rendered {
    Ok(vec![file(context, operation)?])
}

/// The command of an operation, or of a saga.
pub(super) fn file(context: &Context<'_>, operation: &OperationModel) -> Made {
    let fields = &operation.fields;
    let view = CommandView {
        name: operation.type_name(),
        prose: operation.prose(),
        a_prose: operation.name.with_article(),
        event_type: operation.event_type(),
        imports: import("orch_runtime", &imports(operation)),
        enums: operation.enums().map(enum_view).collect(),
        fields: fields.iter().map(field_view).collect(),
        forms: fields.iter().filter_map(form_view).collect(),
        many_given: fields.len() > FEW,
        many_checked: fields.len() + 1 > FEW,
        allowed: allowed(fields).unwrap_or_default(),
        parameters: parameters(fields).join(", "),
        check_parameters: check_parameters(fields).join(", "),
        new_arguments: new_arguments(fields).join(", "),
        json_arguments: json_arguments(fields).join(", "),
        raw_arguments: raw_arguments(fields).join(", "),
        inline: inline(fields).unwrap_or_default(),
        secrets: secrets(fields),
        biz_key: biz_key(operation),
        columns: fields.iter().filter_map(column).collect(),
    };
    let path = format!("{}/generated/command.rs", operation.folder());
    context.rust(path, Class::Generated, &view)
}

fn imports(operation: &OperationModel) -> Vec<String> {
    let fields = &operation.fields;
    let mut names: Vec<&str> = operation.runtime_imports();
    names.extend([
        "BizKey",
        "Column",
        "Command",
        "CommandError",
        "JsonFields",
        "Violations",
    ]);
    let conditional = [
        (
            "Columns",
            fields.iter().any(|field| column(field).is_some()),
        ),
        ("check", fields.iter().any(|field| check(field).is_some())),
        ("taken", fields.iter().any(|field| !field.optional)),
    ];
    names.extend(
        conditional
            .into_iter()
            .filter(|(_, used)| *used)
            .map(|(name, _)| name),
    );
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    if fields.iter().any(|field| field.pattern.is_some()) {
        names.push("check::Part".to_owned());
    }
    if operation.has_secret() {
        names.push("secret::REDACTED".to_owned());
    }
    names
}

fn enum_view(field: &FieldModel) -> EnumView<'_> {
    EnumView {
        name: &field.enum_name,
        prose: field.prose(),
        variants: &field.variants,
    }
}

fn field_view(field: &FieldModel) -> FieldView<'_> {
    FieldView {
        name: &field.name,
        json: &field.json,
        key: if field.is_renamed() {
            field.stored_json()
        } else {
            String::new()
        },
        prose: field.prose(),
        rust_type: &field.rust_type,
        getter_type: &field.getter_type,
        getter: getter(field),
        optional: field.optional,
        taken: taken(field),
        shown: shown(field),
        check: check(field).unwrap_or_default(),
    }
}

fn taken(field: &FieldModel) -> String {
    let FieldModel { name, json, .. } = field;
    if field.optional {
        name.clone()
    } else {
        format!("{name}: taken(\"{json}\", {name})?")
    }
}

fn shown(field: &FieldModel) -> String {
    if field.secret {
        "&REDACTED".to_owned()
    } else {
        format!("&self.{}", field.name)
    }
}

/// The only field of a literal that is short enough for one line (`struct_lit_width`).
fn inline(fields: &[FieldModel]) -> Option<String> {
    let taken: Vec<String> = fields.iter().map(taken).collect();
    Some(taken.join(", ")).filter(|text| text.len() <= STRUCT_WIDTH)
}

fn getter(field: &FieldModel) -> String {
    let name = &field.name;
    match (field.is_copy(), field.optional) {
        (true, _) => format!("self.{name}"),
        (false, false) => format!("&self.{name}"),
        (false, true) if field.is_text() || field.is_list() => format!("self.{name}.as_deref()"),
        (false, true) => format!("self.{name}.as_ref()"),
    }
}

/// The expression that checks `value`, a reference to the field's inner type.
fn check(field: &FieldModel) -> Option<String> {
    let (min, max) = (field.min.as_deref(), field.max.as_deref());
    if let Some(pattern) = &field.pattern {
        let described = in_ascii(&format!("{:?}", pattern.text()));
        return Some(format!(
            "check::form(value, Self::{}, {described})",
            constant(field)
        ));
    }
    let optional = |limit: Option<&str>| match limit {
        Some(limit) => format!("Some(\"{limit}\")"),
        None => "None".to_owned(),
    };
    let counted = |function: &str| {
        let (min, max) = (number(min, "0"), number(max, "usize::MAX"));
        Some(format!("check::{function}(value, {min}, {max})"))
    };
    match &field.ty {
        Type::U64 => {
            let (min, max) = (number(min, "0"), number(max, "i128::from(i64::MAX)"));
            Some(format!("check::integer(*value, {min}, {max})"))
        }
        _ if min.is_none() && max.is_none() => None,
        Type::String | Type::Text => counted("text"),
        Type::List(_) => counted("list"),
        Type::Bytes => counted("bytes"),
        Type::Money => Some(format!(
            "check::money(*value, {}, {})",
            optional(min),
            optional(max)
        )),
        Type::Decimal => Some(format!(
            "check::decimal(*value, {}, {})",
            optional(min),
            optional(max)
        )),
        Type::I32 | Type::I64 | Type::U32 => {
            let (min, max) = (number(min, "i128::MIN"), number(max, "i128::MAX"));
            Some(format!("check::integer(*value, {min}, {max})"))
        }
        Type::Bool | Type::Uuid | Type::Date | Type::DateTime | Type::Json | Type::Enum(_) => None,
    }
}

/// A limit as Rust has it: a long one with `_` between its thousands.
fn number(limit: Option<&str>, default: &str) -> String {
    grouped(limit.unwrap_or(default))
}

/// A number as Rust has it; what is none stays as it is.
pub(super) fn grouped(limit: &str) -> String {
    let (sign, digits) = limit
        .strip_prefix('-')
        .map_or(("", limit), |digits| ("-", digits));
    if digits.len() <= 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return limit.to_owned();
    }
    let mut text = sign.to_owned();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// The attribute that allows what the spec asks for and clippy would rather have otherwise.
fn allowed(fields: &[FieldModel]) -> Option<String> {
    let bools = fields.iter().filter(|field| field.rust_type == "bool");
    let mut allowed = Vec::new();
    if bools.count() > FEW_BOOLS {
        allowed.push("clippy::fn_params_excessive_bools");
        allowed.push("clippy::struct_excessive_bools");
    }
    if has_twins(fields, &["fields", "found", "value"]) {
        allowed.push("clippy::similar_names");
    }
    if have_a_word_in_common(fields) {
        allowed.push("clippy::struct_field_names");
    }
    if fields.len() > MANY {
        allowed.push("clippy::too_many_lines");
    }
    if allowed.is_empty() {
        return None;
    }
    allowed.push("reason = \"the fields are those of orch.toml\"");
    let line = allowed.join(", ");
    Some(if line.len() <= ATTRIBUTE_WIDTH {
        format!("#![allow({line})]")
    } else {
        format!("#![allow(\n    {}\n)]", allowed.join(",\n    "))
    })
}

/// Whether all names begin, or all end, with the same word.
fn have_a_word_in_common(fields: &[FieldModel]) -> bool {
    let names = fields.iter().map(|field| field.name.split('_'));
    let firsts: HashSet<_> = names.clone().map(|mut words| words.next()).collect();
    let lasts: HashSet<_> = names.map(|mut words| words.next_back()).collect();
    fields.len() > 2 && (firsts.len() == 1 || lasts.len() == 1)
}

/// Whether two of the names that stand beside each other, or beside `others`, in functions differ by one letter
/// only.
pub(super) fn has_twins<'f>(
    fields: impl IntoIterator<Item = &'f FieldModel>,
    others: &[&'f str],
) -> bool {
    let names: Vec<&str> = fields
        .into_iter()
        .map(|field| field.name.as_str())
        .chain(others.iter().copied())
        .collect();
    let mut pairs = names
        .iter()
        .enumerate()
        .map(|(at, one)| (one, &names[at + 1..]));
    pairs.any(|(one, others)| others.iter().any(|other| differ_by_a_letter(one, other)))
}

fn differ_by_a_letter(one: &str, other: &str) -> bool {
    let (long, short) = if one.len() < other.len() {
        (other, one)
    } else {
        (one, other)
    };
    let same = long
        .bytes()
        .zip(short.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let rest = &long.as_bytes()[(same + 1).min(long.len())..];
    let rests = [same, same + 1].map(|at| short.as_bytes().get(at..).unwrap_or_default());
    long.len() - short.len() <= 1 && rests.contains(&rest)
}

fn constant(field: &FieldModel) -> String {
    field.name.to_uppercase()
}

fn form_view(field: &FieldModel) -> Option<FormView> {
    let pattern: &Pattern = field.pattern.as_ref()?;
    // A lone part shares lines with its list.
    let indent = if pattern.parts().len() == 1 { 8 } else { 12 };
    Some(FormView {
        constant: constant(field),
        text: pattern.text().to_owned(),
        parts: pattern
            .parts()
            .iter()
            .map(|part| part_view(part, indent))
            .collect(),
    })
}

fn part_view(part: &Part, indent: usize) -> PartView {
    let range = |(from, to): &(char, char)| in_ascii(&format!("({from:?}, {to:?})"));
    let ranges: Vec<String> = part.ranges.iter().map(range).collect();
    PartView {
        ranges: array(&ranges, indent, indent + "ranges: &,".len()),
        min: part.min,
        max: part
            .max
            .map_or_else(|| "usize::MAX".to_owned(), |max| max.to_string()),
    }
}

/// Source code with other characters escaped: how wide they are, editors do not agree on.
fn in_ascii(code: &str) -> String {
    let escaped = code.chars().map(|c| match c.is_ascii() {
        true => c.to_string(),
        false => c.escape_unicode().to_string(),
    });
    escaped.collect()
}

fn parameters(fields: &[FieldModel]) -> Vec<String> {
    let parameter = |field: &FieldModel| format!("{}: {}", field.name, field.rust_type);
    fields.iter().map(parameter).collect()
}

fn check_parameters(fields: &[FieldModel]) -> Vec<String> {
    let option = |field: &FieldModel| format!("{}: Option<{}>", field.name, field.inner_type);
    let notes = fields.iter().any(|field| check(field).is_some());
    let found = if notes { "mut found" } else { "found" };
    std::iter::once(format!("{found}: Violations"))
        .chain(fields.iter().map(option))
        .collect()
}

fn new_arguments(fields: &[FieldModel]) -> Vec<String> {
    let given = |field: &FieldModel| {
        if field.optional {
            field.name.clone()
        } else {
            format!("Some({})", field.name)
        }
    };
    std::iter::once("Violations::new()".to_owned())
        .chain(fields.iter().map(given))
        .collect()
}

fn json_arguments(fields: &[FieldModel]) -> Vec<String> {
    std::iter::once("fields.into_violations()".to_owned())
        .chain(fields.iter().map(|field| field.name.clone()))
        .collect()
}

fn raw_arguments(fields: &[FieldModel]) -> Vec<String> {
    fields
        .iter()
        .map(|field| format!("raw.{}", field.name))
        .collect()
}

fn secrets(fields: &[FieldModel]) -> String {
    let names: Vec<String> = fields
        .iter()
        .filter(|field| field.secret)
        .map(|field| format!("\"{}\"", field.stored_json()))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    let used = "    const SECRETS: &'static [&'static str] = &;".len();
    slice(&names, 4, used)
}

fn biz_key(operation: &OperationModel) -> String {
    match operation.business_key() {
        Some(field) if field.is_text() => format!("&self.{}", field.name),
        Some(field) => format!("self.{}", field.name),
        None => format!("\"{}\"", operation.module()),
    }
}

/// The statement that sets the field's columns.
fn column(field: &FieldModel) -> Option<String> {
    let first = field.columns.first()?;
    let (name, column) = (&field.name, &first.name);
    if field.is_money() {
        let currency = &field.columns.get(1)?.name;
        let amount = if field.optional {
            format!("self.{name}")
        } else {
            format!("Some(self.{name})")
        };
        return Some(format!(
            "columns.money(\"{column}\", \"{currency}\", {amount});"
        ));
    }
    let value = match (field.is_enum(), field.is_text(), field.optional) {
        (true, _, true) => format!("self.{name}.map({}::as_str)", field.enum_name),
        (true, _, false) => format!("self.{name}.as_str()"),
        (_, true, true) => format!("self.{name}.as_deref()"),
        (_, true, false) => format!("self.{name}.as_str()"),
        (false, false, _) => format!("self.{name}"),
    };
    Some(format!("columns.set(\"{column}\", {value});"))
}
