//! Which types can reach a database.
//!
//! A type can if one of its fields can: through smart pointers, collections, type arguments, and
//! through traits to every type of the project that implements them. The answer carries the way
//! there, so that a message can show it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{DefId, RTy, Res, Scope, Step, Workspace};
use crate::known;
use crate::load::FileId;
use crate::syntax::{Field, ItemKind};

/// Whether a type can reach a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It can: `StripeGateway.audit`, `AuditRepo.pool`, and the database type.
    Yes(Vec<Step>, Step),
    /// It cannot.
    No,
    /// It may: what could not be looked into.
    Unknown(Vec<String>),
}

impl Reach {
    /// `A.b → C.d: PgPool`.
    pub(crate) fn chain(steps: &[Step], last: &Step) -> String {
        format!("{}: {}", Step::names(steps).join(" → "), last.name)
    }
}

impl Workspace<'_> {
    /// Whether a type can reach a database.
    pub(crate) fn reach(&self, ty: &RTy) -> Reach {
        let mut search = Search {
            workspace: self,
            seen: FxHashSet::default(),
            unknown: Vec::new(),
            visits: FxHashMap::default(),
        };
        match search.find(ty) {
            Some((steps, last)) => Reach::Yes(steps, last),
            None if search.unknown.is_empty() => Reach::No,
            None => Reach::Unknown(search.unknown),
        }
    }
}

/// Steps from a type to the database type, and that one.
type Found = Option<(Vec<Step>, Step)>;

struct Search<'w, 'a> {
    workspace: &'w Workspace<'a>,
    seen: FxHashSet<RTy>,
    unknown: Vec<String>,
    visits: FxHashMap<DefId, usize>,
}

/// A type looked at with more different arguments than this contains itself, grown.
const MAX_FORMS: usize = 24;

impl<'a> Search<'_, 'a> {
    fn find(&mut self, ty: &RTy) -> Found {
        match ty {
            RTy::External(path, args) => self.external(ty, path, args),
            RTy::Local(id, args) => {
                if !self.seen.insert(ty.clone()) {
                    return None;
                }
                let visits = self.visits.entry(*id).or_insert(0);
                *visits += 1;
                if *visits > MAX_FORMS {
                    self.unknown
                        .push(format!("`{}`, which grows", self.workspace.type_name(ty)));
                    return None;
                }
                self.local(*id, args)
            }
            RTy::Bounds(bounds) => bounds.iter().find_map(|bound| {
                let is_callable = bound.text.starts_with("Fn") || bound.text.ends_with("Future");
                if is_callable {
                    None
                } else {
                    self.implementors(&bound.name)
                }
            }),
            RTy::Tuple(parts) => parts.iter().find_map(|part| self.find(part)),
            RTy::Nothing => None,
            RTy::Unknown(why) => {
                self.unknown.push(why.clone());
                None
            }
        }
    }

    fn external(&mut self, ty: &RTy, path: &[String], args: &[RTy]) -> Found {
        if ty.is_database() {
            return Some((Vec::new(), Step::named(self.workspace.type_name(ty))));
        }
        if known::is_std(path, "PhantomData") {
            return None;
        }
        let found = args.iter().find_map(|arg| self.find(arg));
        let is_said_by_args = known::is_pool_of_anything(path) && !args.is_empty();
        if found.is_none() && !is_said_by_args && !known::is_clean(path) {
            self.unknown
                .push(format!("the fields of `{}`", path.join("::")));
        }
        found
    }

    fn local(&mut self, id: DefId, args: &[RTy]) -> Found {
        let def = self.workspace.def(id);
        let scope = self.workspace.def_scope(id, args);
        let owner = def.item.name.text.as_str();
        match &def.item.kind {
            ItemKind::Struct(_, fields) => self.fields(owner, def.file, &fields.list, &scope),
            ItemKind::Enum(_, variants) => variants.iter().find_map(|variant| {
                let owner = format!("{owner}::{}", variant.name.text);
                self.fields(&owner, def.file, &variant.fields.list, &scope)
            }),
            _ => None,
        }
    }

    fn fields(&mut self, owner: &str, file: FileId, fields: &[Field], scope: &Scope<'a>) -> Found {
        fields
            .iter()
            .filter(|field| !field.attrs.test_only)
            .find_map(|field| {
                let ty = self.workspace.lower(&field.ty, scope);
                let (mut steps, mut last) = self.find(&ty)?;
                // The deepest field is the one whose type names the database.
                last.place.get_or_insert((file, field.ty.span));
                let name = format!("{owner}.{}", field.name.text);
                steps.insert(0, Step::at(name, file, field.name.span));
                Some((steps, last))
            })
    }

    /// Any type of the project that implements a trait.
    fn implementors(&mut self, name: &Res) -> Found {
        match name {
            Res::External(path) if known::is_database(path) => {
                let name = path.last().cloned().unwrap_or_default();
                Some((Vec::new(), Step::named(name)))
            }
            Res::External(path) => {
                if known::is_std(path, "Any") || !known::is_clean(path) {
                    self.unknown
                        .push(format!("what implements `{}`", path.join("::")));
                }
                None
            }
            Res::Def(id) => {
                if !self.seen.insert(RTy::Local(*id, Vec::new())) {
                    return None;
                }
                self.implementors_of(*id)
            }
            _ => {
                self.unknown.push("a trait that cannot be resolved".into());
                None
            }
        }
    }

    fn implementors_of(&mut self, id: DefId) -> Found {
        let workspace = self.workspace;
        if let ItemKind::Trait(def) = &workspace.def(id).item.kind {
            let module = workspace.def(id).module;
            let supers = def
                .supers
                .iter()
                .map(|of| workspace.resolve_type(module, &of.path));
            let database = supers.filter(|of| of.external().is_some_and(known::is_database));
            if let Some(found) = database.into_iter().next() {
                return self.implementors(&found);
            }
        }
        let blocks: Vec<_> = workspace
            .impls_by_trait(id)
            .filter(|block| !block.test)
            .collect();
        blocks
            .into_iter()
            .find_map(|block| self.find(&workspace.self_type(block)))
    }
}
