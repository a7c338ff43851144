//! The package around: its spec, its lock, and whether the tree is what they say.

use super::check::Check;
use super::{git, runtime};
use crate::apply;
use crate::cli::target::{Place, Wish};
use crate::disk::{Real, Tree};
use crate::error::Result;
use crate::lock::{self, Hash, Lock};
use crate::package::{self, Found};
use crate::plan::{Plan, drift, version};
use crate::schema::History;
use crate::spec::{self, Spec};
use std::path::Path;

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A check for each thing about the package at or above `folder`.
pub(super) fn checks(folder: &Path) -> Result<Vec<Check>> {
    let root = match package::find(&Real, folder)? {
        Found::Ours(root) => root,
        Found::Foreign(root) => {
            let root = root.display();
            let message = format!("{root}: nothing was generated into it yet");
            return Ok(vec![Check::ok("package", message)]);
        }
        Found::Nothing => return Ok(vec![Check::ok("package", "none here or above")]),
    };
    let tree = Tree::new(&Real, &root);
    let mut checks = vec![Check::ok("package", root.display().to_string())];
    let text = tree.read_text(spec::FILE).map(Option::unwrap_or_default);
    let spec = text.and_then(|text| Spec::parse(&text).map(|spec| (spec, text)));
    match &spec {
        Ok((spec, _)) => checks.push(Check::ok(spec::FILE, operations(spec))),
        Err(error) => checks.push(Check::refused(spec::FILE, error)),
    }
    let lock = locked(tree, &mut checks);
    let pending = apply::pending(&Real, &root);
    checks.push(match &pending {
        Ok(()) => Check::ok("interrupted", "no run was interrupted"),
        Err(error) => Check::refused("interrupted", error),
    });
    if let Some(lock) = &lock {
        checks.push(bases(tree, lock));
    }
    // Without these three every plan fails, and would only say so again.
    let mut plan = None;
    if let (Ok((_, text)), Ok(()), true) = (&spec, &pending, lock.is_some()) {
        let place = Place::ours(root.clone());
        let wish = Wish {
            upgrade: true,
            ..Wish::default()
        };
        match place.plan(&Real, text, &wish) {
            Ok(made) => {
                checks.push(drifted(&made));
                plan = Some(made);
            }
            Err(error) => checks.push(Check::refused("drift", &error)),
        }
    }
    if let Ok((spec, _)) = &spec {
        checks.push(runtime::check(spec, plan.as_ref(), tree));
    }
    checks.extend(
        plan.as_ref()
            .and_then(|plan| runtime::workspace(plan, tree)),
    );
    checks.push(git::check(&root, plan.as_ref()));
    Ok(checks)
}

fn operations(spec: &Spec) -> String {
    let operations = spec.domains.iter().map(|domain| domain.operations.len());
    let (domains, operations) = (spec.domains.len(), operations.sum::<usize>());
    format!("domains: {domains}, operations: {operations}")
}

/// The lock, with what is to be said of it and of the version that wrote it. A lock that is missing is
/// made anew, so that a plan can be made without it.
fn locked(tree: Tree<'_>, checks: &mut Vec<Check>) -> Option<Lock> {
    let text = match tree.read_text(lock::FILE) {
        Ok(Some(text)) => text,
        Ok(None) => {
            let message = "it is missing: edited files cannot be told from generated ones";
            checks.push(Check::problem(
                lock::FILE,
                message,
                "take it from version control, else `orch-gen apply`",
            ));
            return Some(Lock::default());
        }
        Err(error) => {
            checks.push(Check::refused(lock::FILE, &error));
            return None;
        }
    };
    match Lock::parse(&text) {
        Ok(lock) => {
            checks.push(Check::ok(
                lock::FILE,
                format!("files: {}", lock.files.len()),
            ));
            checks.push(generator(&lock.generator));
            Some(lock)
        }
        Err(error) => {
            checks.push(Check::refused(lock::FILE, &error));
            None
        }
    }
}

/// Whether this program is the one that wrote the tree.
fn generator(wrote: &str) -> Check {
    match version::behind(wrote) {
        Ok(None) => Check::ok("generator", format!("orch-gen {VERSION} wrote the tree")),
        Ok(Some(from)) => {
            let message = format!("orch-gen {from} wrote the tree, and this is {VERSION}");
            Check::warning("generator", message, "orch-gen upgrade")
        }
        Err(newer) => Check::refused("generator", &newer),
    }
}

/// Whether every text that the next merge starts from is there, and is that text.
fn bases(tree: Tree<'_>, lock: &Lock) -> Check {
    let is_lost = |hash: &&Hash| !holds(tree, &format!("{}/{hash}", lock::BASE), hash);
    // Locks of version 0.1 and 0.2 keep no copies of migrations: the files themselves are the texts.
    let is_itself = |hash: &&Hash| {
        let mut files = lock.files.iter();
        files.any(|(path, file)| {
            History::holds(path) && file.hash == **hash && holds(tree, path, hash)
        })
    };
    let lost = lock.kept().filter(is_lost);
    let lost: Vec<&Hash> = lost.filter(|hash| !is_itself(hash)).collect();
    match lost.first() {
        None => Check::ok("merge bases", "all there"),
        Some(first) => Check::problem(
            "merge bases",
            format!(
                "{} lost or damaged, such as {}/{first}",
                lost.len(),
                lock::BASE
            ),
            format!(
                "take {} from version control, else `orch-gen apply`",
                lock::BASE
            ),
        ),
    }
}

/// Whether a file is the text behind a hash. A checkout may have turned line ends.
fn holds(tree: Tree<'_>, path: &str, hash: &Hash) -> bool {
    let text = tree.read_text(path).ok().flatten();
    text.is_some_and(|text| Hash::of(text.replace("\r\n", "\n").as_bytes()) == *hash)
}

fn drifted(plan: &Plan) -> Check {
    let drifts = drift::drift(plan);
    match drifts.first() {
        None => Check::ok("drift", "the tree matches orch.toml"),
        Some(first) => Check::problem(
            "drift",
            format!(
                "files that do not match: {}, such as {} ({})",
                drifts.len(),
                first.path,
                first.kind.word()
            ),
            drift::fix(&drifts).command(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::check::Status;

    #[test]
    fn a_tree_of_a_newer_program_is_a_problem() {
        for (wrote, expected) in [
            (VERSION, Status::Ok),
            ("0.0.9", Status::Warning),
            ("99.0.0", Status::Problem),
            ("0.1000.0", Status::Problem),
        ] {
            assert_eq!(generator(wrote).status, expected, "{wrote}");
        }
    }
}
