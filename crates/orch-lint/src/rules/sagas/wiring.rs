//! What is registered for the steps of a saga, in one function each.

use std::ptr;

use crate::known;
use crate::load::FileId;
use crate::model::{DefId, Function, ModuleId, Res, Workspace};
use crate::rules::Check;
use crate::rules::mentions::bindings;
use crate::syntax::{Expr, ExprKind, ItemKind, Path, Pos, Span, visit};

use super::input_of;
use super::plans::{Plan, peeled};

/// The steps that one builder is given in one function.
#[derive(Debug)]
pub(in crate::rules) struct Wiring<'a> {
    /// Where.
    pub(in crate::rules) file: FileId,
    /// The function.
    pub(in crate::rules) item: String,
    /// The steps.
    pub(in crate::rules) steps: Vec<Wired<'a>>,
    /// Whether these are all: every name is written out, and the builder is built right here.
    pub(in crate::rules) is_whole: bool,
    /// The input of the saga.
    pub(in crate::rules) input: Option<DefId>,
    /// The plan, by its place among all.
    pub(super) plan: Option<usize>,
}

/// One `.step("pay", …)`.
#[derive(Debug)]
pub(in crate::rules) struct Wired<'a> {
    /// The name.
    pub(in crate::rules) name: &'a str,
    /// Where that stands.
    pub(in crate::rules) span: Span,
    /// What is registered.
    pub(in crate::rules) does: Does,
}

/// What is registered for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Does {
    /// `Call::new(..)` at this place, and whether something undoes it.
    Call(Span, bool),
    /// `Local::new(..)` of this type.
    Local(DefId),
    /// A step of this type of the project.
    Own(DefId),
    /// It cannot be told.
    Unclear,
}

/// Where a builder comes from.
#[derive(Debug, Clone, Copy)]
enum Origin<'a> {
    /// It is made of this plan.
    Made(&'a Expr),
    /// It is this parameter.
    Given(usize),
}

impl PartialEq for Origin<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Origin::Made(of), Origin::Made(other)) => ptr::eq(*of, *other),
            (Origin::Given(of), Origin::Given(other)) => of == other,
            (Origin::Made(_), Origin::Given(_)) | (Origin::Given(_), Origin::Made(_)) => false,
        }
    }
}

/// A builder that a function gets from another one.
struct Handing {
    function: usize,
    param: usize,
    plan: Option<usize>,
}

/// All builders; plans that are written where they are used are added.
pub(super) fn all<'a>(check: &Check<'_, 'a>, plans: &mut Vec<Plan<'a>>) -> Vec<Wiring<'a>> {
    let mut found = Vec::new();
    let mut handings = Vec::new();
    for (at, function) in check.functions.iter().enumerate() {
        let makes = function.body.mentions(&["sagas", "Sagas"]);
        let registers = function.body.mentions(&["step"]) && may_register(check, function);
        if !makes && !registers {
            continue;
        }
        let body = Builders::of(check, function);
        if makes {
            handings.extend(body.handings(plans));
        }
        for (origin, steps) in body.registered() {
            let plan = match origin {
                Origin::Made(list) => body.plan(list, plans),
                Origin::Given(_) => None,
            };
            found.push((at, origin, body.wiring(origin, steps, plan)));
        }
    }
    for (at, origin, wiring) in &mut found {
        if let Origin::Given(param) = origin {
            wiring.plan = given(&handings, *at, *param);
        }
    }
    found.into_iter().map(|(_, _, wiring)| wiring).collect()
}

/// Whether a function has anything to do with builders: it makes one, or is given one.
fn may_register(check: &Check<'_, '_>, function: &Function<'_>) -> bool {
    let is_builder = |param: &crate::syntax::Param| {
        let walker = function.walker(check.workspace);
        walker.parameter(param).is_runtime("SagasBuilder")
    };
    check.workspace.knows_runtime(function.module) && function.def.params.iter().any(is_builder)
}

/// The one plan that a function is given a builder of.
fn given(handings: &[Handing], function: usize, param: usize) -> Option<usize> {
    let own = handings.iter();
    let mut own = own.filter(|of| of.function == function && of.param == param);
    let first = own.next()?.plan?;
    own.all(|of| of.plan == Some(first)).then_some(first)
}

/// The builders of one function.
struct Builders<'f, 'w, 'a> {
    check: &'f Check<'w, 'a>,
    function: &'f Function<'a>,
    bound: Vec<(&'a str, &'a Expr)>,
}

impl<'f, 'w, 'a> Builders<'f, 'w, 'a> {
    fn of(check: &'f Check<'w, 'a>, function: &'f Function<'a>) -> Self {
        Builders {
            check,
            function,
            bound: bindings(function.body),
        }
    }

    fn workspace(&self) -> &'w Workspace<'a> {
        self.check.workspace
    }

    fn module(&self) -> ModuleId {
        self.function.module
    }

    /// What a name is bound to before a place; the last one counts.
    fn bound(&self, name: &str, before: Pos) -> Option<&'a Expr> {
        let earlier = self.bound.iter().rev();
        let mut earlier = earlier.filter(|(of, init)| *of == name && init.span.end <= before);
        earlier.next().map(|(_, init)| *init)
    }

    /// Where the builder comes from that an expression is.
    fn origin(&self, expr: &'a Expr) -> Option<Origin<'a>> {
        match &expr.kind {
            ExprKind::Method {
                receiver,
                name,
                args,
            } => match (name.text.as_str(), args.as_slice()) {
                ("sagas", [_, plan]) => Some(Origin::Made(plan)),
                ("build", _) => None,
                _ => self.origin(receiver),
            },
            ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
                (ExprKind::Path(path), [_, _, plan]) if self.makes(path) => {
                    Some(Origin::Made(plan))
                }
                _ => None,
            },
            ExprKind::Place(inner) | ExprKind::Try(inner) => self.origin(inner),
            ExprKind::Path(path) => {
                let name = path.as_ident()?;
                if let Some(init) = self.bound(name, expr.span.start) {
                    return self.origin(init);
                }
                let params = self.function.def.params.iter();
                let at = params
                    .into_iter()
                    .position(|of| of.pat.name() == Some(name));
                let walker = self.function.walker(self.workspace());
                let ty = walker.parameter(&self.function.def.params[at?]);
                ty.is_runtime("SagasBuilder").then_some(Origin::Given(at?))
            }
            _ => None,
        }
    }

    /// Whether a path is `Sagas::builder`.
    fn makes(&self, path: &Path) -> bool {
        let found = self.workspace().resolve_value(self.module(), path);
        found
            .external()
            .is_some_and(|path| match path.split_last() {
                Some((last, of)) => last == "builder" && known::is_runtime(of, "Sagas"),
                None => false,
            })
    }

    /// A plan that is named or written here.
    fn plan(&self, list: &'a Expr, plans: &mut Vec<Plan<'a>>) -> Option<usize> {
        let list = peeled(list);
        if let ExprKind::Path(path) = &list.kind {
            if let Some(init) = path
                .as_ident()
                .and_then(|name| self.bound(name, list.span.start))
            {
                return self.plan(init, plans);
            }
            let Res::Def(id) = self.workspace().resolve_value(self.module(), path) else {
                return None;
            };
            let ItemKind::Const(_, value) = &self.workspace().def(id).item.kind else {
                return None;
            };
            return plans.iter().position(|plan| plan.is(value));
        }
        let known = plans.iter().position(|plan| plan.is(list));
        known.or_else(|| {
            let (module, file) = (self.module(), self.function.file);
            let item = self.function.path(self.workspace());
            plans.push(Plan::read(self.workspace(), module, file, item, list)?);
            Some(plans.len() - 1)
        })
    }

    /// The calls of `step`, by where their builder comes from.
    fn registered(&self) -> Vec<(Origin<'a>, Vec<&'a [Expr]>)> {
        let mut found: Vec<(Origin<'a>, Vec<&'a [Expr]>)> = Vec::new();
        visit::each_in_block(self.function.body, &mut |expr| {
            let ExprKind::Method {
                receiver,
                name,
                args,
            } = &expr.kind
            else {
                return;
            };
            if name.text != "step" || args.len() != 2 {
                return;
            }
            let Some(origin) = self.origin(receiver) else {
                return;
            };
            match found.iter_mut().find(|(of, _)| *of == origin) {
                Some((_, steps)) => steps.push(args),
                None => found.push((origin, vec![args])),
            }
        });
        found
    }

    fn wiring(
        &self,
        origin: Origin<'a>,
        steps: Vec<&'a [Expr]>,
        plan: Option<usize>,
    ) -> Wiring<'a> {
        let count = steps.len();
        let read = steps.into_iter().filter_map(|args| {
            let [name, does] = args else {
                return None;
            };
            Some(Wired {
                name: name.as_text()?,
                span: name.span,
                does: self.does(does),
            })
        });
        let steps: Vec<Wired<'a>> = read.collect();
        let walker = self.function.walker(self.workspace());
        let input = match origin {
            Origin::Given(at) => {
                let ty = walker.parameter(&self.function.def.params[at]);
                input_of(&ty, "SagasBuilder")
            }
            Origin::Made(_) => {
                let output = self.function.def.output.as_ref();
                output.and_then(|ty| input_of(&walker.written(ty), "Sagas"))
            }
        };
        Wiring {
            file: self.function.file,
            item: self.function.path(self.workspace()),
            is_whole: steps.len() == count && self.is_built(origin) && !self.is_handed_on(origin),
            steps,
            input,
            plan,
        }
    }

    fn is_built(&self, origin: Origin<'a>) -> bool {
        let mut found = false;
        visit::each_in_block(self.function.body, &mut |expr| {
            if let ExprKind::Method { receiver, name, .. } = &expr.kind {
                found |= name.text == "build" && self.origin(receiver) == Some(origin);
            }
        });
        found
    }

    fn is_handed_on(&self, origin: Origin<'a>) -> bool {
        let mut found = false;
        self.each_argument(&mut |_, _, arg| found |= self.origin(arg) == Some(origin));
        found
    }

    /// Calls `see` for each argument of each call, with what is called and the place among the arguments.
    fn each_argument(&self, see: &mut dyn FnMut(Option<&'a Path>, usize, &'a Expr)) {
        visit::each_in_block(self.function.body, &mut |expr| {
            let (callee, args) = match &expr.kind {
                ExprKind::Call { callee, args } => match &callee.kind {
                    ExprKind::Path(path) => (Some(path), args),
                    _ => (None, args),
                },
                ExprKind::Method { args, .. } => (None, args),
                _ => return,
            };
            for (at, arg) in args.iter().enumerate() {
                see(callee, at, arg);
            }
        });
    }

    /// The functions of the project that get a builder from this one.
    fn handings(&self, plans: &mut Vec<Plan<'a>>) -> Vec<Handing> {
        let mut handed = Vec::new();
        self.each_argument(&mut |callee, param, arg| {
            if let (Some(callee), Some(Origin::Made(list))) = (callee, self.origin(arg)) {
                handed.push((callee, param, list));
            }
        });
        let mut found = Vec::new();
        for (callee, param, list) in handed {
            let Res::Def(id) = self.workspace().resolve_value(self.module(), callee) else {
                continue;
            };
            let ItemKind::Fn(function) = &self.workspace().def(id).item.kind else {
                continue;
            };
            if let Some(function) = self.check.calls.index_of(function) {
                let plan = self.plan(list, plans);
                found.push(Handing {
                    function,
                    param,
                    plan,
                });
            }
        }
        found
    }

    /// What is registered.
    fn does(&self, expr: &'a Expr) -> Does {
        let mut undone = false;
        let mut at = expr;
        loop {
            at = match &at.kind {
                ExprKind::Method { receiver, name, .. } => {
                    undone |= name.text == "undone_by";
                    receiver
                }
                ExprKind::Path(path) => {
                    let init = path.as_ident().and_then(|of| self.bound(of, at.span.start));
                    match init {
                        Some(init) => init,
                        None => return self.own(at),
                    }
                }
                ExprKind::Call { callee, args } => {
                    let (ExprKind::Path(path), Some(first)) = (&callee.kind, args.first()) else {
                        return self.own(at);
                    };
                    return match self.made_by(path) {
                        Some("Call") => Does::Call(path.span, undone),
                        Some(_) => self.type_of(first).map_or(Does::Unclear, Does::Local),
                        None => self.own(at),
                    };
                }
                _ => return self.own(at),
            };
        }
    }

    /// `Call` of `Call::new`, `Local` of `Local::new` and of `Local(..)`.
    fn made_by(&self, path: &Path) -> Option<&'static str> {
        let found = self.workspace().resolve_value(self.module(), path);
        let path = found.external()?;
        let of = path.strip_suffix(&["new".to_owned()]).unwrap_or(path);
        let mut names = ["Call", "Local"].into_iter();
        names.find(|name| known::is_runtime(of, name))
    }

    fn own(&self, expr: &'a Expr) -> Does {
        self.type_of(expr).map_or(Does::Unclear, Does::Own)
    }

    /// The type of the project that a value is: `Pack`, `Pack { .. }`, `Pack::new(..)`.
    fn type_of(&self, expr: &'a Expr) -> Option<DefId> {
        let (workspace, module) = (self.workspace(), self.module());
        let is_struct = |id: &DefId| matches!(workspace.def(*id).item.kind, ItemKind::Struct(..));
        let found = match &expr.kind {
            ExprKind::Path(path) => match path
                .as_ident()
                .and_then(|of| self.bound(of, expr.span.start))
            {
                Some(init) => return self.type_of(init),
                None => workspace.resolve_value(module, path),
            },
            ExprKind::Struct { path, .. } => workspace.resolve_type(module, path),
            ExprKind::Call { callee, .. } => match &callee.kind {
                ExprKind::Path(path) => match workspace.resolve_value(module, path) {
                    Res::Assoc(id, _) => Res::Def(id),
                    found => found,
                },
                _ => return None,
            },
            _ => return None,
        };
        match found {
            Res::Def(id) => Some(id).filter(is_struct),
            _ => None,
        }
    }
}
