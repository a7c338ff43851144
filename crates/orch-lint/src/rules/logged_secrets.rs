//! Secrets that a function shows to people: in macros that log, in spans and in the texts of errors.
//!
//! A variable is no secret for its name alone when it is bound to something else: a text that is written down, a
//! `format!` without the secret, or what a function like `mask` gives. One of any name is a secret when it is
//! bound once, for good, to a text with the secret in it.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::mentions::{bindings, captured, once_bound};
use super::secrets;
use crate::known;
use crate::model::constants::Bound;
use crate::model::infer::Walker;
use crate::model::{Function, Res, Workspace};
use crate::syntax::attrs::Told;
use crate::syntax::{Block, Expr, ExprKind, MacroCall, Pat, PatKind, Path, Span, Stmt, visit};

/// Macros whose arguments are read by people.
const READ: &[&str] = &[
    "anyhow",
    "bail",
    "dbg",
    "debug",
    "debug_span",
    "ensure",
    "eprint",
    "eprintln",
    "error",
    "error_span",
    "event",
    "info",
    "info_span",
    "log",
    "panic",
    "print",
    "println",
    "span",
    "trace",
    "trace_span",
    "unreachable",
    "warn",
    "warn_span",
];

/// The crates they are of.
const CRATES: &[&str] = &["anyhow", "log", "orch_runtime", "std", "tracing"];

/// Methods that give the same text again.
const SAME: &[&str] = &[
    "as_deref",
    "as_ref",
    "as_str",
    "clone",
    "expose_secret",
    "into",
    "to_owned",
    "to_string",
    "unwrap",
];

/// Words of functions that take from a secret what makes it one.
const MASKS: &[&str] = &[
    "anonymize",
    "censor",
    "digest",
    "fingerprint",
    "four",
    "hash",
    "hashed",
    "hide",
    "last4",
    "len",
    "mask",
    "masked",
    "obfuscate",
    "redact",
    "redacted",
    "scrub",
];

/// A secret that is shown: where, and its name.
pub(super) type Shown = (Span, String);

/// Secrets that a function shows in macros, in spans and in errors.
pub(super) fn in_body<'e>(workspace: &Workspace<'e>, function: &Function<'e>) -> Vec<Shown> {
    let is_error = |path: &Path| {
        let made = workspace.resolve_value(function.module, path);
        made.external().is_some_and(is_error)
    };
    let (bound, mut found) = (OnceCell::new(), Vec::new());
    let (texts, mut carried) = (Texts::of(function), FxHashMap::default());
    let mut walker = function.walker(workspace);
    walker.block(function.body, &mut |walker, expr| {
        let look = Look {
            walker,
            body: function.body,
            bound: &bound,
            carried: &carried,
        };
        let text = texts.name(expr);
        let text = text.and_then(|name| Some((name, look.carried_by(expr)?)));
        match &expr.kind {
            ExprKind::Macro(call) => {
                let shown: Vec<Shown> = read(call).flat_map(|part| look.shown_by(part)).collect();
                if !shown.is_empty() && is_read(walker, call) {
                    found.extend(shown);
                }
            }
            ExprKind::Struct { path, fields, .. } if is_error(path) => {
                let values = fields.iter().map(|(_, value)| value);
                found.extend(values.flat_map(|value| look.formatted(value)));
            }
            ExprKind::Call { callee, args } => {
                if matches!(&callee.kind, ExprKind::Path(path) if is_error(path)) {
                    found.extend(args.iter().flat_map(|arg| look.formatted(arg)));
                }
            }
            ExprKind::Method {
                receiver,
                name,
                args,
            } => match (name.text.as_str(), args.as_slice()) {
                ("context" | "with_context", [text]) => found.extend(look.formatted(text)),
                ("record", [_, value]) if is_span(walker, receiver) => {
                    found.extend(look.shown_by(recorded(value)));
                }
                _ => {}
            },
            _ => {}
        }
        if let Some((name, secret)) = text.filter(|(name, _)| texts.is_once(name)) {
            carried.insert(name, secret);
        }
    });
    found
}

/// What `#[instrument]` records of the arguments of a function, and of its variables.
pub(super) fn in_attributes<'e>(workspace: &Workspace<'e>, function: &Function<'e>) -> Vec<Shown> {
    let mut found = Vec::new();
    let is_tracing = |told: &&Told| {
        let made = workspace.resolve_value(function.module, &told.path);
        made.external()
            .and_then(|path| known::canonical(path).first())
            .is_some_and(|krate| krate.starts_with("tracing"))
    };
    for told in function.attrs.told("instrument").filter(is_tracing) {
        let has = |key: &str| told.keys.iter().any(|(of, _)| of == key);
        let fields = told.keys.iter().filter_map(|(key, value)| {
            let name = key.strip_prefix("fields.")?;
            Some(value.as_deref().unwrap_or(name))
        });
        let fields: Vec<&str> = fields.collect();
        let walker = function.walker(workspace);
        for param in &function.def.params {
            param.pat.each_name(&mut |name| {
                let is_left_out = has("skip_all")
                    || has(&format!("skip.{name}"))
                    || has(&format!("fields.{name}"));
                let is_shown = !is_left_out || fields.contains(&name);
                if is_shown && secrets::may_be(name, || walker.type_of_name(name)) {
                    found.push((param.pat.span, name.to_owned()));
                }
            });
        }
    }
    found
}

/// An error of the runtime, or an outcome that says why: both are logged, and kept.
fn is_error(made: &[String]) -> bool {
    const ERRORS: [&str; 3] = ["GatewayError", "LocalError", "StepError"];
    let [.., ty, of] = made else {
        return false;
    };
    let is_said = ty == "Outcome" && matches!(of.as_str(), "fail" | "retry" | "unknown");
    known::is_of_runtime(made)
        && (is_said || ERRORS.contains(&ty.as_str()) || ERRORS.contains(&of.as_str()))
}

/// The expressions among the tokens of a macro.
fn read(call: &MacroCall) -> impl Iterator<Item = &Expr> {
    call.body.parts.iter().filter_map(|part| match part {
        Stmt::Expr(part) => Some(part),
        _ => None,
    })
}

/// A macro of `tracing`, `log`, `anyhow` or the standard library, also under another name.
fn is_read(walker: &Walker<'_, '_>, call: &MacroCall) -> bool {
    let names = call.path.names();
    let is_theirs = names.len() == 1 || names.first().is_some_and(|of| CRATES.contains(of));
    if names.last().is_some_and(|last| READ.contains(last)) {
        return is_theirs;
    }
    match walker.resolve(&call.path) {
        Res::External(path) => {
            let has = |of: Option<&String>, among: &[&str]| {
                of.is_some_and(|of| among.contains(&of.as_str()))
            };
            has(path.first(), CRATES) && has(path.last(), READ)
        }
        _ => false,
    }
}

/// Whether this is a span of `tracing`: by its type, or by its name where that is not known.
fn is_span<'e>(walker: &Walker<'_, 'e>, expr: &'e Expr) -> bool {
    match walker.type_of(expr) {
        Some(ty) => ty
            .external()
            .and_then(|path| path.last())
            .is_some_and(|last| last == "Span"),
        None => named(expr).is_some_and(|name| name == "span" || name.ends_with("_span")),
    }
}

/// The value in `field::display(&x)`.
fn recorded(value: &Expr) -> &Expr {
    match &value.kind {
        ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
            (ExprKind::Path(path), [only])
                if matches!(path.names().last(), Some(&("debug" | "display"))) =>
            {
                only
            }
            _ => value,
        },
        _ => value,
    }
}

/// The variables of a body that stay what a `let` makes them.
struct Texts<'e> {
    body: &'e Block,
    /// Their names, by the values that they get.
    lets: FxHashMap<*const Expr, &'e str>,
    /// Those of them that nothing else in the body is called like.
    once: OnceCell<Bound<'e>>,
}

impl<'e> Texts<'e> {
    fn of(function: &Function<'e>) -> Self {
        let body: &'e Block = function.body;
        let mut lets = FxHashMap::default();
        if function.body.mentions(READ) || function.body.mentions(&["record"]) {
            visit::each_block(body, &mut |block| {
                lets.extend(block.stmts.iter().filter_map(|stmt| match stmt {
                    Stmt::Let {
                        pat,
                        init: Some(init),
                        ..
                    } => Some((std::ptr::from_ref(&**init), unchanging(pat)?)),
                    _ => None,
                }));
            });
            for param in &function.def.params {
                param
                    .pat
                    .each_name(&mut |name| lets.retain(|_, of| *of != name));
            }
        }
        Texts {
            body,
            lets,
            once: OnceCell::new(),
        }
    }

    /// The variable that gets this value.
    fn name(&self, value: &Expr) -> Option<&'e str> {
        self.lets.get(&std::ptr::from_ref(value)).copied()
    }

    fn is_once(&self, name: &str) -> bool {
        let once = self.once.get_or_init(|| once_bound(self.body));
        once.contains_key(name)
    }
}

/// The one name of a pattern, unless it says `mut`.
fn unchanging(pat: &Pat) -> Option<&str> {
    match &pat.kind {
        PatKind::Bind { name, sub: None } if pat.span == name.span => Some(&name.text),
        PatKind::Typed(inner, _) => unchanging(inner),
        _ => None,
    }
}

/// A look at what an expression shows, at one place of a body.
struct Look<'l, 'w, 'e> {
    walker: &'l Walker<'w, 'e>,
    body: &'e Block,
    /// What names are bound to by `let` in it.
    bound: &'l OnceCell<Vec<(&'e str, &'e Expr)>>,
    /// Variables that got a text before, with the secret in it.
    carried: &'l FxHashMap<&'e str, String>,
}

impl<'e> Look<'_, '_, 'e> {
    /// What a `format!` puts into its text, also in a closure.
    fn formatted(&self, text: &'e Expr) -> Vec<Shown> {
        match &text.kind {
            ExprKind::Macro(call) if is_format(call) => {
                read(call).flat_map(|part| self.shown_by(part)).collect()
            }
            ExprKind::Closure { body, .. } => self.formatted(body),
            ExprKind::Block(block) => match block.stmts.last() {
                Some(Stmt::Expr(last)) if block.has_value => self.formatted(last),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn shown_by(&self, part: &'e Expr) -> Vec<Shown> {
        match &part.kind {
            ExprKind::Str(text) => {
                let names = captured(text).filter_map(|name| self.secret_of(name));
                names.map(|name| (part.span, name)).collect()
            }
            // `key = value`, as `tracing` writes it.
            ExprKind::Group(parts) => parts
                .last()
                .map_or_else(Vec::new, |value| self.shown_by(value)),
            ExprKind::Macro(_) => self.formatted(part),
            ExprKind::Path(_)
            | ExprKind::Field { .. }
            | ExprKind::Place(_)
            | ExprKind::Method { .. } => {
                let name = self.secret(part);
                name.map(|name| (part.span, name)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The name of the secret that an expression is.
    fn secret(&self, expr: &'e Expr) -> Option<String> {
        let name = match &expr.kind {
            ExprKind::Path(path) => {
                return self.secret_of(path.as_ident()?);
            }
            ExprKind::Field { name, .. } => &name.text,
            ExprKind::Place(inner) => return self.secret(inner),
            ExprKind::Method { receiver, name, .. } if name.text == "expose_secret" => {
                return named(receiver)
                    .filter(|of| secrets::is_name(of))
                    .map(String::from);
            }
            ExprKind::Method { receiver, name, .. } if SAME.contains(&name.text.as_str()) => {
                return self.secret(receiver);
            }
            _ => return None,
        };
        secrets::may_be(name, || self.walker.type_of(expr)).then(|| name.to_string())
    }

    /// The secret that a text holds which is put into a variable.
    fn carried_by(&self, value: &'e Expr) -> Option<String> {
        let shown = match &value.kind {
            ExprKind::Macro(_) => self.formatted(value),
            ExprKind::Method { .. } => self.shown_by(value),
            _ => return None,
        };
        shown.into_iter().next().map(|(_, name)| name)
    }

    /// The secret that a variable is, or holds in a text.
    fn secret_of(&self, name: &str) -> Option<String> {
        match self.is_secret(name) {
            true => Some(name.to_owned()),
            false => self.carried.get(name).cloned(),
        }
    }

    /// Whether a variable is a secret: by its name, and by what it is bound to.
    fn is_secret(&self, name: &str) -> bool {
        secrets::may_be(name, || self.walker.type_of_name(name)) && !self.is_bound_to_others(name)
    }

    /// Whether all that a `let` binds to a name is no secret.
    fn is_bound_to_others(&self, name: &str) -> bool {
        let bound = self.bound.get_or_init(|| bindings(self.body));
        let mut inits = bound.iter().filter(|(of, _)| *of == name).peekable();
        inits.peek().is_some() && inits.all(|(_, init)| is_other(init))
    }
}

/// Whether a value is no secret, whatever it is called.
fn is_other(init: &Expr) -> bool {
    match &init.kind {
        ExprKind::Str(_) | ExprKind::Lit | ExprKind::Bool(_) => true,
        ExprKind::Place(inner) => is_other(inner),
        ExprKind::Method { receiver, name, .. } => {
            masks(&name.text) || SAME.contains(&name.text.as_str()) && is_other(receiver)
        }
        ExprKind::Call { callee, args } => {
            let ExprKind::Path(path) = &callee.kind else {
                return false;
            };
            let made = path.last().map_or("", |last| last.name.text.as_str());
            masks(made) || made == "from" && args.iter().all(is_other)
        }
        ExprKind::Macro(call) if is_format(call) => !read(call).any(names_secret),
        _ => false,
    }
}

fn masks(function: &str) -> bool {
    function.split('_').any(|word| MASKS.contains(&word))
}

/// Whether an argument of a `format!` is called like a secret.
fn names_secret(part: &Expr) -> bool {
    match &part.kind {
        ExprKind::Str(text) => captured(text).any(secrets::is_name),
        ExprKind::Group(parts) => parts.last().is_some_and(names_secret),
        ExprKind::Method { receiver, name, .. } => {
            SAME.contains(&name.text.as_str()) && names_secret(receiver)
        }
        ExprKind::Place(inner) => names_secret(inner),
        _ => named(part).is_some_and(secrets::is_name),
    }
}

fn is_format(call: &MacroCall) -> bool {
    matches!(call.path.as_ident(), Some("format" | "format_args"))
}

fn named(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Path(path) => path.as_ident(),
        ExprKind::Field { name, .. } => Some(&name.text),
        ExprKind::Place(inner) => named(inner),
        _ => None,
    }
}
