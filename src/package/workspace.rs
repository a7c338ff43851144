//! Cargo workspaces around a package.

use crate::disk::{Entry, Read, Tree, refused};
use crate::error::{Code, Error, Result};
use std::path::{Path, PathBuf};
use toml_edit::Document;

/// The root of a workspace and what it says about members.
struct Workspace {
    root: PathBuf,
    members: Vec<String>,
    exclude: Vec<String>,
}

/// Whether a package in `folder` has to be a workspace of its own: none is above it, or the one
/// above does not count it among its members.
#[must_use]
pub fn is_standalone(disk: &dyn Read, folder: &Path) -> bool {
    let Some(workspace) = above(disk, folder) else {
        return true;
    };
    let Ok(relative) = folder.strip_prefix(&workspace.root) else {
        return true;
    };
    let relative = relative.to_string_lossy().replace('\\', "/");
    let under = |path: &String| relative == *path || relative.starts_with(&format!("{path}/"));
    workspace.exclude.iter().any(under)
        || !workspace
            .members
            .iter()
            .any(|pattern| matches(pattern, &relative))
}

/// The folder of the workspace member with this name.
///
/// # Errors
/// When there is no workspace, or no such member.
pub fn member(disk: &dyn Read, folder: &Path, name: &str) -> Result<PathBuf> {
    let roots = folder.ancestors().filter_map(|folder| read(disk, folder));
    let Some(workspace) = roots.into_iter().next() else {
        return Err(Error::new(
            Code::NoPackage,
            format!("there is no workspace to find `{name}` in"),
        )
        .at(folder.display().to_string())
        .help("run the command in the workspace, or leave out `-p`"));
    };
    let mut names = Vec::new();
    for folder in folders(disk, &workspace)? {
        let tree = Tree::new(disk, &folder);
        match super::name_in_manifest(tree) {
            Ok(Some(found)) if found == name => return Ok(folder),
            Ok(Some(found)) => names.push(found),
            Ok(None) | Err(_) => {}
        }
    }
    let help = match crate::naming::nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "the workspace has no members".to_owned(),
        None => format!("members: {}", names.join(", ")),
    };
    Err(Error::new(
        Code::NoPackage,
        format!("the workspace has no member `{name}`"),
    )
    .at(workspace.root.join("Cargo.toml").display().to_string())
    .help(help))
}

/// The folder of the workspace that a package in `folder` is a member of: as cargo sees it, the nearest
/// one above that does not exclude it and counts it among its members.
pub(super) fn root_above(disk: &dyn Read, folder: &Path) -> Option<PathBuf> {
    if is_standalone(disk, folder) {
        return None;
    }
    above(disk, folder).map(|workspace| workspace.root)
}

/// The folders of all members of the workspace at `root`.
pub(super) fn members(disk: &dyn Read, root: &Path) -> Result<Vec<PathBuf>> {
    match read(disk, root) {
        Some(workspace) => folders(disk, &workspace),
        None => Ok(Vec::new()),
    }
}

/// The folder of the workspace above that a new package in `folder` can join: it does not exclude it.
pub(super) fn joinable(disk: &dyn Read, folder: &Path) -> Option<PathBuf> {
    let workspace = above(disk, folder)?;
    let relative = folder.strip_prefix(&workspace.root).ok()?;
    let relative = relative.to_string_lossy().replace('\\', "/");
    let is_out = |path: &String| relative == *path || relative.starts_with(&format!("{path}/"));
    (!workspace.exclude.iter().any(is_out)).then_some(workspace.root)
}

fn above(disk: &dyn Read, folder: &Path) -> Option<Workspace> {
    folder
        .ancestors()
        .skip(1)
        .find_map(|folder| read(disk, folder))
}

fn read(disk: &dyn Read, folder: &Path) -> Option<Workspace> {
    let text = String::from_utf8(disk.read(&folder.join("Cargo.toml")).ok()?).ok()?;
    let document = Document::parse(text.as_str()).ok()?;
    let workspace = document.get("workspace")?;
    let list = |key: &str| {
        let items = workspace
            .get(key)
            .and_then(|list| list.as_array())
            .into_iter()
            .flatten();
        items
            .filter_map(|item| item.as_str())
            .map(trimmed)
            .collect()
    };
    Some(Workspace {
        root: folder.to_owned(),
        members: list("members"),
        exclude: list("exclude"),
    })
}

fn trimmed(path: &str) -> String {
    path.trim_start_matches("./")
        .trim_end_matches('/')
        .to_owned()
}

/// The folders of all members, with `*` spelt out; the root too when it is a package.
fn folders(disk: &dyn Read, workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut all = vec![workspace.root.clone()];
    for pattern in &workspace.members {
        let mut found = vec![workspace.root.clone()];
        for part in pattern.split('/') {
            found = descend(disk, found, part)?;
        }
        all.extend(found);
    }
    Ok(all)
}

fn descend(disk: &dyn Read, folders: Vec<PathBuf>, part: &str) -> Result<Vec<PathBuf>> {
    if !part.contains('*') {
        return Ok(folders
            .into_iter()
            .map(|folder| folder.join(part))
            .collect());
    }
    let mut found = Vec::new();
    for folder in folders {
        let names = match disk.list(&folder) {
            Ok(names) => names,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(refused("list", &folder, &error)),
        };
        for name in names {
            let path = folder.join(&name);
            if matches_part(part, &name.to_string_lossy())
                && matches!(disk.entry(&path), Ok(Some(Entry::Folder)))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a member pattern such as `services/*` covers a path.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut parts, mut names) = (pattern.split('/'), path.split('/'));
    loop {
        match (parts.next(), names.next()) {
            (None, None) => return true,
            (Some("**"), Some(_)) => return true,
            (Some(part), Some(name)) if matches_part(part, name) => {}
            _ => return false,
        }
    }
}

fn matches_part(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let after = after.trim_start_matches('*');
    name.strip_prefix(before).is_some_and(|rest| {
        (0..=rest.len())
            .filter(|at| rest.is_char_boundary(*at))
            .any(|at| matches_part(after, &rest[at..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_paths() {
        for (pattern, path, expected) in [
            ("services/*", "services/pay", true),
            ("services/*", "services/pay/deep", false),
            ("services/*", "other/pay", false),
            ("crates/pay-*", "crates/pay-api", true),
            ("crates/*-api", "crates/pay-api", true),
            ("crates/*-api", "crates/pay-lib", false),
            ("pay", "pay", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }
}
