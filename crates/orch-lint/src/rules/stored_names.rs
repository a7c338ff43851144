//! The texts that an enum of states is stored as, where that is certain.
//!
//! Certain are: the runtime's own states; enums that derive `sqlx::Type`; enums with an `as_str` that
//! matches each variant to a text.

use super::Check;
use crate::known;
use crate::model::{DefId, RTy, Workspace};
use crate::syntax::{Block, Expr, ExprKind, Item, ItemKind, Pat, PatKind, Stmt, Variant};

/// The stored texts of a type, when they are certain.
pub(super) fn of(check: &Check<'_, '_>, ty: &RTy) -> Option<Vec<String>> {
    match ty {
        RTy::External(path, _) => {
            let states = known::stored_states(path)?;
            Some(states.split(' ').map(String::from).collect())
        }
        RTy::Local(id, _) => of_enum(check.workspace, *id),
        _ => None,
    }
}

fn of_enum(workspace: &Workspace<'_>, id: DefId) -> Option<Vec<String>> {
    let def = workspace.def(id);
    let ItemKind::Enum(_, variants) = &def.item.kind else {
        return None;
    };
    let is_type = |path| match workspace.resolve_type(def.module, path).external() {
        Some([krate, .., last]) => krate.starts_with("sqlx") && last == "Type",
        _ => false,
    };
    if def.item.attrs.derives.iter().any(is_type) {
        return by_derive(def.item, variants);
    }
    let mut blocks = workspace.impls_of(id).filter(|of| !of.test);
    let (_, function) = blocks.find_map(|block| block.def.method("as_str"))?;
    by_match(function.body.as_ref()?, variants)
}

/// `#[sqlx(rename_all = "..")]` and `#[sqlx(rename = "..")]`; numbers are no texts.
fn by_derive(item: &Item, variants: &[Variant]) -> Option<Vec<String>> {
    let form = item.attrs.sqlx("rename_all");
    let stored = |variant: &Variant| {
        let given = variant.attrs.sqlx("rename").map(String::from);
        let plain = variant.fields.list.is_empty();
        plain.then(|| given.or_else(|| in_form(&variant.name.text, form)))?
    };
    let is_number = item.attrs.has("repr");
    (!is_number).then(|| variants.iter().map(stored).collect())?
}

fn in_form(name: &str, form: Option<&str>) -> Option<String> {
    let joined = |by: &str| words(name).join(by);
    match form {
        None | Some("PascalCase") => Some(name.to_owned()),
        Some("lowercase") => Some(name.to_lowercase()),
        Some("UPPERCASE") => Some(name.to_uppercase()),
        Some("snake_case") => Some(joined("_")),
        Some("SCREAMING_SNAKE_CASE") => Some(joined("_").to_uppercase()),
        Some("kebab-case") => Some(joined("-")),
        _ => None,
    }
}

/// `InProgress` as `in`, `progress`.
fn words(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for letter in name.chars() {
        match found.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => found.push(letter.to_lowercase().collect()),
        }
    }
    found
}

/// `match self { Self::A => "a", … }` with an arm for each variant.
fn by_match(body: &Block, variants: &[Variant]) -> Option<Vec<String>> {
    let [Stmt::Expr(only)] = body.stmts.as_slice() else {
        return None;
    };
    let ExprKind::Match { arms, .. } = &only.kind else {
        return None;
    };
    let mut stored: Vec<(&str, &str)> = Vec::new();
    for arm in arms {
        let text = text_of(&arm.body)?;
        for name in named(&arm.pat)? {
            stored.push((name, text));
        }
    }
    let text = |variant: &Variant| {
        let found = stored.iter().find(|(name, _)| *name == variant.name.text);
        found.map(|(_, text)| (*text).to_owned())
    };
    variants.iter().map(text).collect()
}

fn text_of(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Block(block) => match block.stmts.as_slice() {
            [Stmt::Expr(only)] => only.as_text(),
            _ => None,
        },
        _ => expr.as_text(),
    }
}

/// The variants that a pattern names; nothing when it is none or any of them.
fn named(pat: &Pat) -> Option<Vec<&str>> {
    match &pat.kind {
        PatKind::Path(path) => Some(vec![path.last()?.name.text.as_str()]),
        PatKind::Ref(inner) => named(inner),
        PatKind::Or(cases) => {
            let all: Option<Vec<Vec<&str>>> = cases.iter().map(named).collect();
            Some(all?.concat())
        }
        _ => None,
    }
}
