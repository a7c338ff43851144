//! Apply: the only code that writes to a user's disk.
//!
//! Either everything a plan says happens, or nothing. A package that is not there yet is written
//! beside its place and moved there by one rename (`fresh`). A package that is there is changed
//! through a journal (`journal`): everything is staged first, then the intent is made durable,
//! then files are renamed into place; a run that dies is completed or taken back by the next one.

mod fresh;
mod journal;
mod recover;
mod staging;
#[cfg(test)]
pub(crate) mod tests;

use crate::disk::{Hold, Tree, Write, refused};
use crate::error::{Code, Error, Result};
use crate::lock::Hash;
use crate::plan::{Plan, Step};
use std::path::Path;

pub use recover::{Recovery, pending};

/// One run's right to write to a package.
pub struct Session<'a> {
    disk: &'a dyn Write,
    root: &'a Path,
    hold: Option<Box<dyn Hold>>,
    recovery: Recovery,
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("root", &self.root)
            .field("hold", &self.hold)
            .field("recovery", &self.recovery)
            .finish_non_exhaustive()
    }
}

impl<'a> Session<'a> {
    /// Keeps other runs out, and completes or takes back what an interrupted run left.
    /// The folder need not be there.
    ///
    /// # Errors
    /// When another run is at work, or what was left cannot be put right.
    pub fn open(disk: &'a dyn Write, root: &'a Path) -> Result<Self> {
        let there = disk
            .entry(root)
            .map_err(|error| refused("look at", root, &error))?;
        if there.is_none() {
            return Ok(Self {
                disk,
                root,
                hold: None,
                recovery: Recovery::Nothing,
            });
        }
        let hold = disk
            .hold(root)
            .map_err(|error| refused("lock", root, &error))?;
        let hold = hold.ok_or_else(|| busy(root))?;
        let recovery = recover::recover(disk, root)?;
        Ok(Self {
            disk,
            root,
            hold: Some(hold),
            recovery,
        })
    }

    /// What was put right when the session was opened.
    #[must_use]
    pub const fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// Carries out a plan.
    ///
    /// # Errors
    /// When the plan has conflicts, the tree is not as it was when the plan was made, or the disk
    /// refuses. The tree is as before then.
    pub fn apply(&self, plan: &Plan) -> Result<()> {
        if let Some(error) = plan.conflict_error() {
            return Err(error);
        }
        self.carry_out(&plan.steps())
    }

    /// Makes the steps that take an upgrade back.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn restore(&self, steps: &[Step]) -> Result<()> {
        self.carry_out(steps)
    }

    fn carry_out(&self, steps: &[Step]) -> Result<()> {
        if steps.is_empty() {
            return Ok(());
        }
        if self.hold.is_none() && !steps.iter().any(is_outside) {
            return fresh::create(self.disk, self.root, steps);
        }
        if self.hold.is_none() {
            return self.create_and_tell(steps);
        }
        self.verify(steps)?;
        journal::update(self.disk, self.root, steps)
    }

    /// A package that is not there yet, and of which a workspace has to be told: one rename does not do.
    fn create_and_tell(&self, steps: &[Step]) -> Result<()> {
        let made = fresh::create_root(self.disk, self.root)?;
        let told = Session::open(self.disk, self.root).and_then(|held| {
            held.verify(steps)?;
            journal::update(self.disk, self.root, steps)
        });
        if told.is_err() {
            fresh::remove_root(self.disk, &made);
        }
        told
    }

    /// Refuses when a file is not what it was when the plan was made.
    fn verify(&self, steps: &[Step]) -> Result<()> {
        let tree = Tree::new(self.disk, self.root);
        tree.check_folders(steps.iter().map(|step| step.path.as_str()))?;
        for step in steps {
            let now = tree.read(&step.path)?.map(|bytes| Hash::of(&bytes));
            if now != step.expected {
                return Err(Error::new(
                    Code::TreeChanged,
                    "the file changed while the plan was made",
                )
                .at(&step.path)
                .help("run the command again; nothing was written"));
            }
        }
        Ok(())
    }
}

/// Whether it changes a file that is not the package's.
fn is_outside(step: &Step) -> bool {
    step.path.starts_with("../")
}

fn busy(root: &Path) -> Error {
    Error::new(Code::Busy, "another orch-gen is writing to this package")
        .at(root.display().to_string())
        .help("wait until it is done and run the command again")
}
