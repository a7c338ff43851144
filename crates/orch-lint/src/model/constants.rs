//! What constant expressions come to: whole numbers, lengths of time and truth values.
//!
//! Numbers are read where they are written; the facts of a file keep only where that is. Known are decimal
//! literals, `true` and `false`, constants and statics of the project, variables that are bound once, `+`, `-`,
//! `*`, `/`, and the constructors of `Duration` that take whole numbers.

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::{DefId, Function, ModuleId, Res, Workspace};
use crate::known;
use crate::load::FileId;
use crate::syntax::span::LineIndex;
use crate::syntax::{Expr, ExprKind, ItemKind, Path, Span, Stmt};

/// What variables are bound to, those left out that are bound more than once.
pub(crate) type Bound<'a> = FxHashMap<&'a str, &'a Expr>;

/// Where an expression stands.
#[derive(Debug, Clone, Copy)]
struct Place<'b, 'a> {
    module: ModuleId,
    file: FileId,
    owner: Option<DefId>,
    bound: Option<&'b Bound<'a>>,
    depth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Count(u64),
    Time(Duration),
    Truth(bool),
}

/// Constants that name constants are followed this far.
const MAX_DEPTH: usize = 12;

impl<'a> Workspace<'a> {
    /// The length of time that an expression in a function always is.
    pub(crate) fn duration(
        &self,
        function: &Function<'a>,
        bound: &Bound<'_>,
        expr: &Expr,
    ) -> Option<Duration> {
        self.value(Place::of(function, bound), expr)?.time()
    }

    /// The length of time that an expression in the value of a constant always is.
    pub(crate) fn duration_of_const(&self, id: DefId, expr: &Expr) -> Option<Duration> {
        self.value(Place::of_const(self, id), expr)?.time()
    }

    /// Whether an expression in a function is always `true`, or always `false`.
    pub(crate) fn truth(&self, function: &Function<'a>, expr: &Expr) -> Option<bool> {
        let bound = Bound::default();
        match self.value(Place::of(function, &bound), expr)? {
            Value::Truth(is) => Some(is),
            Value::Count(_) | Value::Time(_) => None,
        }
    }

    /// How many numbers a range `a..b` or `a..=b` in a function has.
    pub(crate) fn length_of_range(
        &self,
        function: &Function<'a>,
        bound: &Bound<'_>,
        range: &Expr,
    ) -> Option<u64> {
        let ExprKind::Group(parts) = &range.kind else {
            return None;
        };
        let [from, to] = parts.as_slice() else {
            return None;
        };
        let place = Place::of(function, bound);
        let (Value::Count(first), Value::Count(last)) =
            (self.value(place, from)?, self.value(place, to)?)
        else {
            return None;
        };
        match self.operator(function.file, from, to) {
            ".." => last.checked_sub(first),
            "..=" => last.checked_sub(first)?.checked_add(1),
            _ => None,
        }
    }

    /// What stands between two expressions.
    pub(crate) fn operator(&self, file: FileId, left: &Expr, right: &Expr) -> &'a str {
        let between = Span {
            start: left.span.end,
            end: right.span.start,
        };
        let is_around = |of: char| of.is_whitespace() || matches!(of, '(' | ')');
        self.written(file, between).trim_matches(is_around)
    }

    /// The text of a place.
    pub(crate) fn written(&self, file: FileId, span: Span) -> &'a str {
        let text = &self.file(file).text;
        let index = LineIndex::new(text);
        text.get(index.byte(span.start)..index.byte(span.end))
            .unwrap_or_default()
    }

    fn value(&self, place: Place<'_, '_>, expr: &Expr) -> Option<Value> {
        let place = place.deeper()?;
        match &expr.kind {
            ExprKind::Bool(is) => Some(Value::Truth(*is)),
            ExprKind::Lit => number(self.written(place.file, expr.span)).map(Value::Count),
            ExprKind::Path(path) => self.value_of_path(place, path),
            ExprKind::Place(inner) => self.value(place, inner),
            ExprKind::Group(parts) => {
                let [left, right] = parts.as_slice() else {
                    return None;
                };
                let operator = self.operator(place.file, left, right);
                computed(
                    self.value(place, left)?,
                    operator,
                    self.value(place, right)?,
                )
            }
            ExprKind::Call { callee, args } => {
                let (ExprKind::Path(path), [of]) = (&callee.kind, args.as_slice()) else {
                    return None;
                };
                let make = self.constructor(place.module, path)?;
                match self.value(place, of)? {
                    Value::Count(count) => make(count).map(Value::Time),
                    Value::Time(_) | Value::Truth(_) => None,
                }
            }
            _ => None,
        }
    }

    fn value_of_path(&self, place: Place<'_, '_>, path: &Path) -> Option<Value> {
        if let Some(name) = path.as_ident()
            && name.starts_with(|first: char| !first.is_uppercase())
        {
            return self.value(place, place.bound?.get(name)?);
        }
        let (id, name) = match (path.names().as_slice(), place.owner) {
            (["Self", name], Some(owner)) => (owner, (*name).to_owned()),
            _ => match self.resolve_value(place.module, path) {
                Res::Def(id) => return self.value_of_item(place, id),
                Res::Assoc(id, name) => (id, name),
                _ => return None,
            },
        };
        let blocks = self.impls_of(id).filter(|block| !block.test);
        let values = blocks.filter_map(|block| Some((block, block.def.constant(&name)?)));
        agreed(values.map(|(block, value)| {
            let inner = Place {
                module: block.module,
                file: block.file,
                owner: Some(id),
                bound: None,
                depth: 0,
            };
            self.value(place.goes_to(inner), value)
        }))
    }

    /// What a constant or a static is, with all of the same name beside it.
    fn value_of_item(&self, place: Place<'_, '_>, id: DefId) -> Option<Value> {
        let def = self.def(id);
        let named = self
            .module(def.module)
            .names
            .get(def.item.name.text.as_str());
        let all = named.into_iter().flat_map(|named| &named.defs);
        let built = all.copied().filter(|id| !self.def(*id).test);
        let values = built.filter_map(|id| Some((id, initial(&self.def(id).item.kind)?)));
        agreed(values.map(|(id, value)| {
            let inner = Place::of_const(self, id);
            self.value(place.goes_to(inner), value)
        }))
    }

    /// What a function makes of a number, when it is one of `Duration`.
    fn constructor(&self, module: ModuleId, path: &Path) -> Option<fn(u64) -> Option<Duration>> {
        let found = self.resolve_value(module, path);
        let Res::External(found) = &found else {
            return None;
        };
        let [krate, .., of, name] = known::canonical(found) else {
            return None;
        };
        if of != "Duration" || !matches!(krate.as_str(), "std" | "core" | "tokio") {
            return None;
        }
        match name.as_str() {
            "from_millis" => Some(|count| Some(Duration::from_millis(count))),
            "from_secs" => Some(|count| Some(Duration::from_secs(count))),
            "from_mins" => Some(|count| count.checked_mul(60).map(Duration::from_secs)),
            "from_hours" => Some(|count| count.checked_mul(3_600).map(Duration::from_secs)),
            _ => None,
        }
    }
}

impl<'b, 'a> Place<'b, 'a> {
    fn of(function: &Function<'_>, bound: &'b Bound<'a>) -> Self {
        Place {
            module: function.module,
            file: function.file,
            owner: function.owner,
            bound: Some(bound),
            depth: 0,
        }
    }

    fn of_const(workspace: &Workspace<'_>, id: DefId) -> Self {
        let def = workspace.def(id);
        Place {
            module: def.module,
            file: def.file,
            owner: None,
            bound: None,
            depth: 0,
        }
    }

    fn deeper(self) -> Option<Self> {
        let depth = self.depth + 1;
        (depth <= MAX_DEPTH).then_some(Place { depth, ..self })
    }

    fn goes_to(self, inner: Self) -> Self {
        Place {
            depth: self.depth,
            ..inner
        }
    }
}

impl Value {
    fn time(self) -> Option<Duration> {
        match self {
            Value::Time(time) => Some(time),
            Value::Count(_) | Value::Truth(_) => None,
        }
    }
}

/// What a constant or a static begins with.
fn initial(kind: &ItemKind) -> Option<&Expr> {
    match kind {
        ItemKind::Const(_, value) => Some(value),
        ItemKind::Static(_, value) => match value.body.as_ref()?.stmts.as_slice() {
            [Stmt::Expr(value)] => Some(value),
            _ => None,
        },
        _ => None,
    }
}

/// What all of them are. Of several with one name, a build has one.
fn agreed(mut all: impl Iterator<Item = Option<Value>>) -> Option<Value> {
    let first = all.next()??;
    all.all(|of| of == Some(first)).then_some(first)
}

/// `3_600`, `30u64`.
fn number(written: &str) -> Option<u64> {
    let plain = written.replace('_', "");
    let end = plain.find(['u', 'i']).unwrap_or(plain.len());
    plain[..end].parse().ok()
}

fn computed(left: Value, operator: &str, right: Value) -> Option<Value> {
    use Value::{Count, Time};
    let whole = |of: u64| u32::try_from(of).ok();
    match (left, operator, right) {
        (Count(a), "+", Count(b)) => a.checked_add(b).map(Count),
        (Count(a), "-", Count(b)) => a.checked_sub(b).map(Count),
        (Count(a), "*", Count(b)) => a.checked_mul(b).map(Count),
        (Count(a), "/", Count(b)) => a.checked_div(b).map(Count),
        (Time(a), "+", Time(b)) => a.checked_add(b).map(Time),
        (Time(a), "-", Time(b)) => a.checked_sub(b).map(Time),
        (Time(a), "*", Count(b)) | (Count(b), "*", Time(a)) => a.checked_mul(whole(b)?).map(Time),
        (Time(a), "/", Count(b)) => a.checked_div(whole(b)?).map(Time),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    /// A number that is misread makes a timeout out of nothing.
    #[test]
    fn numbers_are_read_as_they_are_written() {
        assert_eq!(number("30"), Some(30));
        assert_eq!(number("3_600"), Some(3_600));
        assert_eq!(number("15u64"), Some(15));
        assert_eq!(number("7_i32"), Some(7));
        for other in ["0x1f", "1.5", "1e3", "'a'", "b\"x\"", ""] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
