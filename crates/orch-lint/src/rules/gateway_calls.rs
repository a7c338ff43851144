//! What each `execute` calls: the gateways of its orchestrator, and with what.
//!
//! A gateway is what is kept in a field of the orchestrator, or in a field of such a field, is a trait or a
//! struct of the project, and has to be awaited when it is called.
//!
//! The methods that `execute` calls on `self` are parts of it, see [`parts`].

use super::Check;
use super::mentions::Carriers;
use crate::load::FileId;
use crate::model::infer::{Called, Walker};
use crate::model::{Function, ImplBlock, ModuleId, RTy, Res};
use crate::syntax::{Body, Expr, ExprKind, FnDef, ItemKind, Name, Pat};

/// The body of one `execute`, or of a method that one calls on `self`.
pub(super) struct Execution<'w, 'a> {
    /// The `impl` of the orchestrator.
    pub(super) block: &'w ImplBlock<'a>,
    pub(super) function: &'a FnDef,
    /// The module that names of its body are looked up in.
    pub(super) module: ModuleId,
    /// The types of its parameters.
    pub(super) params: Vec<RTy>,
    pub(super) body: &'a Body,
    pub(super) file: FileId,
    pub(super) item: String,
    pub(super) calls: Vec<GatewayCall<'a>>,
    /// What is passed in calls on fields of `self` of which it is not known what they call.
    pub(super) unclear: Vec<&'a [Expr]>,
    /// Calls of its own methods.
    own: Vec<OwnCall<'a>>,
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

/// One call of a method on `self`.
#[derive(Clone, Copy)]
struct OwnCall<'a> {
    def: &'a FnDef,
    args: &'a [Expr],
}

/// What is known of an [`Execution`] by the calls on the way to it.
pub(super) struct Part<'w, 'a> {
    pub(super) of: Execution<'w, 'a>,
    /// The names that carry the key.
    pub(super) carriers: Carriers<'a>,
    seeds: Vec<&'a str>,
}

/// How deep gateways are looked for in fields of fields.
const MAX_DEPTH: usize = 3;

/// How many methods are looked into for one orchestrator.
const MAX_PARTS: usize = 40;

/// Each `execute` with a body.
pub(super) fn executions<'w, 'a>(check: &Check<'w, 'a>) -> Vec<Execution<'w, 'a>> {
    let orchestrators = check.workspace.orchestrators();
    let read = orchestrators.into_iter().filter_map(|of| {
        let (function, _) = of.execute?;
        let kept = kept_by(check, &check.workspace.self_type(of.block));
        let item = format!("{}::execute", of.name);
        execution(check, of.block, &kept, function, item)
    });
    read.collect()
}

fn execution<'w, 'a>(
    check: &Check<'w, 'a>,
    block: &'w ImplBlock<'a>,
    kept: &[RTy],
    function: &'a FnDef,
    item: String,
) -> Option<Execution<'w, 'a>> {
    let declared: &Function<'a> = &check.functions[check.calls.index_of(function)?];
    let mut walker = declared.walker(check.workspace);
    let params = function.params.iter();
    let params = params.map(|param| walker.parameter(param)).collect();
    let (mut calls, mut unclear, mut own) = (Vec::new(), Vec::new(), Vec::new());
    walker.block(declared.body, &mut |walker, expr| {
        let ExprKind::Method {
            receiver,
            name,
            args,
        } = &expr.kind
        else {
            return;
        };
        if is_self(receiver) {
            let called = walker.called(expr).map(|called| called.def);
            own.extend(called.map(|def| OwnCall { def, args }));
            return;
        }
        match call_of(walker, receiver, name, kept) {
            Some(called) => calls.extend(gateway_call(walker, &called, name, args)),
            None if is_of_self(receiver) => unclear.push(args.as_slice()),
            None => {}
        }
    });
    Some(Execution {
        block,
        function,
        module: declared.module,
        params,
        body: declared.body,
        file: declared.file,
        item,
        calls,
        unclear,
        own,
    })
}

/// An execution, and the methods that it gets to on `self`, each with what carries the key there: what
/// `seeds` name in the first one.
pub(super) fn parts<'w, 'a>(
    check: &Check<'w, 'a>,
    execution: Execution<'w, 'a>,
    seeds: Vec<&'a str>,
) -> Vec<Part<'w, 'a>> {
    let block = execution.block;
    let kept = kept_by(check, &check.workspace.self_type(block));
    let read = |of: &'a FnDef, item: String| self::execution(check, block, &kept, of, item);
    let mut parts = vec![Part::new(execution, seeds)];
    let mut waiting = vec![0];
    while let Some(at) = waiting.pop() {
        for call in parts[at].of.own.clone() {
            let carrying = parts[at].carrying(call);
            let known = parts.iter().position(|part| part.is_of(call.def));
            if let Some(known) = known {
                if parts[known].carry_also(&carrying) {
                    waiting.push(known);
                }
            } else if parts.len() < MAX_PARTS
                && let Some(index) = check.calls.index_of(call.def)
                && let Some(of) = read(call.def, check.functions[index].label())
            {
                waiting.push(parts.len());
                parts.push(Part::new(of, carrying));
            }
        }
    }
    parts
}

impl<'w, 'a> Part<'w, 'a> {
    fn new(of: Execution<'w, 'a>, seeds: Vec<&'a str>) -> Self {
        let carriers = Carriers::of(seeds.iter().copied(), of.body);
        Part {
            of,
            carriers,
            seeds,
        }
    }

    fn is_of(&self, def: &FnDef) -> bool {
        std::ptr::eq(self.of.function, def)
    }

    /// The parameters that get the key in a call.
    fn carrying(&self, call: OwnCall<'a>) -> Vec<&'a str> {
        given(call)
            .filter(|(_, arg)| self.carriers.are_in(arg))
            .flat_map(|(pat, _)| names_of(pat))
            .collect()
    }

    /// Whether that was not known yet.
    fn carry_also(&mut self, names: &[&'a str]) -> bool {
        let before = self.seeds.len();
        let new = names.iter().filter(|name| !self.seeds.contains(name));
        let new: Vec<&str> = new.copied().collect();
        self.seeds.extend(new);
        if self.seeds.len() > before {
            self.carriers = Carriers::of(self.seeds.iter().copied(), self.of.body);
        }
        self.seeds.len() > before
    }

    /// The methods on `self` that get a value, with the names that carry it there.
    pub(super) fn hands_on(
        &self,
        is_it: &dyn Fn(&'a Expr) -> bool,
    ) -> Vec<(&'a FnDef, Vec<&'a str>)> {
        let own = self.of.own.iter();
        let handed = own.map(|call| {
            let taken = given(*call).filter(|(_, arg)| is_it(arg));
            let names = taken.flat_map(|(pat, _)| names_of(pat));
            (call.def, names.collect::<Vec<&str>>())
        });
        handed.filter(|(_, names)| !names.is_empty()).collect()
    }
}

/// The part that is a function.
pub(super) fn part_of<'p, 'w, 'a>(
    parts: &'p [Part<'w, 'a>],
    def: &FnDef,
) -> Option<&'p Part<'w, 'a>> {
    parts.iter().find(|part| part.is_of(def))
}

/// What a call gives to which parameter.
fn given<'a>(call: OwnCall<'a>) -> impl Iterator<Item = (&'a Pat, &'a Expr)> {
    let params = call.def.params.iter().map(|param| &param.pat);
    params.zip(call.args)
}

fn names_of(pat: &Pat) -> Vec<&str> {
    let mut names = Vec::new();
    pat.each_name(&mut |name| names.push(name));
    names
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

/// The method that is called, where the receiver is one of those that are kept.
fn call_of<'a>(
    walker: &Walker<'_, 'a>,
    receiver: &'a Expr,
    name: &Name,
    kept: &[RTy],
) -> Option<Called<'a>> {
    let of = walker.type_of(receiver)?;
    let of = of.behind_pointers();
    kept.contains(of)
        .then(|| walker.method_of(of, &name.text))
        .flatten()
}

fn gateway_call<'a>(
    walker: &Walker<'_, 'a>,
    called: &Called<'a>,
    name: &'a Name,
    args: &'a [Expr],
) -> Option<GatewayCall<'a>> {
    walker.is_asynchronous(called).then(|| GatewayCall {
        name,
        args,
        params: walker.parameters_of(called),
        param_names: called.def.params.iter().map(name_of).collect(),
        result: walker.result_of(called),
    })
}

fn is_self(receiver: &Expr) -> bool {
    match &receiver.kind {
        ExprKind::Path(path) => path.as_ident() == Some("self"),
        ExprKind::Place(inner) => is_self(inner),
        _ => false,
    }
}

/// `self.gateway`, but not `self` itself and not what a call of it gave.
fn is_of_self(receiver: &Expr) -> bool {
    match &receiver.kind {
        ExprKind::Field { base, .. } => is_self(base) || is_of_self(base),
        ExprKind::Place(inner) => is_of_self(inner),
        _ => false,
    }
}

fn name_of(param: &crate::syntax::Param) -> &str {
    param.pat.name().unwrap_or_default()
}
