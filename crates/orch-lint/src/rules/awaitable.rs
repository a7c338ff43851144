//! Blocking calls in `execute` that have a form to be awaited, with the same arguments and result.

use std::collections::HashMap;

use super::Check;
use crate::model::{Res, Space, Workspace};
use crate::syntax::{Block, Expr, ExprKind, Span, visit};

/// Functions of `std::fs` that `tokio::fs` has with the same result.
const SAME: &str = "canonicalize copy create_dir create_dir_all hard_link metadata read read_link \
    read_to_string remove_dir remove_dir_all remove_file rename set_permissions symlink_metadata \
    write";

/// The form of `tokio` of a function.
pub(super) fn form(blocking: &str) -> Option<String> {
    if blocking == "std::thread::sleep" {
        return Some("tokio::time::sleep".into());
    }
    let name = blocking.strip_prefix("std::fs::")?;
    crate::known::has(SAME, name).then(|| format!("tokio::fs::{name}"))
}

/// Calls where `.await` may stand, by what is called.
pub(super) struct Awaitable(HashMap<*const Expr, Span>);

impl Awaitable {
    /// Those of each `execute` from where `tokio` can be named.
    pub(super) fn of(check: &Check<'_, '_>) -> Self {
        let workspace = check.workspace;
        let mut calls = HashMap::new();
        for orchestrator in workspace.orchestrators() {
            let Some((function, _)) = orchestrator.execute else {
                continue;
            };
            let module = workspace.body_module(function, orchestrator.block.module);
            if let Some(body) = &function.body
                && knows_tokio(workspace, module)
            {
                collect(body, function.is_async, &mut calls);
            }
        }
        Awaitable(calls)
    }

    /// The whole call.
    pub(super) fn call(&self, callee: &Expr) -> Option<Span> {
        self.0.get(&std::ptr::from_ref(callee)).copied()
    }
}

fn knows_tokio(workspace: &Workspace<'_>, module: crate::model::ModuleId) -> bool {
    let found = workspace.resolve(module, &["tokio", "time", "sleep"], false, Space::Values);
    matches!(&found, Res::External(path) if path.join("::") == "tokio::time::sleep")
}

/// What a body waits in, outer ones first, and whether `.await` may stand there. Inside of a macro nobody knows
/// what becomes of it.
#[derive(Default)]
pub(super) struct Around(Vec<(Span, bool)>);

impl Around {
    /// Notes what an expression is around.
    pub(super) fn see(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Closure { .. } | ExprKind::Macro(_) => self.0.push((expr.span, false)),
            ExprKind::Async(_) => self.0.push((expr.span, true)),
            _ => {}
        }
    }

    /// Whether `.await` may stand here, in a function that is async or not.
    pub(super) fn awaits(&self, at: Span, is_async: bool) -> bool {
        let mut outer = self.0.iter().filter(|(span, _)| span.contains(at));
        outer.next_back().map_or(is_async, |(_, awaits)| *awaits)
    }
}

fn collect(body: &Block, is_async: bool, calls: &mut HashMap<*const Expr, Span>) {
    let mut around = Around::default();
    let mut found: Vec<(&Expr, Span)> = Vec::new();
    visit::each_in_block(body, &mut |expr| {
        around.see(expr);
        if let ExprKind::Call { callee, .. } = &expr.kind {
            found.push((callee, expr.span));
        }
    });
    for (callee, call) in found {
        if around.awaits(call, is_async) {
            calls.insert(std::ptr::from_ref(callee), call);
        }
    }
}
