//! What is known of one call: whether it has an effect, which error it may give, and what it decides.

use super::{Decided, ErrorOf};
use crate::model::infer::{Called, Walker};
use crate::model::{DefId, ModuleId, RTy, Res, Scope, Workspace};
use crate::syntax::{Expr, ExprKind, ItemKind, Path, Stmt, visit};

/// What an expression says of a call, by the runtime's names or by a function of the project.
pub(super) fn decision(
    workspace: &Workspace<'_>,
    module: ModuleId,
    expr: &Expr,
) -> Option<Decided> {
    match workspace.resolve_value(module, made(expr)?) {
        Res::Def(id) => decision_of(workspace, id),
        found => said(&found),
    }
}

/// What a function of the project says of a call each time, by its last expression.
pub(super) fn decision_of(workspace: &Workspace<'_>, id: DefId) -> Option<Decided> {
    let def = workspace.def(id);
    let ItemKind::Fn(function) = &def.item.kind else {
        return None;
    };
    let output = workspace.lower(function.output.as_ref()?, &Scope::of_module(def.module));
    if !output.is_runtime("Outcome") && !output.is_runtime("GatewayError") {
        return None;
    }
    let body = function.body.as_ref()?;
    let mut leaves = false;
    visit::each_in_block(body, &mut |expr| {
        leaves |= matches!(expr.kind, ExprKind::Leave(..) | ExprKind::Try(_));
    });
    let path = match body.stmts.last()? {
        Stmt::Expr(last) if body.has_value && !leaves => made(last)?,
        _ => return None,
    };
    said(&workspace.resolve_value(workspace.body_module(function, def.module), path))
}

/// What is made by its name: `Outcome::fail(..)`, `Outcome::Fail { .. }`.
fn made(expr: &Expr) -> Option<&Path> {
    match &expr.kind {
        ExprKind::Struct { path, .. } => Some(path),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => Some(path),
            _ => None,
        },
        _ => None,
    }
}

fn said(found: &Res) -> Option<Decided> {
    if let Some(variant) = found.runtime_variant("Outcome") {
        return match variant {
            "Ok" | "ok" => Some(Decided::Done),
            "Fail" | "fail" => Some(Decided::Refused),
            "Retry" | "retry" => Some(Decided::NotNow),
            "Unknown" | "unknown" => Some(Decided::Unknown),
            _ => None,
        };
    }
    match found.runtime_variant("GatewayError")? {
        "Refused" => Some(Decided::Refused),
        "Unavailable" => Some(Decided::NotNow),
        "NoAnswer" => Some(Decided::Unknown),
        _ => None,
    }
}

/// What a future waits for: the calls that are awaited in an `async` block, or the future itself.
pub(super) fn waited_for(future: &Expr) -> Vec<&Expr> {
    match &future.kind {
        ExprKind::Place(inner) => waited_for(inner),
        ExprKind::Async(block) => {
            let mut found = Vec::new();
            visit::each_in_block(block, &mut |expr| {
                if let ExprKind::Await(inner) = &expr.kind {
                    found.push(&**inner);
                }
            });
            found
        }
        _ => vec![future],
    }
}

/// Whether a function of the project gets the key, or gives a receipt, and does not only read by its name.
pub(super) fn has_effect<'e>(walker: &Walker<'_, 'e>, call: &'e Expr, called: &Called<'e>) -> bool {
    if called_name(call).is_some_and(only_reads) {
        return false;
    }
    let gives_receipt = ok_of(&walker.result_of(called)).is_some_and(|ok| ok.is_runtime("Receipt"));
    let is_key = |ty: &RTy| ty.is_runtime("OpId") || ty.is_runtime("IdemKey");
    gives_receipt || walker.parameters_of(called).iter().any(is_key)
}

/// The name that a call calls.
fn called_name(call: &Expr) -> Option<&str> {
    match &call.kind {
        ExprKind::Method { name, .. } => Some(&name.text),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => path.last().map(|last| last.name.text.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// `status`, `find_charge`, `charge_status`: a lost answer of such a call changes nothing at the provider.
fn only_reads(name: &str) -> bool {
    const READING: &[&str] = &[
        "check", "describe", "exists", "fetch", "find", "get", "has", "inquire", "is", "list",
        "load", "look", "lookup", "peek", "poll", "probe", "query", "read", "retrieve", "search",
        "state", "status",
    ];
    const WRITING: &[&str] = &[
        "change", "post", "push", "put", "send", "set", "update", "write",
    ];
    let (first, rest) = name.split_once('_').unwrap_or((name, ""));
    let is_checkout = first == "check" && matches!(rest, "in" | "out");
    let is_of_state = rest.ends_with("status") && !WRITING.contains(&first);
    READING.contains(&first) && !is_checkout || is_of_state
}

fn ok_of(ty: &RTy) -> Option<&RTy> {
    match ty {
        RTy::External(path, args) if path.last().is_some_and(|last| last == "Result") => {
            args.first()
        }
        _ => None,
    }
}

/// The error of a `Result`, when it is one of a gateway or a client.
pub(super) fn error_of(ty: &RTy) -> Option<ErrorOf> {
    const CLIENTS: &[(&str, &str)] = &[
        ("hyper", "Error"),
        ("lettre", "Error"),
        ("reqwest", "Error"),
        ("reqwest_middleware", "Error"),
        ("tonic", "Status"),
    ];
    let RTy::External(path, args) = ty else {
        return None;
    };
    let is_result = path.last().is_some_and(|last| last == "Result");
    let of_crate = |krate: &str| path.first().is_some_and(|first| first == krate);
    match args.get(1).filter(|_| is_result) {
        Some(error) if error.is_runtime("GatewayError") => Some(ErrorOf::Gateway),
        Some(RTy::External(error, _)) => {
            let (first, last) = (error.first()?, error.last()?);
            let is_it = |(krate, name): &(&str, &str)| first == krate && last == name;
            CLIENTS.iter().any(is_it).then_some(ErrorOf::Client)
        }
        _ => (is_result && of_crate("reqwest")).then_some(ErrorOf::Client),
    }
}
