//! The runtime that the package is built with, and its place in a workspace.

use super::check::Check;
use crate::disk::{Tree, seen_from};
use crate::plan::{Action, Change, Plan};
use crate::spec::{RuntimeSource, Spec};
use std::path::Path;
use toml_edit::{Document, Item};

const NAME: &str = "runtime";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether the runtime is the one that this program generates for.
pub(super) fn check(spec: &Spec, plan: Option<&Plan>, tree: Tree<'_>) -> Check {
    match &spec.runtime {
        RuntimeSource::Vendored => plan.map_or_else(
            || Check::warning(NAME, "not compared: the plan fails", "see the drift line"),
            vendored,
        ),
        RuntimeSource::Path(path) => in_folder(path, tree),
        RuntimeSource::Git { url, .. } => Check::ok(NAME, format!("from {url}")),
        RuntimeSource::Registry(version) if version == VERSION => {
            Check::ok(NAME, format!("version {version}"))
        }
        RuntimeSource::Registry(version) => Check::warning(
            NAME,
            format!("version {version}, and this program is {VERSION}"),
            format!("write `version = \"{VERSION}\"` under [runtime], then `orch-gen apply`"),
        ),
    }
}

fn vendor(plan: &Plan) -> impl Iterator<Item = &Change> {
    plan.changes
        .iter()
        .filter(|change| change.owner == "vendor")
}

fn vendored(plan: &Plan) -> Check {
    let is_other = |change: &&Change| change.action != Action::Unchanged;
    let other: Vec<&Change> = vendor(plan).filter(is_other).collect();
    let Some(first) = other.first() else {
        let files = vendor(plan).count();
        return Check::ok(
            NAME,
            format!("vendored, {files} files of version {VERSION}"),
        );
    };
    let is_edited = |change: &&&Change| matches!(change.action, Action::Conflict(_));
    let fix = if other.iter().any(|change| is_edited(&change)) {
        "orch-gen apply --force"
    } else {
        "orch-gen apply"
    };
    let (count, path) = (other.len(), &first.path);
    let message = format!("{count} vendored files are not those of {VERSION}, such as {path}");
    Check::problem(NAME, message, fix)
}

fn in_folder(path: &str, tree: Tree<'_>) -> Check {
    let manifest = format!("{path}/orch-runtime/Cargo.toml");
    let absolute = tree.root().join(&manifest);
    let text = tree.disk().read(&absolute).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let Some(found) = version(&text) else {
        let message = format!("there is no {manifest}");
        return Check::problem(NAME, message, "correct `path` under [runtime] of orch.toml");
    };
    if found == VERSION {
        return Check::ok(NAME, format!("from {path}, version {found}"));
    }
    let message = format!("{path} has version {found}, and this program is {VERSION}");
    Check::warning(
        NAME,
        message,
        format!("use orch-gen {found}, or take the runtime of {VERSION}"),
    )
}

fn version(manifest: &str) -> Option<String> {
    let manifest = Document::parse(manifest).ok()?;
    let version = manifest.get("package")?.get("version")?;
    Some(version.as_str()?.to_owned())
}

/// Whether the workspace leaves the vendored crates out; nothing when there are none, or no workspace
/// around them.
pub(super) fn workspace(plan: &Plan, tree: Tree<'_>) -> Option<Check> {
    let path = &vendor(plan).next()?.path;
    let up = path.split("vendor/").next()?;
    let folder = seen_from(tree.root(), up);
    let path = folder.join("Cargo.toml");
    let text = String::from_utf8(tree.disk().read(&path).ok()?).ok()?;
    let manifest = Document::parse(text.as_str()).ok()?;
    let workspace = manifest.get("workspace")?;
    let excluded = workspace.get("exclude").and_then(Item::as_array);
    let excluded = excluded
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str());
    let is_vendor = |one: &str| Path::new(one) == Path::new("vendor");
    Some(if excluded.into_iter().any(is_vendor) {
        Check::ok("workspace", "leaves `vendor` out")
    } else {
        Check::problem(
            "workspace",
            format!("{} does not exclude `vendor`", path.display()),
            "add `exclude = [\"vendor\"]` under its [workspace]",
        )
    })
}
