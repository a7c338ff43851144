//! What a step says about its compensation: exactly one thing.

use super::{Callee, Compensation};
use crate::error::{Code, Error, Result};
use crate::spec::not_one_of;

/// The longest reason.
const MAX_REASON: usize = 200;

/// A text of the file, and where it is.
pub(super) type Said<'t> = Option<(&'t str, String)>;

/// What a step says; the operations are known to be there.
#[derive(Debug)]
pub(super) struct Saying<'t> {
    pub(super) step: &'t str,
    pub(super) call: Option<(Callee, String)>,
    pub(super) undo: Option<(Callee, String)>,
    pub(super) compensation: Said<'t>,
    pub(super) reason: Said<'t>,
}

impl Saying<'_> {
    /// What undoes the step.
    pub(super) fn understood(&self) -> Result<Compensation> {
        if let Some((word, at)) = &self.compensation
            && *word != "none"
        {
            return Err(not_one_of("compensation", word, &["none"]).at(at));
        }
        match (&self.undo, &self.compensation) {
            (Some(_), Some((_, at))) => Err(self.refused(
                at,
                "is undone by `undo`, and `compensation = \"none\"` says that nothing undoes it",
                "keep one of them",
            )),
            (None, Some((_, at))) => self.reason(at).map(Compensation::None),
            (undo, None) => {
                if let Some((_, at)) = &self.reason {
                    return Err(self.refused(
                        at,
                        "has a `reason` why nothing undoes it, and does not say that nothing does",
                        "take `reason` out, or add `compensation = \"none\"`",
                    ));
                }
                self.undone_by(undo.as_ref())
            }
        }
    }

    fn undone_by(&self, undo: Option<&(Callee, String)>) -> Result<Compensation> {
        match (&self.call, undo) {
            (None, None) => Ok(Compensation::Code),
            (None, Some((_, at))) => Err(self.refused(
                at,
                "has `undo` and no `call`",
                "take `undo` out: work in your own database is undone by code of yours",
            )),
            (Some((call, at)), None) => Err(self.refused(
                at,
                &format!("calls {call}, and nothing says what undoes that"),
                "add `undo = \"Domain.Event\"`, or `compensation = \"none\"` and a `reason`",
            )),
            (Some((call, _)), Some((undo, at))) if call == undo => Err(self.refused(
                at,
                &format!("is undone by {undo}, which is what it calls: it would happen twice"),
                "name the operation that takes it back, or write `compensation = \"none\"` and a `reason`",
            )),
            (Some(_), Some((undo, _))) => Ok(Compensation::Operation(undo.clone())),
        }
    }

    fn reason(&self, at: &str) -> Result<String> {
        let (reason, at) = match &self.reason {
            Some((reason, at)) => (reason.trim(), at.as_str()),
            None => ("", at),
        };
        if reason.is_empty() {
            return Err(self.refused(
                at,
                "has `compensation = \"none\"` and no `reason`",
                "add `reason = \"…\"`: why nothing has to be undone, or can be",
            ));
        }
        let length = reason.chars().count();
        if length > MAX_REASON {
            let what = format!("`reason` has {length} characters, {MAX_REASON} are allowed");
            return Err(Error::new(Code::SpecValue, what)
                .at(at)
                .help("say it shorter, and the rest in a comment"));
        }
        Ok(reason.to_owned())
    }

    fn refused(&self, at: &str, why: &str, help: &str) -> Error {
        let what = format!("the step `{}` {why}", self.step);
        Error::new(Code::SagaCompensation, what).at(at).help(help)
    }
}
