//! The secrets that a value keeps in plain text when it is stored whole.
//!
//! A type of the project is gone through field by field, also behind `Option`, `Vec` and the like. What
//! `serde` leaves out is not stored; what a type writes by its own code is in doubt.

use std::collections::HashSet;

use super::secrets;
use crate::model::{DefId, RTy, Scope, Workspace};
use crate::syntax::{Attrs, Field, ItemKind};

/// A secret in a stored value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored {
    /// The way to it: `card.card_number`.
    pub(super) path: String,
    /// Whether it is stored as it is; not known where a type writes itself.
    pub(super) is_certain: bool,
}

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// By `serde`.
    Serialized,
    /// As the field of a row, whatever decodes it.
    Row,
}

/// A secret that a value of a type stores, one that is certain before others.
pub(super) fn in_type(workspace: &Workspace<'_>, ty: &RTy, form: Form) -> Option<Stored> {
    let mut search = Search::new(workspace, form);
    search.ty(ty, "", true);
    search.best()
}

/// A secret that a field stores.
pub(super) fn in_field<'a>(
    workspace: &Workspace<'a>,
    field: &Field,
    scope: &Scope<'a>,
    form: Form,
) -> Option<Stored> {
    let mut search = Search::new(workspace, form);
    search.field(field, scope, "", true);
    search.best()
}

/// Types nested deeper than this are not looked into.
const MAX_DEPTH: usize = 8;

/// Types of other crates that store what is in them.
const CARRIERS: &[&str] = &[
    "Arc", "BTreeMap", "BTreeSet", "Box", "Cow", "HashMap", "HashSet", "IndexMap", "Json",
    "Option", "Rc", "Vec", "VecDeque", "slice",
];

struct Search<'w, 'a> {
    workspace: &'w Workspace<'a>,
    form: Form,
    seen: HashSet<RTy>,
    depth: usize,
    found: Vec<Stored>,
}

impl<'w, 'a> Search<'w, 'a> {
    fn new(workspace: &'w Workspace<'a>, form: Form) -> Self {
        Search {
            workspace,
            form,
            seen: HashSet::new(),
            depth: 0,
            found: Vec::new(),
        }
    }

    fn best(self) -> Option<Stored> {
        self.found.into_iter().min_by_key(|of| !of.is_certain)
    }

    fn ty(&mut self, ty: &RTy, path: &str, is_certain: bool) {
        match ty {
            RTy::Local(id, args) if self.depth < MAX_DEPTH && self.seen.insert(ty.clone()) => {
                self.depth += 1;
                self.local(*id, args, path, is_certain);
                self.depth -= 1;
            }
            RTy::External(of, args) if of.last().is_some_and(|of| is_carrier(of)) => {
                args.iter().for_each(|arg| self.ty(arg, path, is_certain));
            }
            RTy::Tuple(parts) => parts
                .iter()
                .for_each(|part| self.ty(part, path, is_certain)),
            _ => {}
        }
    }

    fn local(&mut self, id: DefId, args: &[RTy], path: &str, is_certain: bool) {
        let def = self.workspace.def(id);
        let scope = self.workspace.def_scope(id, args);
        let is_certain = is_certain && !self.writes_itself(id);
        match &def.item.kind {
            ItemKind::Struct(_, fields) => {
                for field in &fields.list {
                    self.field(field, &scope, path, is_certain);
                }
            }
            ItemKind::Enum(_, variants) => {
                let kept = variants.iter().filter(|of| !is_left_out(&of.attrs));
                for field in kept.flat_map(|of| &of.fields.list) {
                    self.field(field, &scope, path, is_certain);
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, field: &Field, scope: &Scope<'a>, path: &str, is_certain: bool) {
        if is_left_out(&field.attrs) {
            return;
        }
        let name = &field.name.text;
        let path = match path {
            "" => name.to_string(),
            outer => format!("{outer}.{name}"),
        };
        let is_certain = is_certain && !has(&field.attrs, &["serialize_with", "with"]);
        let ty = self.workspace.lower(&field.ty, scope);
        if secrets::is_name(name) && secrets::is_plain(&ty, name) {
            self.found.push(Stored { path, is_certain });
        } else {
            self.ty(&ty, &path, is_certain);
        }
    }

    /// Whether code of its own, or nothing that can be seen, says what is written of a type.
    fn writes_itself(&self, id: DefId) -> bool {
        let def = self.workspace.def(id);
        let is_serde = |path| match self.workspace.resolve_type(def.module, path).external() {
            Some([krate, .., last]) => krate == "serde" && last == "Serialize",
            _ => false,
        };
        let is_derived = def.item.attrs.derives.iter().any(is_serde);
        let mut blocks = self.workspace.impls_of(id);
        let by_hand = blocks.any(|block| block.def.trait_path.as_ref().is_some_and(is_serde));
        by_hand
            || has(&def.item.attrs, &["into", "remote"])
            || self.form == Form::Serialized && !is_derived
    }
}

fn is_carrier(name: &str) -> bool {
    CARRIERS.contains(&name)
}

fn is_left_out(attrs: &Attrs) -> bool {
    has(attrs, &["skip", "skip_serializing"]) || attrs.sqlx("skip").is_some()
}

fn has(attrs: &Attrs, keys: &[&str]) -> bool {
    attrs.serde.iter().any(|key| keys.contains(&key.as_str()))
}
