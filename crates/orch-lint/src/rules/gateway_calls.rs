//! What each `execute` calls: the gateways of its orchestrator, and with what.
//!
//! A gateway is what is kept in a field of the orchestrator, or in a field of such a field, is a trait or a
//! struct of the project, and has to be awaited when it is called.

use super::Check;
use crate::load::FileId;
use crate::model::infer::{Called, Walker};
use crate::model::orchestration::OrchestratorImpl;
use crate::model::{RTy, Res};
use crate::syntax::{Block, Expr, ExprKind, FnDef, ItemKind, Name};

/// The body of one `execute`.
pub(super) struct Execution<'w, 'a> {
    pub(super) orchestrator: OrchestratorImpl<'w, 'a>,
    pub(super) function: &'a FnDef,
    /// The types of its parameters.
    pub(super) params: Vec<RTy>,
    pub(super) body: &'a Block,
    pub(super) file: FileId,
    pub(super) item: String,
    pub(super) calls: Vec<GatewayCall<'a>>,
}

/// One call of a method of a gateway.
pub(super) struct GatewayCall<'a> {
    pub(super) name: &'a Name,
    pub(super) args: &'a [Expr],
    pub(super) params: Vec<RTy>,
    /// The names of the parameters; empty for patterns.
    pub(super) param_names: Vec<&'a str>,
    /// What awaiting it gives.
    pub(super) result: RTy,
}

/// How deep gateways are looked for in fields of fields.
const MAX_DEPTH: usize = 3;

/// Each `execute` with a body.
pub(super) fn executions<'w, 'a>(check: &Check<'w, 'a>) -> Vec<Execution<'w, 'a>> {
    let orchestrators = check.workspace.orchestrators();
    let read = orchestrators
        .into_iter()
        .filter_map(|of| execution(check, of));
    read.collect()
}

fn execution<'w, 'a>(
    check: &Check<'w, 'a>,
    orchestrator: OrchestratorImpl<'w, 'a>,
) -> Option<Execution<'w, 'a>> {
    let (function, _) = orchestrator.execute?;
    let body = function.body.as_ref()?;
    let workspace = check.workspace;
    let kept = kept_by(check, &workspace.self_type(orchestrator.block));
    let mut calls = Vec::new();
    let scope = workspace.impl_scope(orchestrator.block);
    let mut walker = Walker::new(workspace, &scope, function);
    let params = function
        .params
        .iter()
        .map(|param| walker.parameter(param))
        .collect();
    walker.block(body, &mut |walker, expr| {
        calls.extend(gateway_call(walker, expr, &kept));
    });
    Some(Execution {
        function,
        params,
        body,
        file: orchestrator.block.file,
        item: format!("{}::execute", orchestrator.name),
        orchestrator,
        calls,
    })
}

/// The types of the project that a type keeps in its fields.
pub(super) fn kept_by(check: &Check<'_, '_>, ty: &RTy) -> Vec<RTy> {
    let mut kept = Vec::new();
    kept_in(check, ty, &mut kept, MAX_DEPTH);
    kept
}

fn kept_in(check: &Check<'_, '_>, ty: &RTy, found: &mut Vec<RTy>, depth: usize) {
    let workspace = check.workspace;
    let RTy::Local(id, args) = ty.behind_pointers() else {
        return;
    };
    let ItemKind::Struct(_, fields) = &workspace.def(*id).item.kind else {
        return;
    };
    let scope = workspace.def_scope(*id, args);
    for field in &fields.list {
        let ty = workspace.lower(&field.ty, &scope);
        let kept = ty.behind_pointers().clone();
        if depth > 0 && is_of_project(&kept) && !found.contains(&kept) {
            found.push(kept.clone());
            kept_in(check, &kept, found, depth - 1);
        }
    }
}

fn is_of_project(ty: &RTy) -> bool {
    match ty {
        RTy::Local(..) => true,
        RTy::Bounds(bounds) => bounds.iter().any(|of| matches!(of.name, Res::Def(_))),
        _ => false,
    }
}

fn gateway_call<'a>(
    walker: &Walker<'_, 'a>,
    expr: &'a Expr,
    kept: &[RTy],
) -> Option<GatewayCall<'a>> {
    let ExprKind::Method {
        receiver,
        name,
        args,
    } = &expr.kind
    else {
        return None;
    };
    let of = walker.type_of(receiver)?;
    if !kept.contains(of.behind_pointers()) {
        return None;
    }
    let called: Called<'a> = walker.method_of(of.behind_pointers(), &name.text)?;
    walker.is_asynchronous(&called).then(|| GatewayCall {
        name,
        args,
        params: walker.parameters_of(&called),
        param_names: called.def.params.iter().map(name_of).collect(),
        result: walker.result_of(&called),
    })
}

fn name_of(param: &crate::syntax::Param) -> &str {
    param.pat.name().unwrap_or_default()
}
