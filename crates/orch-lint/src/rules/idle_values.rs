//! Values that do nothing until they are started, and end where they were made.

use std::ptr;

use rustc_hash::FxHashSet;

use super::Check;
use super::awaitable::Around;
use crate::model::infer::Walker;
use crate::model::{Function, RTy};
use crate::syntax::flow::{Fate, Flow};
use crate::syntax::{Expr, ExprKind, Span};

/// Names of the types of [`Idle`].
pub(super) const TYPES: [&str; 2] = ["Service", "Workers"];

/// Types of the runtime that do nothing until they are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Idle {
    Service,
    Workers,
}

impl Idle {
    fn of(ty: &RTy) -> Option<Self> {
        if ty.is_runtime("Service") {
            Some(Idle::Service)
        } else {
            ty.is_runtime("Workers").then_some(Idle::Workers)
        }
    }

    fn name(self) -> &'static str {
        match self {
            Idle::Service => "Service",
            Idle::Workers => "Workers",
        }
    }

    /// Methods that give the same thing again.
    fn builds(self, method: &str) -> bool {
        match self {
            Idle::Service => matches!(
                method,
                "api"
                    | "authenticator"
                    | "callbacks"
                    | "migrations"
                    | "module"
                    | "routes"
                    | "simulated"
                    | "store"
            ),
            Idle::Workers => method == "with",
        }
    }

    /// Methods that give a future which runs it.
    fn promises(self, method: &str) -> bool {
        match self {
            Idle::Service => matches!(method, "start" | "start_with"),
            Idle::Workers => method == "run",
        }
    }
}

/// A value that ends where it was made.
pub(super) struct Lost {
    pub(super) span: Span,
    pub(super) message: String,
    /// Whether `.await` behind it has it run to its end.
    pub(super) runs_when_awaited: bool,
}

/// What a function builds and drops; notes the packages that make a service.
pub(super) fn lost_in<'w, 'a>(
    check: &Check<'w, 'a>,
    function: &'w Function<'a>,
    services: &mut FxHashSet<usize>,
) -> Vec<Lost> {
    let workspace = check.workspace;
    let mut inner: FxHashSet<*const Expr> = FxHashSet::default();
    let mut around = Around::default();
    let mut candidates: Vec<(&Expr, String, Idle)> = Vec::new();
    let mut futures: Vec<(&Expr, String, Idle)> = Vec::new();
    let mut awaits_variable = false;
    function
        .walker(workspace)
        .block(function.body, &mut |walker, expr| {
            around.see(expr);
            if let ExprKind::Await(of) = &expr.kind {
                inner.insert(ptr::from_ref(&**of));
                awaits_variable |= matches!(of.kind, ExprKind::Path(_));
                return;
            }
            let is_inner = inner.contains(&ptr::from_ref(expr));
            if let ExprKind::Method { receiver, name, .. } = &expr.kind
                && let Some(of) = built(walker, receiver)
                && (of.builds(&name.text) || of.promises(&name.text))
            {
                inner.insert(ptr::from_ref(&**receiver));
                if !is_inner && of.promises(&name.text) {
                    let message = format!(
                        "nothing awaits this future of `{}::{}`, so it never runs",
                        of.name(),
                        name.text
                    );
                    futures.push((expr, message, of));
                    return;
                }
            }
            let Some(of) = built(walker, expr).filter(|_| is_making(expr)) else {
                return;
            };
            if of == Idle::Service {
                services.insert(workspace.krate(function.module).package);
            }
            if !is_inner {
                let message = format!(
                    "this `{}` is built and dropped: nothing starts it",
                    of.name()
                );
                candidates.push((expr, message, of));
            }
        });
    // A future that is awaited under its name looks dropped from here.
    candidates.extend(futures.into_iter().filter(|_| !awaits_variable));
    if candidates.is_empty() {
        return Vec::new();
    }
    let flow = Flow::new(function.body, "run");
    let lost = candidates
        .into_iter()
        .filter(|(expr, ..)| flow.fate(expr) == Fate::Lost);
    lost.map(|(expr, message, of)| Lost {
        span: expr.span,
        message,
        // What a service is started as has to be kept.
        runs_when_awaited: of == Idle::Workers
            && matches!(&expr.kind, ExprKind::Method { name, .. } if of.promises(&name.text))
            && around.awaits(expr.span, function.def.is_async),
    })
    .collect()
}

fn is_making(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Call { .. } | ExprKind::Method { .. })
}

/// What an expression builds: a call of `new`, a function that gives one, or a chain behind either.
fn built<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<Idle> {
    match &expr.kind {
        ExprKind::Method { receiver, name, .. } => {
            built(walker, receiver).filter(|of| of.builds(&name.text))
        }
        ExprKind::Call { callee, .. } => {
            let ExprKind::Path(path) = &callee.kind else {
                return None;
            };
            let is_runtimes = walker
                .type_before(path)
                .is_some_and(|ty| Idle::of(&ty).is_some());
            let is_new = path.last().is_some_and(|last| last.name.text == "new");
            let ty = walker.type_of(expr).filter(|_| is_new || !is_runtimes)?;
            Idle::of(&ty)
        }
        ExprKind::Path(_) => Idle::of(&walker.type_of(expr)?),
        _ => None,
    }
}
