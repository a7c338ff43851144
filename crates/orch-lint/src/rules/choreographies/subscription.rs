//! One event more in the list of those that a handler subscribes to.

use crate::fix::{Changes, Source};
use crate::model::{DefId, ModuleId, Res, Workspace};
use crate::syntax::{AssocItem, AssocKind, ExprKind, ItemKind, Path, Span};

/// A list of variants, as it is written.
pub(super) struct List<'a> {
    /// The enum.
    pub(super) of: DefId,
    /// The last of them.
    last: &'a Path,
}

impl<'a> List<'a> {
    /// `&[E::A, E::B]` of a constant.
    pub(super) fn of(
        workspace: &Workspace<'a>,
        module: ModuleId,
        constant: &'a AssocItem,
    ) -> Option<Self> {
        let AssocKind::Const(Some(value)) = &constant.kind else {
            return None;
        };
        let ExprKind::Place(value) = &value.kind else {
            return None;
        };
        let ExprKind::Group(parts) = &value.kind else {
            return None;
        };
        let ExprKind::Path(last) = &parts.last()?.kind else {
            return None;
        };
        match workspace.resolve_value(module, last) {
            Res::Variant(of, _) => Some(List { of, last }),
            _ => None,
        }
    }

    /// The list with the variant that is the right one.
    pub(super) fn with(
        &self,
        workspace: &Workspace<'_>,
        is_it: impl Fn(&str) -> bool,
    ) -> Option<Subscription> {
        let ItemKind::Enum(_, variants) = &workspace.def(self.of).item.kind else {
            return None;
        };
        let mut names = variants.iter().map(|of| of.name.text.as_str());
        let front = self.last.parent().filter(|_| !self.last.global)?;
        Some(Subscription {
            variant: format!("{}::{}", front.text(), names.find(|name| is_it(name))?),
            last: self.last.span,
        })
    }
}

/// What has a handler subscribe to one event more.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    /// The variant, as the others are written.
    variant: String,
    /// The variant behind which it goes.
    last: Span,
}

impl Subscription {
    /// What is done.
    pub(super) fn title(&self) -> String {
        format!("subscribe to `{}`", self.variant)
    }

    /// The edit: a line of its own, where the last one has one.
    pub(super) fn written(&self, source: &Source<'_>) -> Option<Changes> {
        let last = source.bytes(self.last);
        let next = source.from(last.end).next()?;
        let line = source.index.line(self.last.start.line);
        let indent = &line[..line.len() - line.trim_start().len()];
        let is_alone = indent.chars().count() == self.last.start.column as usize;
        let blank = match is_alone {
            true => format!("\n{indent}"),
            false => " ".to_owned(),
        };
        let variant = &self.variant;
        match source.of(next) {
            "," => {
                let end = next.bytes.end;
                Some(vec![(end..end, format!("{blank}{variant},"))])
            }
            "]" => Some(vec![(last.end..last.end, format!(",{blank}{variant}"))]),
            _ => None,
        }
    }
}
