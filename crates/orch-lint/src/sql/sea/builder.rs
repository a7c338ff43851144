//! Calls of builders, and the names in them.

use crate::syntax::{Expr, ExprKind, Pos, visit};

use super::canvas::Canvas;

/// `Table::create().table(x).col(y)`: where it begins, and what is called on that.
#[derive(Debug)]
pub(super) struct Chain<'e> {
    /// The function, with the type before it: `["Table", "create"]`.
    base: Vec<&'e str>,
    /// What it was given.
    pub(super) given: &'e [Expr],
    /// The methods, the first one first.
    pub(super) calls: Vec<(&'e str, &'e [Expr])>,
}

impl<'e> Chain<'e> {
    /// The chain that an expression is; `None` when it begins with something else than a function.
    pub(super) fn of(expr: &'e Expr) -> Option<Self> {
        match &expr.kind {
            ExprKind::Place(inner) => Chain::of(inner),
            ExprKind::Method {
                receiver,
                name,
                args,
            } => {
                let mut chain = Chain::of(receiver)?;
                chain.calls.push((&name.text, args));
                Some(chain)
            }
            ExprKind::Call { callee, args } => {
                let ExprKind::Path(path) = &callee.kind else {
                    return None;
                };
                let segments = path.segments.iter();
                Some(Chain {
                    base: segments.map(|of| of.name.text.as_str()).collect(),
                    given: args,
                    calls: Vec::new(),
                })
            }
            _ => None,
        }
    }

    /// Whether it begins with this function.
    pub(super) fn is(&self, ty: &str, function: &str) -> Option<()> {
        self.base.ends_with(&[ty, function]).then_some(())
    }

    /// The name of the function that it begins with.
    pub(super) fn function(&self) -> &'e str {
        self.base.last().copied().unwrap_or_default()
    }

    /// Whether a method is called.
    pub(super) fn has(&self, method: &str) -> bool {
        self.args(method).is_some()
    }

    /// What a method is given.
    pub(super) fn args(&self, method: &str) -> Option<&'e [Expr]> {
        let mut calls = self.calls.iter();
        calls
            .find(|(name, _)| *name == method)
            .map(|(_, args)| *args)
    }

    /// The one name that a method is given.
    pub(super) fn one(&self, method: &str) -> Option<Named> {
        match self.args(method)? {
            [only] => Named::of(only),
            _ => None,
        }
    }
}

/// A name of a table, a column or an index.
#[derive(Debug)]
pub(super) struct Named {
    /// As it is in the database.
    pub(super) text: String,
    at: Pos,
}

impl Named {
    /// `Payment::Table`, `Payment::IdemKey`, `Alias::new("payment")`, `"payment"`.
    pub(super) fn of(expr: &Expr) -> Option<Self> {
        let named = |text: String| Named {
            text: format!("\"{text}\""),
            at: expr.span.start,
        };
        match &expr.kind {
            ExprKind::Place(inner) => Named::of(inner),
            ExprKind::Group(parts) => Named::of(parts.first()?),
            ExprKind::Call { args, .. } if Chain::of(expr)?.is("Alias", "new").is_some() => {
                text(args.first()?).map(|text| named(text.to_owned()))
            }
            ExprKind::Path(path) => match path.segments.as_slice() {
                [.., of, variant] if of.name.text != "Self" => {
                    let meant = match variant.name.text.as_str() {
                        "Table" => &of.name.text,
                        other => other,
                    };
                    Some(named(snake(meant)))
                }
                _ => None,
            },
            _ => text(expr).map(|text| named(text.to_owned())),
        }
    }

    /// Puts it where it stands.
    pub(super) fn put(&self, canvas: &mut Canvas) {
        canvas.at(self.at, &self.text);
    }
}

/// A text, also one that is made a `String`.
pub(super) fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Str(text) => Some(text),
        ExprKind::Place(inner) => text(inner),
        ExprKind::Method { receiver, name, .. } => {
            let is_same = matches!(name.text.as_str(), "to_owned" | "to_string" | "into");
            is_same.then(|| text(receiver))?
        }
        _ => None,
    }
}

/// All names that may stand for tables and columns.
pub(super) fn names_in(expr: &Expr) -> Vec<String> {
    let mut found = Vec::new();
    visit::each(expr, &mut |part| {
        let named = Named::of(part).map(|named| named.text.trim_matches('"').to_owned());
        found.extend(named.filter(|name| !name.contains('\'')));
    });
    found
}

/// `IdemKey` as `idem_key`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
