//! The API in the router of a program that serves one.
//!
//! ```text
//!  let listener = …;
//!  let orchestrations = shop::orchestrations::start().await?;     (put in)
//!  let app = app.merge(orchestrations.routes());                  (put in)
//!  axum::serve(listener, app).await?;
//! ```

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, ItemFn, ReturnType, Stmt};

use super::source::{Source, newline};
use crate::error::{Code, Error, Result};

/// The name of what runs.
const NAME: &str = "orchestrations";

/// The lines that serve the API in a program, by the path of the module that starts it.
#[must_use]
pub fn router_lines(module: &str) -> [String; 2] {
    lines(module, "app", "?")
}

fn lines(module: &str, app: &str, failed: &str) -> [String; 2] {
    [
        format!("let {NAME} = {module}::start().await{failed};"),
        format!("let {app} = {app}.merge({NAME}.routes());"),
    ]
}

/// Whether a file serves a router. One that does not parse counts by its words.
#[must_use]
pub fn needs_router(text: &str) -> bool {
    let may_serve = text.contains("axum::serve");
    may_serve
        && Source::parse("", text).map_or(true, |source| !Finder::of(&source).found.is_empty())
}

/// Puts the API in; whether it was not there.
pub(super) fn register(path: &str, text: &mut String, module: &str) -> Result<bool> {
    let source = Source::parse(path, text).map_err(|error| error.help(paste(module)))?;
    let finder = Finder::of(&source);
    if finder.is_started {
        return Ok(false);
    }
    let place = match finder.found.as_slice() {
        [one] => one,
        [] => {
            return Err(no_place(
                path,
                "no `axum::serve(listener, app)` was found",
                module,
            ));
        }
        _ => {
            return Err(no_place(
                path,
                "there is more than one `axum::serve`",
                module,
            ));
        }
    };
    let Place {
        app: Some(app),
        is_async: true,
        serve,
        returns_result,
    } = place
    else {
        return Err(no_place(
            path,
            "what is served is not a variable in an `async fn`",
            module,
        ));
    };
    let at = source.range(*serve).start;
    let line = source.line_start(at);
    let indent = &text[line..at];
    if !indent.trim().is_empty() {
        return Err(no_place(
            path,
            "`axum::serve` is not the first on its line",
            module,
        ));
    }
    let end = newline(text);
    let failed = if *returns_result {
        "?"
    } else {
        ".expect(\"the orchestrations start\")"
    };
    let lines = lines(module, app, failed);
    let lines: String = lines
        .iter()
        .map(|line| format!("{indent}{line}{end}"))
        .collect();
    text.insert_str(line, &lines);
    Ok(true)
}

/// The text without the two lines.
pub(super) fn remove(_: &str, text: &str, module: &str) -> Result<String> {
    let start = format!("let {NAME} = {module}::start()");
    let merge = format!(".merge({NAME}.routes());");
    let is_ours = |line: &str| {
        let line = line.trim();
        line.starts_with(&start) || (line.starts_with("let ") && line.ends_with(&merge))
    };
    Ok(text
        .split_inclusive('\n')
        .filter(|line| !is_ours(line))
        .collect())
}

/// Where something is served.
struct Place {
    serve: proc_macro2::Span,
    app: Option<String>,
    is_async: bool,
    returns_result: bool,
}

#[derive(Default)]
struct Finder {
    found: Vec<Place>,
    /// Whether the operations are started already.
    is_started: bool,
    is_async: bool,
    returns_result: bool,
}

impl Finder {
    fn of(source: &Source<'_>) -> Self {
        let mut finder = Self::default();
        finder.visit_file(&source.file);
        finder
    }
}

impl Visit<'_> for Finder {
    fn visit_item_fn(&mut self, function: &ItemFn) {
        let outer = (self.is_async, self.returns_result);
        self.is_async = function.sig.asyncness.is_some();
        self.returns_result = matches!(function.sig.output, ReturnType::Type(..));
        visit::visit_item_fn(self, function);
        (self.is_async, self.returns_result) = outer;
    }

    fn visit_block(&mut self, block: &Block) {
        for statement in &block.stmts {
            let mut calls = Calls::default();
            calls.visit_stmt(statement);
            self.is_started |= calls.is_started;
            self.found.extend(calls.found.into_iter().map(|app| Place {
                serve: statement.span(),
                app,
                is_async: self.is_async,
                returns_result: self.returns_result,
            }));
            if matches!(statement, Stmt::Item(_)) {
                self.visit_stmt(statement);
            }
        }
    }
}

/// The calls of `axum::serve` in a statement, with what each serves.
#[derive(Default)]
struct Calls {
    found: Vec<Option<String>>,
    is_started: bool,
}

impl Visit<'_> for Calls {
    fn visit_item(&mut self, _: &syn::Item) {}

    fn visit_expr_call(&mut self, call: &ExprCall) {
        let name = path_of(&call.func);
        self.is_started |= name.ends_with(&[NAME.to_owned(), "start".to_owned()]);
        if is_serve(&name) {
            self.found.push(call.args.iter().nth(1).and_then(variable));
        }
        visit::visit_expr_call(self, call);
    }
}

fn is_serve(name: &[String]) -> bool {
    let name: Vec<&str> = name.iter().map(String::as_str).collect();
    matches!(name.as_slice(), ["axum", "serve"] | ["serve"])
}

/// The parts of a function's path; none of what is no path.
fn path_of(function: &Expr) -> Vec<String> {
    let Expr::Path(path) = function else {
        return Vec::new();
    };
    let parts = path.path.segments.iter();
    parts.map(|part| part.ident.to_string()).collect()
}

/// `app` of `app.into_make_service()`.
fn variable(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::MethodCall(call) => variable(&call.receiver),
        _ => None,
    }
}

fn no_place(path: &str, what: &str, module: &str) -> Error {
    Error::new(Code::NoPlace, format!("{what}; nothing was written"))
        .at(path)
        .help(paste(module))
}

fn paste(module: &str) -> String {
    format!(
        "put these lines before it yourself, then run the command again:\n  {}",
        router_lines(module).join("\n  ")
    )
}
