//! Handlers of events: what each is called, and what it subscribes to.
//!
//! Lists of names are read through `Self::SUBSCRIPTIONS`, constants, variables, and what makes texts of the
//! variants of an enum. What is made at run time cannot be read.

use super::subscription::{List, Subscription};
use crate::model::{DefId, ImplBlock, ModuleId, RTy, Res, Workspace};
use crate::rules::mentions::bindings;
use crate::rules::{At, Check};
use crate::syntax::{
    AssocItem, Expr, ExprKind, FnDef, ImplDef, ItemKind, PatKind, Path, Pos, Stmt, visit,
};

/// One `impl EventHandler for T`.
pub(super) struct Handler<'a> {
    /// The type.
    pub(super) id: DefId,
    /// Its name, where it is written out.
    pub(super) name: Option<&'a str>,
    /// What it subscribes to, where that is written out.
    pub(super) heard: Option<Vec<Heard<'a>>>,
    /// Where that stands.
    pub(super) at: At,
    /// The list of a constant, where variants of an enum are in it.
    list: Option<List<'a>>,
}

/// An event that a handler subscribes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    /// Its name.
    name: &'a str,
    /// The enum that it is a variant of.
    of: Option<DefId>,
}

impl Handler<'_> {
    /// Whether it hears of an event, where that can be told.
    pub(super) fn hears(&self, event: &str) -> Option<bool> {
        let heard = self.heard.as_ref()?;
        Some(heard.iter().any(|of| of.name == event))
    }

    /// What has it hear of an event, too.
    pub(super) fn subscription(
        &self,
        workspace: &Workspace<'_>,
        event: &str,
    ) -> Option<Subscription> {
        let list = self.list.as_ref()?;
        list.with(workspace, |variant| {
            text_of(workspace, list.of, variant) == Some(event)
        })
    }

    /// The enums of which it hears a variant.
    pub(super) fn enums(&self) -> impl Iterator<Item = DefId> {
        self.heard.iter().flatten().filter_map(|heard| heard.of)
    }
}

/// All handlers of the project.
pub(super) fn all<'a>(check: &Check<'_, 'a>) -> Vec<Handler<'a>> {
    let blocks = check.workspace.runtime_impls("EventHandler");
    blocks.filter_map(|block| handler(check, block)).collect()
}

fn handler<'a>(check: &Check<'_, 'a>, block: &ImplBlock<'a>) -> Option<Handler<'a>> {
    let workspace = check.workspace;
    let RTy::Local(id, _) = workspace.self_type(block) else {
        return None;
    };
    let def: &'a ImplDef = block.def;
    let (item, subscriptions) = def.method("subscriptions")?;
    let name = def.method("name").and_then(|(_, of)| {
        let reading = Reading::of(workspace, id, block.module, of);
        reading.text(value(of)?)
    });
    let reading = Reading::of(workspace, id, block.module, subscriptions);
    let heard = value(subscriptions).and_then(|of| reading.list(of));
    let listed = value(subscriptions).and_then(|of| reading.listed_in(of));
    let (span, file) = match &listed {
        Some((constant, file)) => (constant.name.span, *file),
        None => (item.name.span, block.file),
    };
    let list = listed.and_then(|(constant, _)| List::of(workspace, block.module, constant));
    Some(Handler {
        id,
        name,
        heard,
        at: check.at(file, span, workspace.path_of(id)),
        list,
    })
}

/// What a function gives, when that is its last expression.
fn value(of: &FnDef) -> Option<&Expr> {
    let body = of.body.as_ref()?;
    match body.stmts.last() {
        Some(Stmt::Expr(value)) if body.has_value => Some(value),
        _ => None,
    }
}

/// The name on the bus of a variant: what `as_str` says for it.
pub(super) fn text_of<'a>(workspace: &Workspace<'a>, id: DefId, variant: &str) -> Option<&'a str> {
    let ItemKind::Enum(..) = &workspace.def(id).item.kind else {
        return None;
    };
    let found = workspace.impls_of(id).find_map(|block| {
        let def: &'a ImplDef = block.def;
        def.method("as_str")
    });
    let (_, function) = found?;
    let ExprKind::Match { arms, .. } = &value(function)?.kind else {
        return None;
    };
    let mut own = arms.iter().filter(|arm| match &arm.pat.kind {
        PatKind::Path(path) => path.last().is_some_and(|last| last.name.text == variant),
        _ => false,
    });
    own.next()?.body.as_text()
}

/// One function whose value is read.
struct Reading<'w, 'a> {
    workspace: &'w Workspace<'a>,
    owner: DefId,
    module: ModuleId,
    bound: Vec<(&'a str, &'a Expr)>,
}

/// How deep constants may name each other.
const MAX_DEPTH: usize = 8;

impl<'w, 'a> Reading<'w, 'a> {
    fn of(workspace: &'w Workspace<'a>, owner: DefId, module: ModuleId, of: &'a FnDef) -> Self {
        Reading {
            workspace,
            owner,
            module: workspace.body_module(of, module),
            bound: of
                .body
                .as_ref()
                .map(|body| bindings(body))
                .unwrap_or_default(),
        }
    }

    /// One text.
    fn text(&self, expr: &'a Expr) -> Option<&'a str> {
        match self.list(expr)?.as_slice() {
            [only] => Some(only.name),
            _ => None,
        }
    }

    /// All that is in a list.
    fn list(&self, expr: &'a Expr) -> Option<Vec<Heard<'a>>> {
        self.list_at(expr, self.module, 0)
    }

    fn list_at(&self, expr: &'a Expr, module: ModuleId, depth: usize) -> Option<Vec<Heard<'a>>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let inner = |of| self.list_at(of, module, depth + 1);
        match &expr.kind {
            ExprKind::Str(text) => Some(vec![Heard {
                name: text,
                of: None,
            }]),
            ExprKind::Place(of) | ExprKind::Try(of) => inner(of),
            ExprKind::Group(parts) => parts
                .iter()
                .map(inner)
                .collect::<Option<Vec<_>>>()
                .map(|lists| lists.concat()),
            ExprKind::Macro(call) if call.body.opaque.is_empty() => {
                let is_vec = call.path.as_ident() == Some("vec");
                let parts = call.body.parts.iter().filter(|_| is_vec);
                let lists = parts.map(|part| match part {
                    Stmt::Expr(part) => inner(part),
                    Stmt::Let { .. } => None,
                });
                let lists = lists.collect::<Option<Vec<_>>>()?;
                is_vec.then(|| lists.concat())
            }
            ExprKind::Method {
                receiver,
                name,
                args,
            } => match args.as_slice() {
                [] => keeps(&name.text).then(|| inner(receiver))?,
                [made] if name.text == "map" && makes_text(made) => inner(receiver),
                _ => None,
            },
            ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
                (ExprKind::Path(path), [only]) if self.passes_on(path, module) => inner(only),
                (ExprKind::Path(path), []) if is_empty_list(path) => Some(Vec::new()),
                _ => None,
            },
            ExprKind::Path(path) => self.named(path, expr.span.start, module, depth),
            _ => None,
        }
    }

    /// A variable, a constant or a variant.
    fn named(
        &self,
        path: &'a Path,
        before: Pos,
        module: ModuleId,
        depth: usize,
    ) -> Option<Vec<Heard<'a>>> {
        if let Some(init) = path.as_ident().and_then(|name| self.init(name, before)) {
            return self.list_at(init, module, depth + 1);
        }
        if let Some((item, module, _)) = self.own_constant(path, module) {
            let crate::syntax::AssocKind::Const(Some(value)) = &item.kind else {
                return None;
            };
            return self.list_at(value, module, depth + 1);
        }
        match self.workspace.resolve_value(module, path) {
            Res::Variant(id, name) => Some(vec![Heard {
                name: text_of(self.workspace, id, &name)?,
                of: Some(id),
            }]),
            Res::Def(id) => {
                let def = self.workspace.def(id);
                match &def.item.kind {
                    ItemKind::Const(_, value) => self.list_at(value, def.module, depth + 1),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn init(&self, name: &str, before: Pos) -> Option<&'a Expr> {
        let earlier = self.bound.iter().rev();
        let mut earlier = earlier.filter(|(of, init)| *of == name && init.span.end <= before);
        earlier.next().map(|(_, init)| *init)
    }

    /// `Self::SUBSCRIPTIONS`, and the same of another type of the project: the constant, the module its names
    /// are looked up in, and its file.
    fn own_constant(
        &self,
        path: &Path,
        module: ModuleId,
    ) -> Option<(&'a AssocItem, ModuleId, crate::load::FileId)> {
        let (front, last) = (path.parent()?, path.last()?);
        let id = match front.as_ident() {
            Some("Self") => self.owner,
            _ => match self.workspace.resolve_type(module, &front) {
                Res::Def(id) => id,
                _ => return None,
            },
        };
        self.workspace.impls_of(id).find_map(|block| {
            let def: &'a ImplDef = block.def;
            let is_it = |item: &&AssocItem| {
                let is_const = matches!(item.kind, crate::syntax::AssocKind::Const(_));
                is_const && item.name.text == last.name.text
            };
            let item = def.items.iter().find(is_it)?;
            Some((item, block.module, block.file))
        })
    }

    /// Whether a function gives what it is given as texts: `PurchaseEvent::names`, `String::from`.
    fn passes_on(&self, path: &Path, module: ModuleId) -> bool {
        match self.workspace.resolve_value(module, path) {
            Res::Assoc(id, name) => {
                let item = self.workspace.def(id).item;
                name == "names" && matches!(item.kind, ItemKind::Enum(..))
            }
            Res::Def(_) | Res::Variant(..) | Res::Module(_) => false,
            Res::External(_) | Res::Unknown => {
                let last = path.last().map(|last| last.name.text.as_str());
                let front = path
                    .parent()
                    .and_then(|of| of.as_ident().map(str::to_owned));
                let front = front.as_deref();
                matches!((front, last), (Some("String" | "Vec"), Some("from")))
            }
        }
    }

    /// Where the constant stands that holds the list.
    fn listed_in(&self, expr: &'a Expr) -> Option<(&'a AssocItem, crate::load::FileId)> {
        let mut found = None;
        visit::each(expr, &mut |expr| {
            if let ExprKind::Path(path) = &expr.kind
                && let Some((item, _, file)) = self.own_constant(path, self.module)
            {
                found = found.or(Some((item, file)));
            }
        });
        found
    }
}

/// Methods that give the same names in another form.
fn keeps(method: &str) -> bool {
    const NAMES: &[&str] = &[
        "as_slice",
        "as_str",
        "cloned",
        "clone",
        "collect",
        "copied",
        "into",
        "into_iter",
        "into_vec",
        "iter",
        "to_owned",
        "to_string",
        "to_vec",
    ];
    NAMES.contains(&method)
}

/// Whether `map` with it gives the same names: `str::to_owned`, `|event| event.as_str().to_owned()`.
fn makes_text(made: &Expr) -> bool {
    match &made.kind {
        ExprKind::Path(path) => path
            .last()
            .is_some_and(|last| keeps(&last.name.text) || last.name.text == "from"),
        ExprKind::Closure { params, body } => {
            let [param] = params.as_slice() else {
                return false;
            };
            let mut of: &Expr = body;
            loop {
                of = match &of.kind {
                    ExprKind::Method {
                        receiver,
                        name,
                        args,
                    } if args.is_empty() && keeps(&name.text) => receiver,
                    ExprKind::Place(inner) => inner,
                    ExprKind::Path(path) => return path.as_ident() == param.name(),
                    _ => return false,
                };
            }
        }
        _ => false,
    }
}

/// `Vec::new`.
fn is_empty_list(path: &Path) -> bool {
    let front = path
        .parent()
        .and_then(|of| of.as_ident().map(str::to_owned));
    let last = path.last().map(|last| last.name.text.as_str());
    front.as_deref() == Some("Vec") && last == Some("new")
}
