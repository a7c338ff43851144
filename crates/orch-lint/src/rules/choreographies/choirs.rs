//! What is registered with the builders of choreographies, by the input of their sagas.

use crate::known;
use crate::model::infer::Walker;
use crate::model::{DefId, Function, RTy, Res};
use crate::rules::mentions::bindings;
use crate::rules::sagas::input_of;
use crate::rules::{At, Check};
use crate::syntax::{Expr, ExprKind, Pos, Span};

/// Everything that is registered.
#[derive(Default)]
pub(super) struct Choirs<'a> {
    /// By saga.
    pub(super) list: Vec<Choir<'a>>,
    /// Why no handler is certainly missing, whatever the saga.
    pub(super) doubt: Option<&'static str>,
}

/// The handlers of one saga.
pub(super) struct Choir<'a> {
    /// The input of the saga.
    pub(super) input: DefId,
    /// Where they are registered.
    pub(super) at: At,
    /// Those that are known.
    pub(super) registered: Vec<Registered<'a>>,
    /// Whether the runtime's own for every step are among them.
    pub(super) has_usual: bool,
    /// Why there may be more.
    pub(super) doubt: Option<&'static str>,
}

/// One `.handler(..)`.
pub(super) enum Registered<'a> {
    /// A type of the project.
    Own(DefId),
    /// The runtime's handler of this step.
    Step(&'a str),
    /// Another one of the runtime.
    Usual(&'static str),
}

/// Methods of a builder that give it again.
const SAME: &[&str] = &[
    "bus",
    "config",
    "expect",
    "handler",
    "handlers_of",
    "map_err",
    "metrics",
    "nats",
    "unwrap",
];

/// A builder in one function, and what happens to it there.
struct Part<'a> {
    origin: Origin<'a>,
    input: Option<DefId>,
    registered: Vec<Registered<'a>>,
    has_usual: bool,
    doubt: Option<&'static str>,
}

/// Where a builder comes from.
#[derive(Clone, Copy)]
enum Origin<'a> {
    /// It is made here, of these sagas.
    Made(&'a Expr, Span),
    /// It is this parameter.
    Given(usize),
    /// It is a value of that type.
    Somewhere,
}

impl PartialEq for Origin<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Origin::Made(of, _), Origin::Made(other, _)) => std::ptr::eq(*of, *other),
            (Origin::Given(of), Origin::Given(other)) => of == other,
            (Origin::Somewhere, Origin::Somewhere) => true,
            _ => false,
        }
    }
}

/// Reads all functions.
pub(super) fn all<'a>(check: &Check<'_, 'a>) -> Choirs<'a> {
    const WORDS: &[&str] = &["handler", "handlers_of", "choreography", "Choreography"];
    let mut choirs = Choirs::default();
    for function in check.functions.iter().filter(|of| of.body.mentions(WORDS)) {
        if !check.workspace.knows_runtime(function.module) {
            continue;
        }
        for part in parts(check, function) {
            choirs.add(check, function, part);
        }
    }
    choirs
}

impl<'a> Choirs<'a> {
    fn add(&mut self, check: &Check<'_, 'a>, function: &Function<'a>, part: Part<'a>) {
        let is_idle = part.registered.is_empty() && !part.has_usual && part.doubt.is_none();
        let Some(input) = part.input else {
            if !is_idle {
                self.doubt = Some("handlers are registered for a saga that is not known");
            }
            return;
        };
        let span = match part.origin {
            Origin::Made(_, span) => span,
            Origin::Given(at) => function.def.params[at].pat.span,
            Origin::Somewhere => return,
        };
        let at = check.at(function.file, span, function.path(check.workspace));
        let known = self.list.iter_mut().find(|of| of.input == input);
        let Some(choir) = known else {
            self.list.push(Choir {
                input,
                at,
                registered: part.registered,
                has_usual: part.has_usual,
                doubt: part.doubt,
            });
            return;
        };
        if choir.registered.is_empty() && !part.registered.is_empty() {
            choir.at = at;
        }
        choir.registered.extend(part.registered);
        choir.has_usual |= part.has_usual;
        choir.doubt = choir.doubt.or(part.doubt);
    }
}

/// One function.
struct Reading<'f, 'a> {
    function: &'f Function<'a>,
    bound: Vec<(&'a str, &'a Expr)>,
}

fn parts<'a>(check: &Check<'_, 'a>, function: &Function<'a>) -> Vec<Part<'a>> {
    let reading = Reading {
        function,
        bound: bindings(function.body),
    };
    let mut parts: Vec<Part<'a>> = Vec::new();
    let mut walker = function.walker(check.workspace);
    walker.block(function.body, &mut |walker, expr| {
        reading.see(walker, expr, &mut parts);
    });
    parts
}

impl<'a> Reading<'_, 'a> {
    fn see(&self, walker: &Walker<'_, 'a>, expr: &'a Expr, parts: &mut Vec<Part<'a>>) {
        let (callee, args) = match &expr.kind {
            ExprKind::Method {
                receiver,
                name,
                args,
            } => {
                if SAME.contains(&name.text.as_str())
                    && let Some(origin) = self.origin(walker, receiver)
                {
                    let part = self.part(walker, origin, parts);
                    match (name.text.as_str(), args.as_slice()) {
                        ("handler", [handler]) => match self.registered(walker, handler) {
                            Some(found) => part.registered.push(found),
                            None => part.doubt = Some("it is not clear what is registered"),
                        },
                        ("handlers_of", _) => part.has_usual = true,
                        _ => {}
                    }
                }
                (None, args)
            }
            ExprKind::Call { callee, args } => (Some(callee), args),
            _ => return,
        };
        if let Some(origin) = self.made(walker, expr) {
            self.part(walker, origin, parts);
        }
        let is_followed = callee.is_some_and(|callee| match &callee.kind {
            ExprKind::Path(path) => match walker.resolve(path) {
                Res::Def(_) | Res::Assoc(..) => true,
                _ => matches!(path.as_ident(), Some("Ok" | "Some")),
            },
            _ => false,
        });
        for arg in args {
            if let Some(origin) = self.origin(walker, arg) {
                let part = self.part(walker, origin, parts);
                if !is_followed {
                    part.doubt = Some("the builder goes where it is not followed");
                }
            }
        }
    }

    /// What is known of a builder so far.
    fn part<'p>(
        &self,
        walker: &Walker<'_, 'a>,
        origin: Origin<'a>,
        parts: &'p mut Vec<Part<'a>>,
    ) -> &'p mut Part<'a> {
        let at = parts.iter().position(|of| of.origin == origin);
        let at = at.unwrap_or_else(|| {
            parts.push(Part {
                origin,
                input: self.input(walker, origin),
                registered: Vec::new(),
                has_usual: false,
                doubt: None,
            });
            parts.len() - 1
        });
        &mut parts[at]
    }

    /// The input of the sagas that a builder is for.
    fn input(&self, walker: &Walker<'_, 'a>, origin: Origin<'a>) -> Option<DefId> {
        match origin {
            Origin::Made(sagas, _) => input_of(&walker.type_of(sagas)?, "Sagas"),
            Origin::Given(_) => {
                let params = self.function.def.params.iter();
                let of = params.filter_map(|param| input_of(&walker.parameter(param), "Sagas"));
                let mut of: Vec<DefId> = of.collect();
                of.dedup();
                match of.as_slice() {
                    [only] => Some(*only),
                    _ => None,
                }
            }
            Origin::Somewhere => None,
        }
    }

    /// `setup.choreography(&sagas)` and `Choreography::builder(&sagas)`.
    fn made(&self, walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<Origin<'a>> {
        match &expr.kind {
            ExprKind::Method {
                receiver,
                name,
                args,
            } if name.text == "choreography" => match args.as_slice() {
                [sagas] if walker.type_of(receiver)?.is_runtime("Setup") => {
                    Some(Origin::Made(sagas, name.span))
                }
                _ => None,
            },
            ExprKind::Call { callee, args } => {
                let (ExprKind::Path(path), [sagas]) = (&callee.kind, args.as_slice()) else {
                    return None;
                };
                let found = walker.resolve(path);
                let (last, of) = found.external()?.split_last()?;
                let is_it = last == "builder" && known::is_runtime(of, "Choreography");
                is_it.then_some(Origin::Made(sagas, path.span))
            }
            _ => None,
        }
    }

    /// Where the builder comes from that an expression is.
    fn origin(&self, walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<Origin<'a>> {
        if let Some(made) = self.made(walker, expr) {
            return Some(made);
        }
        let is_builder = |ty: &RTy| ty.settled().is_runtime("ChoreographyBuilder");
        match &expr.kind {
            ExprKind::Method { receiver, name, .. } if SAME.contains(&name.text.as_str()) => {
                self.origin(walker, receiver)
            }
            ExprKind::Place(inner) | ExprKind::Try(inner) => self.origin(walker, inner),
            ExprKind::Call { args, .. } => {
                let is_wrapped = matches!(&expr.kind, ExprKind::Call { callee, .. }
                    if matches!(&callee.kind, ExprKind::Path(path)
                        if matches!(path.as_ident(), Some("Ok" | "Some"))));
                if !is_wrapped && !walker.type_of(expr).is_some_and(|ty| is_builder(&ty)) {
                    return None;
                }
                let mut given = args.iter().filter_map(|arg| self.origin(walker, arg));
                given.next().or((!is_wrapped).then_some(Origin::Somewhere))
            }
            ExprKind::Path(path) => {
                let name = path.as_ident()?;
                if let Some(init) = self.init(name, expr.span.start) {
                    return self.origin(walker, init);
                }
                let params = &self.function.def.params;
                let at = params.iter().position(|of| of.pat.name() == Some(name));
                if let Some(at) = at {
                    let is_it = is_builder(&walker.parameter(&params[at]));
                    return is_it.then_some(Origin::Given(at));
                }
                let ty = walker.type_of(expr)?;
                is_builder(&ty).then_some(Origin::Somewhere)
            }
            ExprKind::Field { .. } | ExprKind::Method { .. } => {
                let ty = walker.type_of(expr)?;
                is_builder(&ty).then_some(Origin::Somewhere)
            }
            _ => None,
        }
    }

    fn init(&self, name: &str, before: Pos) -> Option<&'a Expr> {
        let earlier = self.bound.iter().rev();
        let mut earlier = earlier.filter(|(of, init)| *of == name && init.span.end <= before);
        earlier.next().map(|(_, init)| *init)
    }

    /// What is given to `.handler(..)`.
    fn registered(&self, walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<Registered<'a>> {
        let ty = walker.type_of(expr)?;
        match ty.settled() {
            RTy::Local(id, _) => Some(Registered::Own(*id)),
            ty if ty.is_runtime("StepHandler") => self.step_of(expr).map(Registered::Step),
            ty => {
                let mut usual = ["CompensationHandler", "ToleratedFailureHandler"].into_iter();
                usual
                    .find(|name| ty.is_runtime(name))
                    .map(Registered::Usual)
            }
        }
    }

    /// The step of `StepHandler::new(&sagas, "pay")`.
    fn step_of(&self, expr: &'a Expr) -> Option<&'a str> {
        match &expr.kind {
            ExprKind::Method { receiver, .. } => self.step_of(receiver),
            ExprKind::Try(inner) | ExprKind::Place(inner) => self.step_of(inner),
            ExprKind::Call { args, .. } => match args.as_slice() {
                [_, step] => step.as_text(),
                _ => None,
            },
            ExprKind::Path(path) => self.step_of(self.init(path.as_ident()?, expr.span.start)?),
            _ => None,
        }
    }
}
