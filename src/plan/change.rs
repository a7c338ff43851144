//! What happens to one file.

use crate::components::Class;
use crate::error::Code;
use crate::lock::Hash;
use crate::spec;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One file of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it is below the root.
    pub path: String,
    /// The component that owns it; `spec` for `orch.toml`.
    pub owner: Cow<'static, str>,
    /// Who may change it; nothing for `orch.toml`.
    pub class: Option<Class>,
    /// What is done.
    pub action: Action,
    /// What is there.
    pub before: Option<Vec<u8>>,
    /// What will be there.
    pub after: Option<Cow<'static, str>>,
    /// Where `before` is kept, when it is replaced and this program did not write it.
    pub kept_as: Option<String>,
    /// What is written beside it, for a person to look at: where, and what.
    pub beside: Option<(String, String)>,
    /// What a person has to settle although the file is written.
    pub left: Option<Conflict>,
    /// Where it was before something was renamed.
    pub moved_from: Option<String>,
}

/// What becomes of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conflicts {
    /// Nothing is written.
    #[default]
    Refuse,
    /// Both sides are written, between marks.
    Mark,
    /// The user's side stays; the other is written beside it as `.rej`.
    Reject,
}

/// What somebody decided about one file in conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It stays as it is, and goes on to differ.
    Skip,
    /// It is replaced; what is there is kept beside it as `.orig`.
    Overwrite,
    /// Both sides are written, as with [`Conflicts::Mark`].
    Merge,
}

/// Decisions by path. They come before what holds for every conflict.
pub type Decisions = BTreeMap<String, Decision>;

/// What is done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is made.
    Create,
    /// It is replaced.
    Update,
    /// The user's lines and the template's new lines are joined.
    Merge,
    /// It is taken away.
    Delete,
    /// It stays as it is and is the user's own from now on.
    Release,
    /// The user deleted it, and it stays away.
    Absent,
    /// It is as it should be.
    Unchanged,
    /// It is in conflict, and somebody decided that it stays as it is.
    Skip(Conflict),
    /// It cannot be written without losing somebody's edit.
    Conflict(Conflict),
}

/// Why a file cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// A generated file was edited.
    Edited,
    /// There is a file that this program did not write.
    Occupied,
    /// The template and the user changed the same lines.
    Overlap,
    /// The base of the merge is lost.
    NoBase,
    /// Marks of an earlier conflict are left in it.
    Unsettled,
}

impl Conflict {
    /// The word in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Occupied => "occupied",
            Self::Overlap => "overlap",
            Self::NoBase => "no-base",
            Self::Unsettled => "unsettled",
        }
    }

    /// The code of the error.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Edited => Code::EditedGenerated,
            Self::Occupied => Code::Occupied,
            Self::Overlap | Self::NoBase | Self::Unsettled => Code::MergeConflict,
        }
    }

    /// Whether both sides can be written. A generated file is the template's alone, and marks within
    /// marks are read by nobody.
    #[must_use]
    pub const fn merges(self) -> bool {
        matches!(self, Self::Occupied | Self::Overlap | Self::NoBase)
    }

    /// What happened.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Edited => "a generated file was edited by hand",
            Self::Occupied => "a file is there that orch-gen did not write",
            Self::Overlap => "you and the template changed the same lines",
            Self::NoBase => "the template changed, and the text it was made from is lost",
            Self::Unsettled => "marks of an earlier conflict are left",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Edited => "move the edit to a file of yours, then `orch-gen apply --force`",
            Self::Occupied => {
                "move it away, or run this again with `--force`: then it is kept beside as `.orig`"
            }
            Self::Overlap => {
                "run it again with `--merge`: both are written, with marks where they differ"
            }
            Self::NoBase => {
                "take .orch/base from version control, or run it again with `--merge`: both are \
                 written, with marks where they differ"
            }
            Self::Unsettled => {
                "settle what is between `<<<<<<<` and `>>>>>>>`, or take an upgrade back with \
                 `orch-gen upgrade --abort`"
            }
        }
    }
}

impl Change {
    /// `orch.toml` goes, because nothing is generated here any more.
    pub(super) fn spec_goes(before: Option<Vec<u8>>) -> Self {
        Self {
            action: Action::Delete,
            after: None,
            ..Self::spec(before, "")
        }
    }

    /// The change of `orch.toml`.
    pub(super) fn spec(before: Option<Vec<u8>>, after: &str) -> Self {
        let action = match &before {
            None => Action::Create,
            Some(bytes) if bytes == after.as_bytes() => Action::Unchanged,
            Some(_) => Action::Update,
        };
        Self {
            path: spec::FILE.to_owned(),
            owner: Cow::Borrowed("spec"),
            class: None,
            action,
            before,
            after: Some(Cow::Owned(after.to_owned())),
            kept_as: None,
            beside: None,
            left: None,
            moved_from: None,
        }
    }

    /// What a person has to do about a conflict that was written down.
    pub(super) fn to_settle(&self, kind: Conflict) -> String {
        let path = &self.path;
        match (&self.kept_as, &self.beside, kind) {
            (Some(kept), _, _) => {
                format!("{path}: your edit is in {kept}; move it to a file of yours")
            }
            (_, Some((beside, _)), _) => {
                format!("{path}: compare it with {beside}, then delete that")
            }
            _ => format!("{path}: settle what is between `<<<<<<<` and `>>>>>>>`"),
        }
    }

    /// Whether carrying it out writes something.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        let writes = matches!(
            self.action,
            Action::Create | Action::Update | Action::Merge | Action::Delete
        );
        writes || self.beside.is_some()
    }

    /// The writes that carry it out.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        let beside = self.beside.iter().map(|(path, text)| {
            let contents = Some(Cow::Owned(text.clone().into_bytes()));
            Step {
                path: path.clone(),
                expected: None,
                contents,
                precious: false,
            }
        });
        self.copy().into_iter().chain(self.step()).chain(beside)
    }

    /// The copy of what is replaced: every byte of it, whatever it is.
    fn copy(&self) -> Option<Step> {
        Some(Step {
            path: self.kept_as.clone()?,
            expected: None,
            contents: Some(Cow::Owned(self.before.clone()?)),
            precious: true,
        })
    }

    fn step(&self) -> Option<Step> {
        let path = self.path.clone();
        match (self.action, &self.after, &self.before) {
            (Action::Create | Action::Update | Action::Merge, Some(after), before) => Some(Step {
                path,
                expected: before.as_deref().map(Hash::of),
                contents: Some(bytes(after.clone())),
                precious: (before.is_some() || self.moved_from.is_some())
                    && self.class != Some(Class::Generated),
            }),
            (Action::Delete, _, Some(before)) => Some(Step::delete(path, before)),
            _ => None,
        }
    }
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where, below the root.
    pub path: String,
    /// The hash of what has to be there; `None` when nothing may be there.
    pub expected: Option<Hash>,
    /// What will be there; `None` when it is taken away.
    pub contents: Option<Cow<'static, [u8]>>,
    /// Whether it replaces something that this program could not write again.
    pub precious: bool,
}

impl Step {
    pub(super) fn create(path: String, contents: String) -> Self {
        Self {
            path,
            expected: None,
            contents: Some(Cow::Owned(contents.into_bytes())),
            precious: false,
        }
    }

    /// The write of a whole file, over what is there.
    pub(crate) fn write(path: String, before: Option<&[u8]>, contents: String) -> Self {
        Self {
            path,
            expected: before.map(Hash::of),
            contents: Some(Cow::Owned(contents.into_bytes())),
            precious: before.is_some(),
        }
    }

    pub(super) fn delete(path: String, before: &[u8]) -> Self {
        Self {
            path,
            expected: Some(Hash::of(before)),
            contents: None,
            precious: false,
        }
    }
}

fn bytes(text: Cow<'static, str>) -> Cow<'static, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}
