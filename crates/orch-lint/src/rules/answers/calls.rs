//! What is known of one call: whether it has an effect, which error it may give, and what it decides.

use super::super::execute;
use super::{Decided, ErrorOf};
use crate::model::infer::{Called, Walker};
use crate::model::{Function, RTy, Res, Workspace};
use crate::syntax::{Expr, ExprKind, Path, visit};

/// What an expression says of a call, by the runtime's names.
pub(super) fn decision(
    workspace: &Workspace<'_>,
    function: &Function<'_>,
    expr: &Expr,
) -> Option<Decided> {
    let resolve = |path: &Path| workspace.resolve_value(function.module, path);
    let found: Res = match &expr.kind {
        ExprKind::Struct { path, .. } => resolve(path),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => resolve(path),
            _ => return None,
        },
        _ => return None,
    };
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

/// What `tokio::time::timeout(..)` waits for.
pub(super) fn limited_by_timeout<'e>(walker: &Walker<'_, 'e>, call: &'e Expr) -> Option<&'e Expr> {
    let ExprKind::Call { callee, args } = &call.kind else {
        return None;
    };
    let (_, path) = execute::external(walker, callee)?;
    let name = path.join("::");
    let is_it = matches!(
        name.as_str(),
        "tokio::time::timeout" | "tokio::time::timeout_at"
    );
    args.get(1).filter(|_| is_it)
}

/// What a future that is wrapped waits for: `Box::pin(call)`, `call.boxed()`, `async { call.await }`.
pub(super) fn waited_for(future: &Expr) -> Vec<&Expr> {
    match &future.kind {
        ExprKind::Place(inner) => waited_for(inner),
        ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
            (ExprKind::Path(path), [only]) if path.names().last() == Some(&"pin") => {
                waited_for(only)
            }
            _ => vec![future],
        },
        ExprKind::Method { receiver, name, .. }
            if matches!(name.text.as_str(), "boxed" | "boxed_local" | "fuse") =>
        {
            waited_for(receiver)
        }
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

/// How methods begin that only ask.
const ASKING: &[&str] = &[
    "count", "describe", "fetch", "find", "get", "inquire", "list", "lookup", "poll", "probe",
    "query", "read", "retrieve", "show", "status",
];

/// Whether a name says that something is only asked: `status`, `find_payment`.
fn only_asks(name: &str) -> bool {
    let first = name.split('_').next().unwrap_or_default();
    ASKING.contains(&first) || name.ends_with("_status")
}

/// The name by which a call calls.
fn name_of(call: &Expr) -> Option<&str> {
    match &call.kind {
        ExprKind::Method { name, .. } => Some(&name.text),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => path.names().last().copied(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a call calls a function of the project that gives a receipt, or gets the key and does more than ask.
pub(super) fn has_effect<'e>(walker: &Walker<'_, 'e>, call: &'e Expr, called: &Called<'e>) -> bool {
    let result = walker.result_of(called);
    let gives_receipt = ok_of(&result).is_some_and(|ok| ok.is_runtime("Receipt"));
    let is_key = |ty: &RTy| ty.is_runtime("OpId") || ty.is_runtime("IdemKey");
    let asks = name_of(call).is_some_and(only_asks) && !result.is_runtime("Outcome");
    gives_receipt || !asks && walker.parameters_of(called).iter().any(is_key)
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
