//! Where a call of a gateway takes the key: by the types and the names of its parameters, and by the fields
//! of requests that are written where they are passed.

use super::Check;
use super::gateway_calls::{Execution, GatewayCall};
use super::mentions::once_bound;
use crate::model::{DefId, RTy, Res};
use crate::syntax::{Expr, ExprKind, Field, ItemKind, Path};

/// How parameters are named that take the key as a text.
const KEY_NAMES: &[&str] = &["idem_key", "idempotency_key", "op_id", "operation_id"];

/// A value that a gateway is given.
pub(super) struct Slot<'a> {
    /// The name of the parameter or of the field.
    pub(super) name: &'a str,
    pub(super) value: &'a Expr,
    /// Whether the key is asked for.
    pub(super) takes_key: bool,
    /// Whether it is a value of a type of the project, of which the key may be a part.
    pub(super) is_whole: bool,
}

/// The arguments of a call, and for requests that are written out their fields.
pub(super) fn slots<'a>(
    check: &Check<'_, 'a>,
    of: &Execution<'_, 'a>,
    call: &GatewayCall<'a>,
) -> Vec<Slot<'a>> {
    let bound = once_bound(of.body);
    let mut found = Vec::new();
    let params = call.params.iter().zip(&call.param_names);
    for ((ty, name), arg) in params.zip(call.args) {
        let mut value = behind(arg);
        if let ExprKind::Path(path) = &value.kind
            && let Some(init) = path.as_ident().and_then(|name| bound.get(name))
            && let ExprKind::Struct { .. } = &behind(init).kind
        {
            value = behind(init);
        }
        if let ExprKind::Struct { path, fields, .. } = &value.kind {
            found.extend(fields.iter().map(|(name, value)| {
                let ty = type_of_field(check, of, path, &name.text);
                slot(check, call, ty.as_ref(), &name.text, value)
            }));
        } else {
            found.push(slot(check, call, Some(ty), name, arg));
        }
    }
    found
}

fn behind(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Place(inner) => behind(inner),
        _ => expr,
    }
}

fn slot<'a>(
    check: &Check<'_, 'a>,
    call: &GatewayCall<'a>,
    ty: Option<&RTy>,
    name: &'a str,
    value: &'a Expr,
) -> Slot<'a> {
    let by_name = is_key_name(name) && (acts(call) || gives_nothing(call));
    Slot {
        name,
        value,
        takes_key: by_name || ty.is_some_and(|ty| holds(check, ty)),
        is_whole: !matches!(ty, Some(RTy::External(..))),
    }
}

/// The type of a field, where the project declares it.
fn type_of_field<'a>(
    check: &Check<'_, 'a>,
    of: &Execution<'_, 'a>,
    path: &Path,
    name: &str,
) -> Option<RTy> {
    let workspace = check.workspace;
    let (id, declared) = struct_of(check, of, path)?;
    let field = declared.iter().find(|field| field.name.text == name)?;
    Some(workspace.lower(&field.ty, &workspace.def_scope(id, &[])))
}

/// The struct that a path names in an execution.
pub(super) fn struct_of<'a>(
    check: &Check<'_, 'a>,
    of: &Execution<'_, 'a>,
    path: &Path,
) -> Option<(DefId, &'a [Field])> {
    let Res::Def(id) = check.workspace.resolve_type(of.module, path) else {
        return None;
    };
    match &check.workspace.def(id).item.kind {
        ItemKind::Struct(_, declared) => Some((id, &declared.list)),
        _ => None,
    }
}

/// Whether a parameter is named as the key.
pub(super) fn is_key_name(name: &str) -> bool {
    KEY_NAMES.contains(&name)
}

/// Whether a type is the key, or holds it.
pub(super) fn holds(check: &Check<'_, '_>, ty: &RTy) -> bool {
    let mut keys = ["OpId", "IdemKey"].into_iter();
    keys.any(|key| check.workspace.holds_runtime(ty, key, 2))
}

/// Whether a call has an effect: what it gives is a receipt, or an outcome.
pub(super) fn acts(call: &GatewayCall<'_>) -> bool {
    let given = value_of(&call.result);
    given.is_some_and(|ty| ty.is_runtime("Receipt") || ty.is_runtime("Outcome"))
}

/// Whether a call tells nothing but whether it went well: it reads nothing.
pub(super) fn gives_nothing(call: &GatewayCall<'_>) -> bool {
    matches!(value_of(&call.result), Some(RTy::Tuple(parts)) if parts.is_empty())
}

fn value_of(result: &RTy) -> Option<&RTy> {
    match result {
        RTy::External(path, args) if path.last().is_some_and(|last| last == "Result") => {
            args.first()
        }
        other => Some(other),
    }
}

/// Whether a word may speak of a key; only ever a reason not to be sure.
pub(super) fn names_key(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "dedup",
        "idem",
        "key",
        "op_id",
        "operation_id",
        "request_id",
    ];
    let text = text.to_ascii_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}
