//! What a body turns the answers of providers into.
//!
//! Two passes: one knows types and finds calls with an effect, their results, and what is decided; the other
//! follows results through names and methods to the place where an error that nobody looked at becomes a
//! decision.

use std::collections::{HashMap, HashSet};
use std::ptr;

use super::mentions::bindings;
use super::requests::Request;
use crate::model::infer::{Called, Walker};
use crate::model::{Function, RTy, Res, Workspace};
use crate::syntax::{Arm, Block, Expr, ExprKind, Pat, PatKind, Path, Span, Stmt, visit};

/// Which error a result may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorOf {
    /// The runtime's `GatewayError`.
    Gateway,
    /// The error of a client, such as `reqwest::Error`.
    Client,
    /// The call did not end in time.
    Timeout,
}

/// What is said of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decided {
    /// `Outcome::Ok`.
    Done,
    /// `Outcome::Fail`, `GatewayError::Refused`.
    Refused,
    /// `Outcome::Retry`, `GatewayError::Unavailable`.
    NotNow,
    /// `Outcome::Unknown`, `GatewayError::NoAnswer`.
    Unknown,
}

/// A decision that nothing of the error has a part in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ignored {
    pub(super) error: ErrorOf,
    pub(super) decided: Decided,
    /// The decision.
    pub(super) span: Span,
}

/// What was found in one body.
pub(super) struct Answers<'e> {
    body: &'e Block,
    /// Calls that may have an effect at a provider.
    acting: HashSet<*const Expr>,
    results: HashMap<*const Expr, ErrorOf>,
    decisions: HashMap<*const Expr, Decided>,
    bound: HashMap<&'e str, Vec<&'e Expr>>,
}

/// Methods of `Result` that keep its error.
const KEEPING: &[&str] = &[
    "and_then",
    "as_mut",
    "as_ref",
    "inspect",
    "inspect_err",
    "map",
];

impl<'e> Answers<'e> {
    /// Reads the body of a function; nothing when it decides nothing.
    pub(super) fn of(workspace: &Workspace<'e>, function: &Function<'e>) -> Option<Self> {
        if !workspace.knows_runtime(function.module) {
            return None;
        }
        let mut answers = Self {
            body: function.body,
            acting: HashSet::new(),
            results: HashMap::new(),
            decisions: HashMap::new(),
            bound: HashMap::new(),
        };
        visit::each_in_block(function.body, &mut |expr| {
            if let Some(decided) = decision(workspace, function, expr) {
                answers.decisions.insert(ptr::from_ref(expr), decided);
            }
        });
        if answers.decisions.is_empty() {
            return None;
        }
        for (name, init) in bindings(function.body) {
            answers.bound.entry(name).or_default().push(init);
        }
        function
            .walker(workspace)
            .block(function.body, &mut |walker, expr| {
                answers.read(walker, expr)
            });
        Some(answers)
    }

    fn read(&mut self, walker: &Walker<'_, 'e>, expr: &'e Expr) {
        let call = match &expr.kind {
            ExprKind::Await(inner) => inner,
            ExprKind::Method { .. } | ExprKind::Call { .. } => expr,
            _ => return,
        };
        let is_awaited = !ptr::eq(call, expr);
        if !is_awaited && self.call_acts(walker, call) {
            self.acting.insert(ptr::from_ref(call));
        }
        if let Some(error) = self.error_of_call(walker, call, is_awaited) {
            self.results.insert(ptr::from_ref(expr), error);
        }
    }

    fn error_of_call(
        &self,
        walker: &Walker<'_, 'e>,
        call: &'e Expr,
        is_awaited: bool,
    ) -> Option<ErrorOf> {
        if let Some(limited) = limited_by_timeout(walker, call) {
            let limited = self.behind_name(limited);
            return self.call_acts(walker, limited).then_some(ErrorOf::Timeout);
        }
        if let Some(called) = walker.called(call) {
            let is_settled = is_awaited || !walker.is_asynchronous(&called);
            let acts = is_settled && has_effect(walker, &called);
            return acts.then(|| error_of(&walker.result_of(&called))).flatten();
        }
        (is_awaited && self.is_request(walker, call)).then_some(ErrorOf::Client)
    }

    /// What a name stands for that is bound once; anything else is what it is.
    fn behind_name(&self, expr: &'e Expr) -> &'e Expr {
        let ExprKind::Path(path) = &expr.kind else {
            return expr;
        };
        let bound = path.as_ident().and_then(|name| self.bound.get(name));
        match bound.map(Vec::as_slice) {
            Some([only]) => only,
            _ => expr,
        }
    }

    /// Whether a call may have an effect at a provider once it is awaited.
    fn call_acts(&self, walker: &Walker<'_, 'e>, call: &'e Expr) -> bool {
        match walker.called(call) {
            Some(called) => walker.is_asynchronous(&called) && has_effect(walker, &called),
            None => self.is_request(walker, call),
        }
    }

    fn is_request(&self, walker: &Walker<'_, 'e>, call: &'e Expr) -> bool {
        Request::of(walker, call, &self.bound).is_some_and(|request| request.acts())
    }

    /// Whether an expression is a call that may have an effect at a provider.
    pub(super) fn acts(&self, call: &Expr) -> bool {
        self.acting.contains(&ptr::from_ref(call))
    }

    /// Which error a value may have.
    fn result(&self, value: &'e Expr, depth: usize) -> Option<ErrorOf> {
        const MAX_DEPTH: usize = 16;
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(known) = self.results.get(&ptr::from_ref(value)) {
            return Some(*known);
        }
        match &value.kind {
            ExprKind::Place(inner) => self.result(inner, depth + 1),
            ExprKind::Path(path) => match self.bound.get(path.as_ident()?)?.as_slice() {
                [only] => self.result(only, depth + 1),
                _ => None,
            },
            ExprKind::Method {
                receiver,
                name,
                args,
            } => {
                let keeps = KEEPING.contains(&name.text.as_str())
                    || name.text == "map_err" && args.first().is_some_and(is_plain_closure);
                keeps.then(|| self.result(receiver, depth + 1)).flatten()
            }
            ExprKind::Await(inner) => match &inner.kind {
                ExprKind::Async(block) => self.tried_in(block, depth),
                _ => None,
            },
            _ => None,
        }
    }

    /// The error that a `?` of an async block hands on.
    fn tried_in(&self, block: &'e Block, depth: usize) -> Option<ErrorOf> {
        let mut found = None;
        visit::each_in_block(block, &mut |expr| {
            if let ExprKind::Try(inner) = &expr.kind {
                found = found.or_else(|| self.result(inner, depth + 1));
            }
        });
        found
    }

    /// What a value decides, when it decides the same on every way to it.
    pub(super) fn decides(&self, value: &Expr) -> Option<(Decided, Span)> {
        if let Some(decided) = self.decisions.get(&ptr::from_ref(value)) {
            return Some((*decided, value.span));
        }
        match &value.kind {
            ExprKind::Block(block) => self.block_decides(block),
            ExprKind::Leave(Some(inner)) | ExprKind::Try(inner) => self.decides(inner),
            ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
                (ExprKind::Path(path), [only])
                    if matches!(path.as_ident(), Some("Ok" | "Err" | "Some")) =>
                {
                    self.decides(only)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What the last statement of a block decides, when none before it may leave.
    pub(super) fn block_decides(&self, block: &Block) -> Option<(Decided, Span)> {
        let (last, before) = block.stmts.split_last()?;
        let mut leaves = false;
        for stmt in before {
            visit::each_in_stmt(stmt, &mut |expr| {
                leaves |= matches!(expr.kind, ExprKind::Leave(_) | ExprKind::Try(_));
            });
        }
        match last {
            Stmt::Expr(last) if !leaves => self.decides(last),
            _ => None,
        }
    }

    /// Decisions about errors that nobody looked at.
    pub(super) fn ignored(&self) -> Vec<Ignored> {
        let mut found = Vec::new();
        visit::each_in_block(self.body, &mut |expr| self.ignored_by(expr, &mut found));
        visit::each_block(self.body, &mut |block| {
            for stmt in &block.stmts {
                if let Stmt::Let {
                    pat,
                    init: Some(init),
                    otherwise: Some(otherwise),
                } = stmt
                    && wrapped(pat, "Ok").is_some()
                {
                    found.extend(self.judge(init, self.decides(otherwise)));
                }
            }
        });
        found
    }

    fn judge(&self, result: &'e Expr, decided: Option<(Decided, Span)>) -> Option<Ignored> {
        let error = self.result(result, 0)?;
        let (decided, span) = decided?;
        Some(Ignored {
            error,
            decided,
            span,
        })
    }

    fn ignored_by(&self, expr: &'e Expr, found: &mut Vec<Ignored>) {
        match &expr.kind {
            ExprKind::Match { scrutinee, arms } if arms.iter().all(|arm| !looks(arm)) => {
                let open = arms.iter().filter(|arm| wrapped(&arm.pat, "Ok").is_none());
                found.extend(open.filter_map(|arm| self.judge(scrutinee, self.decides(&arm.body))));
            }
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => match &cond.kind {
                ExprKind::Let { pat, value } if wrapped(pat, "Ok").is_some() => {
                    let decided = otherwise.as_ref().and_then(|other| self.decides(other));
                    found.extend(self.judge(value, decided));
                }
                ExprKind::Let { pat, value } if wrapped(pat, "Err").is_some_and(is_open) => {
                    found.extend(self.judge(value, self.block_decides(then)));
                }
                ExprKind::Method { receiver, name, .. } if name.text == "is_err" => {
                    found.extend(self.judge(receiver, self.block_decides(then)));
                }
                _ => {}
            },
            ExprKind::Method {
                receiver,
                name,
                args,
            } => {
                let first = args.first();
                let decided = match name.text.as_str() {
                    "unwrap_or" | "map_or" => first.and_then(|arg| self.decides(arg)),
                    "unwrap_or_else" | "map_or_else" | "map_err" | "or_else" => {
                        first.and_then(|arg| match &self.behind_name(arg).kind {
                            ExprKind::Closure { body, .. } => self.decides(body),
                            _ => None,
                        })
                    }
                    _ => None,
                };
                found.extend(self.judge(receiver, decided));
            }
            _ => {}
        }
    }
}

/// What an expression says of a call, by the runtime's names.
fn decision(workspace: &Workspace<'_>, function: &Function<'_>, expr: &Expr) -> Option<Decided> {
    let resolve = |path: &Path| workspace.resolve_value(function.module, path);
    let found: Res = match &expr.kind {
        ExprKind::Struct { path, .. } => resolve(path),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => resolve(path),
            _ => return None,
        },
        _ => return None,
    };
    if let Some(variant) = found.runtime_variant("Outcome") {
        return match variant {
            "Ok" | "ok" => Some(Decided::Done),
            "Fail" | "fail" => Some(Decided::Refused),
            "Retry" | "retry" => Some(Decided::NotNow),
            "Unknown" | "unknown" => Some(Decided::Unknown),
            _ => None,
        };
    }
    match found.runtime_variant("GatewayError")? {
        "Refused" => Some(Decided::Refused),
        "Unavailable" => Some(Decided::NotNow),
        "NoAnswer" => Some(Decided::Unknown),
        _ => None,
    }
}

/// What `tokio::time::timeout(..)` waits for.
fn limited_by_timeout<'e>(walker: &Walker<'_, 'e>, call: &'e Expr) -> Option<&'e Expr> {
    let ExprKind::Call { callee, args } = &call.kind else {
        return None;
    };
    let (_, path) = super::execute::external(walker, callee)?;
    let name = path.join("::");
    let is_it = matches!(
        name.as_str(),
        "tokio::time::timeout" | "tokio::time::timeout_at"
    );
    args.get(1).filter(|_| is_it)
}

/// Whether a function of the project gets the key, or gives a receipt.
fn has_effect<'e>(walker: &Walker<'_, 'e>, called: &Called<'e>) -> bool {
    let gives_receipt = ok_of(&walker.result_of(called)).is_some_and(|ok| ok.is_runtime("Receipt"));
    let is_key = |ty: &RTy| ty.is_runtime("OpId") || ty.is_runtime("IdemKey");
    gives_receipt || walker.parameters_of(called).iter().any(is_key)
}

fn ok_of(ty: &RTy) -> Option<&RTy> {
    match ty {
        RTy::External(path, args) if path.last().is_some_and(|last| last == "Result") => {
            args.first()
        }
        _ => None,
    }
}

fn error_of(ty: &RTy) -> Option<ErrorOf> {
    const CLIENTS: &[(&str, &str)] = &[
        ("hyper", "Error"),
        ("lettre", "Error"),
        ("reqwest", "Error"),
        ("reqwest_middleware", "Error"),
        ("tonic", "Status"),
    ];
    let RTy::External(path, args) = ty else {
        return None;
    };
    let is_result = path.last().is_some_and(|last| last == "Result");
    let of_crate = |krate: &str| path.first().is_some_and(|first| first == krate);
    match args.get(1).filter(|_| is_result) {
        Some(error) if error.is_runtime("GatewayError") => Some(ErrorOf::Gateway),
        Some(RTy::External(error, _)) => {
            let (first, last) = (error.first()?, error.last()?);
            let is_it = |(krate, name): &(&str, &str)| first == krate && last == name;
            CLIENTS.iter().any(is_it).then_some(ErrorOf::Client)
        }
        _ => (is_result && of_crate("reqwest")).then_some(ErrorOf::Client),
    }
}

/// A closure that asks nothing: what it makes of the error says no more than the error.
fn is_plain_closure(expr: &Expr) -> bool {
    let ExprKind::Closure { body, .. } = &expr.kind else {
        return false;
    };
    let mut asks = false;
    visit::each(body, &mut |expr| {
        asks |= match &expr.kind {
            ExprKind::If { .. } | ExprKind::Match { .. } => true,
            ExprKind::Method { name, args, .. } => !args.is_empty() || name.text == "into",
            ExprKind::Call { callee, .. } => match &callee.kind {
                ExprKind::Path(path) => !path
                    .last()
                    .is_some_and(|last| last.name.text.starts_with(char::is_uppercase)),
                _ => true,
            },
            _ => false,
        };
    });
    !asks
}

/// Whether an arm asks what error it is.
fn looks(arm: &Arm) -> bool {
    if wrapped(&arm.pat, "Ok").is_some() {
        return false;
    }
    let inner = wrapped(&arm.pat, "Err").unwrap_or(&arm.pat);
    arm.guard.is_some() || !is_open(inner)
}

/// The pattern inside of `Ok(..)` or `Err(..)`.
pub(super) fn wrapped<'p>(pat: &'p Pat, name: &str) -> Option<&'p Pat> {
    match &pat.kind {
        PatKind::TupleStruct(path, parts) => match parts.as_slice() {
            [only] if path.last().is_some_and(|last| last.name.text == name) => Some(only),
            _ => None,
        },
        PatKind::Ref(inner) => wrapped(inner, name),
        _ => None,
    }
}

/// Whether a pattern takes everything.
fn is_open(pat: &Pat) -> bool {
    match &pat.kind {
        PatKind::Wild => true,
        PatKind::Bind { name, sub: None } => !name.text.starts_with(char::is_uppercase),
        PatKind::Ref(inner) | PatKind::Typed(inner, _) => is_open(inner),
        _ => false,
    }
}
