//! Patterns and conditions that ask whether an answer was lost: none came, or the server failed.

use crate::known;
use crate::model::{Function, Res, Workspace};
use crate::syntax::{Expr, ExprKind, Pat, PatKind, Path, Span, Stmt, visit};

/// Methods that tell a lost answer. Where no connection was made nothing was sent: `is_connect` is none.
const LOST: &[&str] = &["is_server_error", "is_timeout"];

/// Status codes that do not tell whether it happened.
const CODES: &[(&str, u16)] = &[
    ("BAD_GATEWAY", 502),
    ("GATEWAY_TIMEOUT", 504),
    ("INTERNAL_SERVER_ERROR", 500),
    ("REQUEST_TIMEOUT", 408),
    ("SERVICE_UNAVAILABLE", 503),
];

/// Reads the patterns and conditions of one function.
#[derive(Clone, Copy)]
pub(super) struct LostAnswers<'w, 'a> {
    workspace: &'w Workspace<'a>,
    function: &'w Function<'a>,
    /// Whether something in it may be compared with a lost answer.
    compares: bool,
}

impl<'w, 'a> LostAnswers<'w, 'a> {
    /// Of a function.
    pub(super) fn of(workspace: &'w Workspace<'a>, function: &'w Function<'a>) -> Self {
        let body = function.body;
        let mut codes = CODES.iter();
        LostAnswers {
            workspace,
            function,
            compares: body.mentions(&["as_u16"])
                || body.mentions(LOST)
                || codes.any(|(code, _)| body.mentions(&[code])),
        }
    }

    /// Whether a pattern takes an answer that did not come.
    pub(super) fn are_in(self, pat: &Pat) -> bool {
        match &pat.kind {
            PatKind::Path(path) | PatKind::Struct(path, _) => self.are_named(path),
            PatKind::TupleStruct(path, parts) => {
                self.are_named(path) || parts.iter().any(|part| self.are_in(part))
            }
            PatKind::Or(parts) => parts.iter().any(|part| self.are_in(part)),
            PatKind::Bind {
                sub: Some(inner), ..
            }
            | PatKind::Ref(inner) => self.are_in(inner),
            _ => false,
        }
    }

    /// Whether a pattern for the number of a status code takes one of a failing server.
    pub(super) fn are_among(self, pat: &Pat) -> bool {
        match &pat.kind {
            PatKind::Or(parts) => parts.iter().any(|part| self.are_among(part)),
            PatKind::Other => is_failing(self.written(pat.span)),
            _ => false,
        }
    }

    /// Whether a condition that is `when` asks for a lost answer, alone or beside others.
    pub(super) fn are_asked_for(self, cond: &Expr, when: bool) -> bool {
        match &cond.kind {
            ExprKind::Let { pat, .. } => when && self.are_in(pat),
            ExprKind::Method { name, args, .. } => {
                when && args.is_empty() && LOST.contains(&name.text.as_str())
            }
            ExprKind::Derived(inner) => self.are_asked_for(inner, !when),
            ExprKind::Macro(call) if call.path.names() == ["matches"] => {
                let patterns = call.body.parts.iter().skip(1);
                when && patterns.into_iter().any(|part| self.are_matched(part))
            }
            ExprKind::Group(parts) => match parts.as_slice() {
                [left, right] if self.compares => self.are_compared(left, right, when),
                _ => parts.iter().any(|part| self.are_asked_for(part, when)),
            },
            _ => false,
        }
    }

    fn are_compared(self, left: &Expr, right: &Expr, when: bool) -> bool {
        let function = self.function;
        let operator = self.workspace.operator(function.file, left, right);
        let is_same = match operator {
            "==" => when,
            "!=" => !when,
            ">=" => return when && is_status(left) && self.written(right.span) == "500",
            _ => {
                let mut parts = [left, right].into_iter();
                return parts.any(|part| self.are_asked_for(part, when));
            }
        };
        let mut sides = [(left, right), (right, left)].into_iter();
        sides.any(|(side, other)| match &other.kind {
            ExprKind::Bool(value) => self.are_asked_for(side, *value == is_same),
            ExprKind::Path(path) => is_same && self.are_named(path),
            ExprKind::Lit => is_same && is_status(side) && is_failing(self.written(other.span)),
            _ => false,
        })
    }

    /// The patterns of `matches!`, which read as expressions.
    fn are_matched(self, part: &Stmt) -> bool {
        let mut found = false;
        visit::each_in_stmt(part, &mut |expr| {
            found |= match &expr.kind {
                ExprKind::Path(path) | ExprKind::Struct { path, .. } => self.are_named(path),
                _ => false,
            };
        });
        found
    }

    fn are_named(self, path: &Path) -> bool {
        match self.workspace.resolve_value(self.function.module, path) {
            found @ Res::External(_) => {
                found.runtime_variant("GatewayError") == Some("NoAnswer") || is_code(&found)
            }
            _ => false,
        }
    }

    fn written(self, span: Span) -> &'w str {
        self.workspace.written(self.function.file, span)
    }
}

/// `status.as_u16()`.
pub(super) fn is_status(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Method { name, .. } if name.text == "as_u16")
}

/// `StatusCode::GATEWAY_TIMEOUT` of `http`, whoever hands it on.
fn is_code(found: &Res) -> bool {
    let Res::External(path) = found else {
        return false;
    };
    match known::canonical(path) {
        [krate, .., ty, code] => {
            matches!(krate.as_str(), "axum" | "http" | "hyper" | "reqwest")
                && ty == "StatusCode"
                && CODES.iter().any(|(name, _)| name == code)
        }
        _ => false,
    }
}

/// `504`, or a range with one of a failing server: `500..=599`. Ranges of refusals have one, too, that hardly
/// ever comes.
fn is_failing(written: &str) -> bool {
    let number = |text: &str| text.trim().parse::<u16>().ok();
    let Some((from, to)) = written.split_once("..") else {
        return number(written).is_some_and(|one| CODES.iter().any(|(_, code)| *code == one));
    };
    let Some(from) = number(from) else {
        return false;
    };
    let last = match to.strip_prefix('=') {
        Some(to) => number(to),
        None if to.trim().is_empty() => Some(u16::MAX),
        None => number(to).and_then(|to| to.checked_sub(1)),
    };
    let failing = CODES.iter().filter(|(_, code)| *code >= 500);
    last.is_some_and(|last| {
        let mut failing = failing.map(|(_, code)| *code);
        failing.any(|code| (from..=last).contains(&code))
    })
}
