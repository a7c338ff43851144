//! What is registered for the steps of a saga, in one function each.

use crate::load::FileId;
use crate::model::{DefId, Function};
use crate::rules::Check;
use crate::syntax::{Expr, ExprKind, Path, Span, visit};

use super::builders::{Builders, Does, Origin};
use super::input_of;
use super::names::EventNames;
use super::plans::Plan;

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
    /// How its events are called.
    pub(in crate::rules) told: Told<'a>,
    /// The plan, by its place among all.
    pub(super) plan: Option<usize>,
}

/// What a builder is told of events.
#[derive(Debug, Clone)]
pub(in crate::rules) enum Told<'a> {
    /// Nothing, where it is given its steps.
    Nothing,
    /// Their names.
    Names(EventNames<'a>),
    /// Names that cannot be read.
    Unclear,
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

impl<'a> Builders<'_, '_, 'a> {
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
            told: self.told(origin),
            plan,
        }
    }

    /// `.events(SagaEvents::of("Order"))`.
    fn told(&self, origin: Origin<'a>) -> Told<'a> {
        let mut told = Told::Nothing;
        visit::each_in_block(self.function.body, &mut |expr| {
            if let ExprKind::Method {
                receiver,
                name,
                args,
            } = &expr.kind
                && name.text == "events"
                && let [names] = args.as_slice()
                && self.origin(receiver) == Some(origin)
            {
                told = match (&told, EventNames::read(self, names)) {
                    (Told::Nothing, Some(names)) => Told::Names(names),
                    _ => Told::Unclear,
                };
            }
        });
        told
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
            let called = self.called(callee);
            if let Some(function) = called.and_then(|of| self.check.calls.index_of(of.def)) {
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
}
