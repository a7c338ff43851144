//! What is known of one call: whether it has an effect, which error it may give, and what it decides.

use super::super::execute;
use super::{Decided, ErrorOf};
use crate::model::infer::{Called, Walker};
use crate::model::{Function, RTy, Res, Workspace};
use crate::syntax::{Expr, ExprKind, Path};

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
