//! Files of somebody else with lines of ours in them: a library's root, a manifest, a router.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::change::{Action, Change};
use super::line_ends;
use crate::components::{self, Class};
use crate::disk::Tree;
use crate::error::{Code, Error, Result};
use crate::inject::{self, Item};
use crate::lock::Lock;
use crate::model::{ORCHESTRATIONS, PackageModel};
use crate::package::Host;
use crate::spec::{PackageKind, RuntimeSource};

/// What has to be in which file.
pub(super) type Wanted = BTreeMap<String, Vec<Item>>;

/// The owner of these files in a plan.
const OWNER: &str = "inject";

/// What a package needs in files that are not its own.
pub(super) fn wanted(package: &PackageModel, host: &Host, known: &Lock) -> Result<Wanted> {
    let mut wanted = Wanted::new();
    let is_empty = package.domains.is_empty() && package.kind != PackageKind::Service;
    if is_empty {
        wanted.extend(
            host.workspace
                .clone()
                .map(|path| (path, still_excluded(host))),
        );
        return Ok(wanted);
    }
    if let Some(workspace) = &host.workspace {
        let mut items = Vec::new();
        let member = Item::Member(host.folder.clone());
        let known = known.injected.get(workspace);
        if host.joins || known.is_some_and(|items| items.contains(&member)) {
            items.push(member);
        }
        if package.runtime == RuntimeSource::Vendored {
            items.push(Item::Exclude("vendor".to_owned()));
        }
        wanted.entry(workspace.clone()).or_default().extend(items);
    }
    let PackageKind::Existing { router } = package.kind else {
        return Ok(wanted);
    };
    let dependencies = components::dependencies(package).into_iter();
    let manifest = wanted.entry("Cargo.toml".to_owned()).or_default();
    manifest.extend(dependencies.map(Item::Dependency));
    if !package.owns_library {
        let modules = package.root_modules().into_iter();
        let items = modules.map(|name| Item::Module(name.to_owned()));
        wanted
            .entry("src/lib.rs".to_owned())
            .or_default()
            .extend(items);
    }
    if router && let Some((path, item)) = the_router(package, host, known)? {
        wanted.entry(path).or_default().push(item);
    }
    Ok(wanted)
}

/// What another member of the workspace goes on to need.
fn still_excluded(host: &Host) -> Vec<Item> {
    let item = host
        .shares_vendor
        .then(|| Item::Exclude("vendor".to_owned()));
    item.into_iter().collect()
}

/// Whether the API is in a router.
pub(super) fn has_router(injected: &Wanted) -> bool {
    let mut items = injected.values().flatten();
    items.any(|item| matches!(item, Item::Router(_)))
}

/// Where the API is, or where it goes.
fn the_router(package: &PackageModel, host: &Host, known: &Lock) -> Result<Option<(String, Item)>> {
    let is_router = |item: &&Item| matches!(item, Item::Router(_));
    for (path, items) in &known.injected {
        if let Some(item) = items.iter().find(is_router) {
            return Ok(Some((path.clone(), item.clone())));
        }
    }
    let [server] = host.servers.as_slice() else {
        return match host.servers.first() {
            None => Ok(None),
            Some(first) => Err(Error::new(
                Code::NoPlace,
                "more than one file serves a router; nothing was written",
            )
            .at(&first.path)
            .help(format!(
                "put these lines before its `axum::serve` yourself, and run the command again with \
                 `--no-router`:\n  {}",
                inject::router_lines(&package.wiring()).join("\n  ")
            ))),
        };
    };
    let module = if server.is_in_library {
        format!("crate::{ORCHESTRATIONS}")
    } else {
        package.wiring()
    };
    Ok(Some((server.path.clone(), Item::Router(module))))
}

/// The edits of these files, and what of them is ours afterwards.
pub(super) fn changes(
    tree: Tree<'_>,
    known: &Lock,
    wanted: &Wanted,
) -> Result<(Vec<Change>, Wanted)> {
    let paths: BTreeSet<&String> = known.injected.keys().chain(wanted.keys()).collect();
    let (mut changes, mut injected) = (Vec::new(), Wanted::new());
    let none = Vec::new();
    for path in paths {
        let items = wanted.get(path).unwrap_or(&none);
        let before = known.injected.get(path).unwrap_or(&none);
        let Some(bytes) = tree.read(path)? else {
            if items.is_empty() {
                continue;
            }
            return Err(Error::new(Code::NoPlace, "the file is not there any more")
                .at(path)
                .help("take it from version control"));
        };
        let text = String::from_utf8(bytes).map_err(|error| {
            Error::new(
                Code::NoPlace,
                format!("it is not UTF-8: {}", error.utf8_error()),
            )
            .at(path)
            .help("save it as UTF-8")
        })?;
        let edited = inject::edit(path, &text, before, items)?;
        if !edited.items.is_empty() {
            injected.insert(path.clone(), edited.items);
        }
        let is_same =
            line_ends::unified(edited.text.as_bytes()) == line_ends::unified(text.as_bytes());
        changes.push(Change {
            path: path.clone(),
            owner: Cow::Borrowed(OWNER),
            class: Some(Class::Shared),
            action: if is_same {
                Action::Unchanged
            } else {
                Action::Update
            },
            before: Some(text.into_bytes()),
            after: Some(Cow::Owned(edited.text)),
            kept_as: None,
            beside: None,
            left: None,
            moved_from: None,
        });
    }
    Ok((changes, injected))
}
