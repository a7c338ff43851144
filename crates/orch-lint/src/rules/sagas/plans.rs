//! Plans of sagas: lists of `StepPlan` that are written out.

use std::ptr;

use crate::known;
use crate::load::FileId;
use crate::model::{ModuleId, Res, Workspace};
use crate::syntax::{Expr, ExprKind, ItemKind, Path, Span};

/// A list of steps.
#[derive(Debug)]
pub(in crate::rules) struct Plan<'a> {
    /// Where it is written.
    pub(in crate::rules) file: FileId,
    /// The item it is in.
    pub(in crate::rules) item: String,
    /// Those of its steps that can be read.
    pub(in crate::rules) steps: Vec<PlanStep<'a>>,
    /// Whether these are all.
    pub(in crate::rules) is_whole: bool,
    list: *const Expr,
}

/// One `StepPlan`.
#[derive(Debug)]
pub(in crate::rules) struct PlanStep<'a> {
    /// Its name.
    pub(in crate::rules) name: &'a str,
    /// Where that stands.
    pub(in crate::rules) span: Span,
    /// The steps it waits for, where they are written out.
    pub(in crate::rules) after: Vec<(&'a str, Span)>,
    /// Whether these are all.
    pub(in crate::rules) waits_clearly: bool,
    /// Whether the saga fails when it does, where that can be read.
    pub(in crate::rules) weighs: Option<Weighs>,
    /// What undoes it.
    pub(in crate::rules) undone: Undone<'a>,
}

/// Whether a saga fails when one of its steps does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Weighs {
    /// It does.
    Required,
    /// It goes on.
    Optional,
}

/// What a plan says of a step's compensation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Undone<'a> {
    /// Something does.
    Promised,
    /// Nothing does, for a reason.
    Never(&'a str, Span),
    /// It cannot be read.
    Unclear,
}

impl<'a> Plan<'a> {
    /// The step of a name.
    pub(in crate::rules) fn step(&self, name: &str) -> Option<&PlanStep<'a>> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// Whether it is certain that no step has a name.
    pub(in crate::rules) fn lacks(&self, name: &str) -> bool {
        self.is_whole && self.step(name).is_none()
    }

    pub(super) fn is(&self, list: &Expr) -> bool {
        ptr::eq(self.list, list)
    }

    /// Reads a list; `None` when nothing in it is a step.
    pub(super) fn read(
        workspace: &Workspace<'a>,
        module: ModuleId,
        file: FileId,
        item: String,
        list: &'a Expr,
    ) -> Option<Self> {
        let ExprKind::Group(parts) = &peeled(list).kind else {
            return None;
        };
        let read = parts.iter().map(|part| step(workspace, module, part));
        let read: Vec<Option<PlanStep<'a>>> = read.collect();
        let is_whole = read.iter().all(Option::is_some);
        let steps: Vec<PlanStep<'a>> = read.into_iter().flatten().collect();
        (!steps.is_empty()).then_some(Plan {
            file,
            item,
            steps,
            is_whole,
            list,
        })
    }
}

/// The plans that are constants outside tests.
pub(super) fn constants<'a>(workspace: &Workspace<'a>) -> Vec<Plan<'a>> {
    let plans = workspace.saga_plans().filter_map(|id| {
        let def = workspace.def(id);
        let ItemKind::Const(_, value) = &def.item.kind else {
            return None;
        };
        let item = workspace.path_of(id);
        Plan::read(workspace, def.module, def.file, item, value)
    });
    plans.collect()
}

/// What stands behind `&`.
pub(super) fn peeled(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Place(inner) => peeled(inner),
        _ => expr,
    }
}

/// One step: written here, or a constant.
fn step<'a>(workspace: &Workspace<'a>, module: ModuleId, expr: &'a Expr) -> Option<PlanStep<'a>> {
    let (path, fields) = match &expr.kind {
        ExprKind::Struct {
            path,
            fields,
            rest: None,
        } => (path, fields),
        ExprKind::Path(path) => {
            let Res::Def(id) = workspace.resolve_value(module, path) else {
                return None;
            };
            let def = workspace.def(id);
            return match &def.item.kind {
                ItemKind::Const(_, value) if matches!(value.kind, ExprKind::Struct { .. }) => {
                    step(workspace, def.module, value)
                }
                _ => None,
            };
        }
        _ => return None,
    };
    let of = workspace.resolve_type(module, path);
    if !of
        .external()
        .is_some_and(|of| known::is_runtime(of, "StepPlan"))
    {
        return None;
    }
    let field = |wanted: &str| {
        let mut named = fields.iter().filter(|(name, _)| name.text == wanted);
        named.next().map(|(_, value)| value)
    };
    let name = field("name")?;
    let listed = match field("after").map(|list| &peeled(list).kind) {
        Some(ExprKind::Group(parts)) => Some(parts.as_slice()),
        _ => None,
    };
    let written = listed.into_iter().flatten();
    let after = written.filter_map(|part| Some((part.as_text()?, part.span)));
    let after: Vec<(&str, Span)> = after.collect();
    let undone = field("compensation").map(|of| undone(workspace, module, of));
    Some(PlanStep {
        name: name.as_text()?,
        span: name.span,
        waits_clearly: listed.is_some_and(|parts| parts.len() == after.len()),
        after,
        weighs: field("weight").and_then(|of| weighs(workspace, module, of)),
        undone: undone.unwrap_or(Undone::Unclear),
    })
}

fn weighs(workspace: &Workspace<'_>, module: ModuleId, of: &Expr) -> Option<Weighs> {
    let ExprKind::Path(path) = &of.kind else {
        return None;
    };
    let found = workspace.resolve_value(module, path);
    match found.runtime_variant("Weight")? {
        "Required" => Some(Weighs::Required),
        "Optional" => Some(Weighs::Optional),
        _ => None,
    }
}

fn undone<'a>(workspace: &Workspace<'a>, module: ModuleId, of: &'a Expr) -> Undone<'a> {
    let variant = |path: &Path| {
        let found = workspace.resolve_value(module, path);
        found.runtime_variant("Compensation").map(str::to_owned)
    };
    match &of.kind {
        ExprKind::Path(path) if variant(path).as_deref() == Some("Operation") => Undone::Promised,
        ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
            (ExprKind::Path(path), [reason]) if variant(path).as_deref() == Some("None") => {
                let text = reason.as_text();
                text.map_or(Undone::Unclear, |text| Undone::Never(text, reason.span))
            }
            _ => Undone::Unclear,
        },
        _ => Undone::Unclear,
    }
}
