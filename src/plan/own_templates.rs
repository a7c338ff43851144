//! A package's own templates: brought along when the built-in ones change, and recorded.
//!
//! An own template began as a built-in one. What changed in that one since is merged into it as into
//! any other file of the user's. Where both changed the same lines, the new text is put beside it as
//! `.rej`: a template with marks in it could not be rendered.

use super::change::{Action, Change, Conflict, Conflicts, Decision};
use super::merge::merge;
use super::{Request, base, beside, line_ends};
use crate::components::Class;
use crate::disk::Tree;
use crate::error::{Code, Error, Result};
use crate::lock::{Hash, Lock};
use crate::templates::{self, BuiltIn, Own, Templates};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The templates that files are made of, and what becomes of the package's own.
#[derive(Debug)]
pub(super) struct OwnTemplates {
    pub(super) templates: Templates,
    pub(super) changes: Vec<Change>,
    /// The built-in template behind each, for the lock.
    pub(super) origins: BTreeMap<String, Hash>,
    /// Whether a built-in template changed since one of them was made of it.
    pub(super) is_behind: bool,
}

/// Looks at a package's own templates, `ejected` among them.
pub(super) fn look(tree: Tree<'_>, known: &Lock, request: &Request<'_>) -> Result<OwnTemplates> {
    let mut texts = templates::read(tree)?;
    let mut changes = Vec::new();
    let mut origins = BTreeMap::new();
    for (path, text) in &mut texts {
        let built_in = built_in(path)?;
        let origin = known
            .templates
            .get(path)
            .filter(|hash| **hash != built_in.hash());
        if let Some(origin) = origin {
            let change = brought_along(tree, built_in, origin, text, request)?;
            let is_skipped = matches!(change.action, Action::Skip(_));
            changes.push(change);
            if is_skipped {
                origins.insert(path.clone(), origin.clone());
                continue;
            }
        }
        origins.insert(path.clone(), built_in.hash());
    }
    let is_behind = !changes.is_empty();
    for path in request.eject {
        let built_in = built_in(path)?;
        if texts
            .insert(path.clone(), built_in.text.to_owned())
            .is_some()
        {
            return Err(Error::new(Code::Occupied, "the template is ejected already")
                .at(templates::own_path(path))
                .help("edit it; to go back to the built-in one, delete it and run `orch-gen apply`"));
        }
        let (action, after) = (Action::Create, built_in.text.to_owned());
        changes.push(change(path, action, None, after));
        origins.insert(path.clone(), built_in.hash());
    }
    Ok(OwnTemplates {
        templates: Templates::with(Own::new(&texts)?),
        changes,
        origins,
        is_behind,
    })
}

fn built_in(path: &str) -> Result<&'static BuiltIn> {
    templates::find(path).ok_or_else(|| {
        Error::new(Code::OwnTemplate, "there is no template of this name")
            .at(path)
            .help("`orch-gen templates` lists them")
    })
}

/// Merges what changed in the built-in template into the package's own.
fn brought_along(
    tree: Tree<'_>,
    built_in: &BuiltIn,
    origin: &Hash,
    text: &mut String,
    request: &Request<'_>,
) -> Result<Change> {
    let path = templates::own_path(built_in.path);
    let before = tree.read(&path)?.unwrap_or_default();
    let base = base::text(tree, origin)?;
    let kind = match base.map(|base| merge(&base, text, built_in.text)) {
        Some(Ok(merged)) if merged == *text => {
            return Ok(change(
                built_in.path,
                Action::Unchanged,
                Some(before),
                merged,
            ));
        }
        Some(Ok(merged)) => {
            text.clone_from(&merged);
            let after = line_ends::like(&before, merged);
            return Ok(change(built_in.path, Action::Merge, Some(before), after));
        }
        Some(Err(_)) => Conflict::Overlap,
        None => Conflict::NoBase,
    };
    let action = match (request.decisions.get(&path), request.conflicts) {
        (Some(Decision::Skip), _) => Some(Action::Skip(kind)),
        (Some(Decision::Overwrite), _) => {
            built_in.text.clone_into(text);
            let kept_as = Some(beside::free_beside(tree, &path, "orig")?);
            let change = change(built_in.path, Action::Update, Some(before), text.clone());
            return Ok(Change { kept_as, ..change });
        }
        (None, Conflicts::Refuse) => Some(Action::Conflict(kind)),
        _ => None,
    };
    if let Some(action) = action {
        let theirs = built_in.text.to_owned();
        return Ok(change(built_in.path, action, Some(before), theirs));
    }
    let beside = beside::free_beside(tree, &path, "rej")?;
    let same = String::from_utf8_lossy(&before).into_owned();
    Ok(Change {
        beside: Some((beside, built_in.text.to_owned())),
        left: Some(kind),
        ..change(built_in.path, Action::Unchanged, Some(before), same)
    })
}

fn change(template: &str, action: Action, before: Option<Vec<u8>>, after: String) -> Change {
    Change {
        path: templates::own_path(template),
        owner: Cow::Borrowed("templates"),
        class: Some(Class::Yours),
        action,
        before,
        after: Some(Cow::Owned(after)),
        kept_as: None,
        beside: None,
        left: None,
        moved_from: None,
    }
}
