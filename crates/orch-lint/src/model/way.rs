//! The way from an orchestrator to a cause, step by step.

use crate::load::FileId;
use crate::syntax::Span;

/// One step: what the way leads through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// What a message calls it: a field, a function, a module, a type.
    pub(crate) name: String,
    /// Where it is named, when that is known.
    pub(crate) place: Option<(FileId, Span)>,
}

impl Step {
    /// A step that is named at a place.
    pub(crate) fn at(name: impl Into<String>, file: FileId, span: Span) -> Self {
        Step {
            name: name.into(),
            place: Some((file, span)),
        }
    }

    /// A step of which only the name is known.
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Step {
            name: name.into(),
            place: None,
        }
    }

    /// The names of steps.
    pub(crate) fn names(steps: &[Step]) -> Vec<&str> {
        steps.iter().map(|step| step.name.as_str()).collect()
    }
}
