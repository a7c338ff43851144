//! Requests of `reqwest`: what is asked, and what they carry.

use std::collections::HashMap;

use crate::model::RTy;
use crate::model::infer::Walker;
use crate::syntax::{Expr, ExprKind, visit};

/// One request that is sent.
pub(super) struct Request<'e> {
    /// From the client to `send`, the first call first.
    steps: Vec<Step<'e>>,
    /// Whether it asks for a token to log in with: that may be done any number of times.
    gets_token: bool,
    /// Whether the id of an operation or a key goes into it.
    has_key: bool,
}

struct Step<'e> {
    name: &'e str,
    args: &'e [Expr],
}

/// Methods that change something at the other side, each time they are sent.
const ACTING: &[&str] = &["delete", "patch", "post", "put"];

impl<'e> Request<'e> {
    /// Reads `client.post(..)…send()`, also where the request has a name among `bound`.
    pub(super) fn of(
        walker: &Walker<'_, 'e>,
        call: &'e Expr,
        bound: &HashMap<&'e str, Vec<&'e Expr>>,
    ) -> Option<Self> {
        match &call.kind {
            ExprKind::Method { name, .. } if name.text == "send" => {}
            _ => return None,
        }
        let mut steps = Vec::new();
        let mut start = chain(call, &mut steps);
        if let ExprKind::Path(path) = &start.kind
            && let Some([only]) = path
                .as_ident()
                .and_then(|name| bound.get(name))
                .map(Vec::as_slice)
        {
            start = chain(only, &mut steps);
        }
        steps.reverse();
        let ty = walker.type_of(start);
        let is_it = match ty.as_ref().map(RTy::behind_pointers) {
            Some(RTy::External(path, _)) => path.first().is_some_and(|first| first == "reqwest"),
            _ => false,
        };
        let gets_token = steps.iter().any(|step| asks_for_token(step, bound));
        let has_key = is_it && steps.iter().any(|step| mentions_key(walker, step, bound));
        is_it.then_some(Self {
            steps,
            gets_token,
            has_key,
        })
    }

    /// Whether it changes something.
    pub(super) fn acts(&self) -> bool {
        let mut steps = self.steps.iter();
        !self.gets_token && steps.any(|step| ACTING.contains(&step.name))
    }

    /// Whether each time it is sent something new may be made.
    pub(super) fn is_post(&self) -> bool {
        !self.gets_token && self.steps.iter().any(|step| step.name == "post")
    }

    /// Whether it may carry a key: a header that speaks of one, headers from elsewhere, or a value that is one.
    pub(super) fn may_carry_key(&self) -> bool {
        let speaks_of_key = |text: &str| {
            let text = text.to_ascii_lowercase();
            text.contains("idempot") || text == "paypal-request-id"
        };
        self.has_key
            || self.steps.iter().any(|step| match step.name {
                "header" => step
                    .args
                    .first()
                    .is_none_or(|name| name.as_text().is_none_or(speaks_of_key)),
                "headers" => true,
                _ => false,
            })
    }

    /// What goes into it.
    pub(super) fn args(&self) -> impl Iterator<Item = &'e Expr> {
        self.steps.iter().flat_map(|step| step.args)
    }
}

/// Whether a step is given the id of an operation or a key, by its type or by its name.
fn mentions_key<'e>(
    walker: &Walker<'_, 'e>,
    step: &Step<'e>,
    bound: &HashMap<&'e str, Vec<&'e Expr>>,
) -> bool {
    const NAMES: &[&str] = &["idem_key", "idempotency_key", "op_id"];
    let is_key = |expr: &'e Expr| {
        let is_named = |name: &str| NAMES.contains(&name);
        let is_typed = |ty: RTy| {
            let ty = ty.behind_pointers();
            ty.is_runtime("OpId") || ty.is_runtime("IdemKey")
        };
        match &expr.kind {
            ExprKind::Path(path) => {
                path.as_ident().is_some_and(is_named) || walker.type_of(expr).is_some_and(is_typed)
            }
            ExprKind::Field { name, .. } => {
                is_named(&name.text) || walker.type_of(expr).is_some_and(is_typed)
            }
            ExprKind::Struct { fields, .. } => fields.iter().any(|(name, _)| is_named(&name.text)),
            ExprKind::Str(text) => text.to_ascii_lowercase().contains("idempot"),
            ExprKind::Macro(call) => call.body.opaque.iter().any(|name| is_named(&name.text)),
            _ => false,
        }
    };
    let mut found = false;
    for arg in step.args {
        visit::each(arg, &mut |expr| {
            found |= is_key(expr);
            let named = match &expr.kind {
                ExprKind::Path(path) => path.as_ident().and_then(|name| bound.get(name)),
                _ => None,
            };
            for init in named.into_iter().flatten() {
                visit::each(init, &mut |part| found |= is_key(part));
            }
        });
    }
    found
}

/// Whether a step goes to the address that tokens come from, or says by which right one is asked for.
fn asks_for_token<'e>(step: &Step<'e>, bound: &HashMap<&'e str, Vec<&'e Expr>>) -> bool {
    let says_it: fn(&Expr) -> bool = match step.name {
        "post" => is_token_address,
        "body" | "form" | "json" => is_grant,
        _ => return false,
    };
    let Some(arg) = step.args.first() else {
        return false;
    };
    let mut found = false;
    visit::each(arg, &mut |expr| {
        let named = match &expr.kind {
            ExprKind::Path(path) => path.as_ident().and_then(|name| bound.get(name)),
            _ => None,
        };
        found |= says_it(expr);
        for init in named.into_iter().flatten() {
            visit::each(init, &mut |part| found |= says_it(part));
        }
    });
    found
}

/// `"/v1/oauth2/token"`, `self.token_url`, `TOKEN_ENDPOINT`.
fn is_token_address(expr: &Expr) -> bool {
    let name = match &expr.kind {
        ExprKind::Str(text) => {
            let address = text.split('?').next().unwrap_or_default();
            return address.trim_end_matches('/').ends_with("token");
        }
        ExprKind::Path(path) => path.last().map(|last| &last.name),
        ExprKind::Field { name, .. } | ExprKind::Method { name, .. } => Some(name),
        _ => None,
    };
    name.is_some_and(|name| {
        let name = name.text.to_ascii_lowercase();
        let mut places = ["endpoint", "path", "uri", "url"].iter();
        name.contains("token") && places.any(|place| name.contains(place))
    })
}

/// What OAuth calls the right by which a token is asked for.
fn is_grant(expr: &Expr) -> bool {
    const GRANT: &str = "grant_type";
    match &expr.kind {
        ExprKind::Str(text) => text.contains(GRANT),
        ExprKind::Struct { fields, .. } => fields.iter().any(|(name, _)| name.text == GRANT),
        _ => false,
    }
}

/// Puts down the methods of a chain, the last one first; gives what it begins with.
fn chain<'e>(expr: &'e Expr, steps: &mut Vec<Step<'e>>) -> &'e Expr {
    match &expr.kind {
        ExprKind::Method {
            receiver,
            name,
            args,
        } => {
            let name = name.text.as_str();
            steps.push(Step { name, args });
            chain(receiver, steps)
        }
        ExprKind::Place(inner) | ExprKind::Try(inner) => chain(inner, steps),
        _ => expr,
    }
}
