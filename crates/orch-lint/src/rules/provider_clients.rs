//! The clients that call providers: which functions make them and use them, and how long a call may take.
//!
//! A client is a provider's when it is made in what an orchestrator gets to, in a constructor of a type that
//! it gets to, or in the arguments of such a constructor. Guesses by name count for nothing.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use super::Check;
use super::gateway_calls::kept_by;
use super::mentions::once_bound;
use crate::known;
use crate::model::constants::Bound;
use crate::model::infer::Walker;
use crate::model::{DefId, Function, RTy};
use crate::syntax::{Expr, ExprKind, Span, visit};

/// The limit of a call or of an attempt.
pub(super) struct Limit {
    /// The function that sets it.
    pub(super) function: usize,
    /// The value.
    pub(super) span: Span,
    pub(super) of: Of,
    /// How long it is, where that is known.
    pub(super) length: Option<Duration>,
}

/// What a limit is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// `RetryPolicy::attempt_timeout`.
    Attempt,
    /// The timeout of a client, or of one request.
    Call,
}

/// What is known of the clients of a project.
#[derive(Default)]
pub(super) struct Clients {
    pub(super) limits: Vec<Limit>,
    /// What orchestrators get to for certain, their own methods included.
    pub(super) reached: BTreeSet<usize>,
}

impl Clients {
    pub(super) fn of(check: &Check<'_, '_>) -> Self {
        let reached = reached(check);
        let owners = owners(check, &reached);
        let mut makers = reached.clone();
        makers.extend(constructors(check, &owners));
        let mut clients = Clients::default();
        for at in &makers {
            clients.limits.extend(limits(check, *at, &|_| true));
        }
        let others = (0..check.functions.len()).filter(|at| !makers.contains(at));
        for at in others {
            clients.limits.extend(handed_over(check, at, &owners));
        }
        clients.reached = reached;
        clients
    }
}

/// What the methods of orchestrators are, and what they get to for certain.
fn reached(check: &Check<'_, '_>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for orchestrator in check.workspace.orchestrators() {
        let items = orchestrator.block.def.items.iter();
        let methods = items.filter_map(|item| check.calls.index_of(item.function()?));
        for root in methods {
            found.insert(root);
            found.extend(certain(check, root));
        }
    }
    found
}

fn certain(check: &Check<'_, '_>, root: usize) -> Vec<usize> {
    let all = check.calls.reached_from(root);
    let certain = all.iter().filter(|of| !of.perhaps);
    certain.map(|of| of.function).collect()
}

/// The types whose methods are reached, and those that orchestrators keep.
fn owners(check: &Check<'_, '_>, functions: &BTreeSet<usize>) -> HashSet<DefId> {
    let workspace = check.workspace;
    let owners = functions.iter();
    let mut found: HashSet<DefId> = owners.filter_map(|at| check.functions[*at].owner).collect();
    for orchestrator in workspace.orchestrators() {
        let kept = kept_by(check, &workspace.self_type(orchestrator.block));
        found.extend(kept.iter().filter_map(|ty| match ty {
            RTy::Local(id, _) => Some(*id),
            _ => None,
        }));
    }
    found
}

/// What makes values of these types, and what it gets to.
fn constructors(check: &Check<'_, '_>, owners: &HashSet<DefId>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for (at, function) in check.functions.iter().enumerate() {
        let is_owned = function.owner.is_some_and(|owner| owners.contains(&owner));
        if is_owned && function.def.receiver.is_none() && found.insert(at) {
            found.extend(certain(check, at));
        }
    }
    found
}

/// The limits of clients that a function gives to the constructor of one of these types.
fn handed_over(check: &Check<'_, '_>, at: usize, owners: &HashSet<DefId>) -> Vec<Limit> {
    let function = &check.functions[at];
    if !function.body.mentions(LIMITING) {
        return Vec::new();
    }
    let bound = once_bound(function.body);
    let mut places: Vec<Span> = Vec::new();
    let mut walker = function.walker(check.workspace);
    walker.block(function.body, &mut |walker, expr| {
        if let ExprKind::Call { callee, args } = &expr.kind
            && let ExprKind::Path(path) = &callee.kind
            && let Some(RTy::Local(id, _)) = walker.type_before(path)
            && owners.contains(&id)
        {
            args.iter().for_each(|arg| note(arg, &bound, &mut places));
        }
    });
    if places.is_empty() {
        return Vec::new();
    }
    limits(check, at, &|span| {
        places.iter().any(|place| place.contains(span))
    })
}

/// Where an argument is written, and what its names are bound to.
fn note(arg: &Expr, bound: &Bound<'_>, places: &mut Vec<Span>) {
    places.push(arg.span);
    visit::each(arg, &mut |expr| {
        if let ExprKind::Path(path) = &expr.kind
            && let Some(init) = path.as_ident().and_then(|name| bound.get(name))
            && !places.contains(&init.span)
        {
            note(init, bound, places);
        }
    });
}

/// Names without which no limit is set.
const LIMITING: &[&str] = &["timeout", "attempt_timeout", "JsonClient"];

fn limits(check: &Check<'_, '_>, at: usize, is_here: &dyn Fn(Span) -> bool) -> Vec<Limit> {
    let function = &check.functions[at];
    let mut found = Vec::new();
    if !function.body.mentions(LIMITING) {
        return found;
    }
    let bound = once_bound(function.body);
    let mut walker = function.walker(check.workspace);
    walker.block(function.body, &mut |walker, expr| {
        let limit = limit(check, walker, function, expr);
        if let Some((of, value)) = limit.filter(|(_, value)| is_here(value.span)) {
            found.push(Limit {
                function: at,
                span: value.span,
                of,
                length: check.workspace.duration(function, &bound, value),
            });
        }
    });
    // The engine refuses to be built with a limit of an attempt that does not fit.
    found.retain(|limit| limit.of == Of::Call || limit.length.is_some());
    found
}

/// `.timeout(value)` of `reqwest`, `JsonClient::new(value)`, and fields of the runtime's structs.
fn limit<'a>(
    check: &Check<'_, 'a>,
    walker: &Walker<'_, 'a>,
    function: &Function<'a>,
    expr: &'a Expr,
) -> Option<(Of, &'a Expr)> {
    const CONFIGS: &str = "FcmConfig GatewayConfig S3Config SmtpConfig StripeConfig TwilioConfig";
    const MAKERS: &str = "new simulated trusting_only";
    match &expr.kind {
        ExprKind::Method {
            receiver,
            name,
            args,
        } if name.text == "timeout" && is_reqwest(walker, receiver) => {
            Some((Of::Call, args.first()?))
        }
        ExprKind::Call { callee, args } => {
            let ExprKind::Path(path) = &callee.kind else {
                return None;
            };
            let found = walker.resolve(path);
            let [.., of, name] = found.external()? else {
                return None;
            };
            let is_client = of == "JsonClient" && known::has(MAKERS, name);
            let is_runtimes = known::is_of_runtime(found.external()?);
            args.last()
                .filter(|_| is_client && is_runtimes)
                .map(|value| (Of::Call, value))
        }
        ExprKind::Struct { path, fields, .. } => {
            let found = check.workspace.resolve_type(function.module, path);
            let path = found.external().filter(|path| known::is_of_runtime(path))?;
            let (field, of) = match path.last()?.as_str() {
                "RetryPolicy" => ("attempt_timeout", Of::Attempt),
                name if known::has(CONFIGS, name) => ("timeout", Of::Call),
                _ => return None,
            };
            let (_, value) = fields.iter().find(|(name, _)| name.text == field)?;
            Some((of, value))
        }
        _ => None,
    }
}

/// Whether a chain begins with a client, a builder or a request of `reqwest`.
fn is_reqwest<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> bool {
    let mut at = expr;
    while let ExprKind::Method { receiver, .. }
    | ExprKind::Place(receiver)
    | ExprKind::Try(receiver) = &at.kind
    {
        at = receiver;
    }
    let ty = walker.type_of(at);
    ty.as_ref()
        .and_then(|ty| ty.behind_pointers().external())
        .is_some_and(|path| path.first().is_some_and(|krate| krate == "reqwest"))
}
