//! The raw form of a command: what is read, and checked when the command is made of it.

use crate::fix::{Changes, Source};
use crate::model::{DefId, ImplBlock, RTy, Res, Space, Workspace};
use crate::syntax::{AssocItem, Field, FnDef, ItemKind, Path, Span, Ty, TyKind};

use super::derives::{attribute, end_of_struct, indented};

/// How a command that derives `Deserialize` can go through its checks.
#[derive(Debug, Clone)]
pub(super) struct RawForm {
    /// The type that is read.
    name: String,
    /// The derive of `Deserialize`, and its path.
    derive: Span,
    path: String,
    /// What has to be written first.
    new: Option<NewForm>,
}

/// A raw form that is not there yet.
#[derive(Debug, Clone)]
struct NewForm {
    command: String,
    /// Where the name of the command stands.
    at: Span,
    /// The parameters of its `new`, and their types.
    fields: Vec<(String, Span)>,
    /// The error of its `new`.
    error: Span,
}

impl RawForm {
    /// The form that there is, or one for `fn new(..) -> Result<Self, E>` with a parameter for each field.
    pub(super) fn of(workspace: &Workspace<'_>, id: DefId, derive: &Path) -> Option<Self> {
        let def = workspace.def(id);
        let is_taken = |key: &String| matches!(key.as_str(), "from" | "transparent" | "remote");
        if def.item.attrs.serde.iter().any(is_taken) {
            return None;
        }
        let (name, new) = match read_form(workspace, id) {
            Some(name) => (name, None),
            None => {
                let new = new_form(workspace, id)?;
                (format!("Raw{}", new.command), Some(new))
            }
        };
        Some(RawForm {
            name,
            derive: derive.span,
            path: derive.text(),
            new,
        })
    }

    /// What is done.
    pub(super) fn title(&self) -> String {
        format!("read a `{}` and check it", self.name)
    }

    /// The edits.
    pub(super) fn written(&self, source: &Source<'_>) -> Option<Changes> {
        let attribute = attribute(source, self.derive)?;
        let line = format!("#[serde(try_from = \"{}\")]", self.name);
        let line = indented(source, attribute.start, &line);
        let mut edits = vec![(attribute.end..attribute.end, format!("\n{line}"))];
        if let Some(new) = &self.new {
            let end = end_of_struct(source, new.at)?;
            let code = indented(source, attribute.start, &self.code(new, source));
            edits.push((end..end, format!("\n\n{code}")));
        }
        Some(edits)
    }

    fn code(&self, new: &NewForm, source: &Source<'_>) -> String {
        let text = |span: Span| &source.text[source.bytes(span)];
        let (raw, command, derive) = (&self.name, &new.command, &self.path);
        let fields = new.fields.iter();
        let fields: String = fields
            .map(|(name, ty)| format!("    {name}: {},\n", text(*ty)))
            .collect();
        let args = new.fields.iter().map(|(name, _)| format!("raw.{name}"));
        let args = args.collect::<Vec<_>>().join(", ");
        let error = text(new.error);
        format!(
            "/// A `{command}` as it is read, before its checks.\n\
             #[derive({derive})]\nstruct {raw} {{\n{fields}}}\n\n\
             impl TryFrom<{raw}> for {command} {{\n    type Error = {error};\n\n    \
             fn try_from(raw: {raw}) -> Result<Self, Self::Error> {{\n        \
             Self::new({args})\n    }}\n}}"
        )
    }
}

/// `R` of `impl TryFrom<R> for C`, where `R` is a type beside the command that can be read.
fn read_form(workspace: &Workspace<'_>, id: DefId) -> Option<String> {
    let def = workspace.def(id);
    let blocks = workspace.impls_of(id).filter(|block| !block.test);
    let mut forms = blocks.filter_map(|block| {
        let of_trait = block.def.trait_path.as_ref()?.last()?;
        let [from] = of_trait.args.as_slice() else {
            return None;
        };
        let name = from.path()?.as_ident()?;
        let Res::Def(raw) = workspace.resolve_type(def.module, from.path()?) else {
            return None;
        };
        let mut derives = workspace.def(raw).item.attrs.derives.iter();
        let is_read = derives.any(|of| of.last().is_some_and(|of| of.name.text == "Deserialize"));
        (of_trait.name.text == "TryFrom" && is_read).then(|| name.to_owned())
    });
    forms.next()
}

fn new_form(workspace: &Workspace<'_>, id: DefId) -> Option<NewForm> {
    let def = workspace.def(id);
    let ItemKind::Struct(generics, fields) = &def.item.kind else {
        return None;
    };
    let command = &def.item.name.text;
    let raw = format!("Raw{command}");
    let is_free = workspace.resolve(def.module, &[&raw], false, Space::Types) == Res::Unknown;
    let is_plain = def.item.attrs.serde.is_empty()
        && fields.list.iter().all(|of| of.attrs.serde.is_empty())
        && !fields.tuple
        && generics.params.is_empty();
    if !is_free || !is_plain {
        return None;
    }
    let blocks = workspace.impls_of(id);
    let mut news = blocks.filter_map(|block| {
        let is_here = block.file == workspace.file_of(id) && block.module == def.module;
        let (item, function) = block.def.method("new")?;
        let is_own = block.def.trait_path.is_none() && !block.test && is_here;
        is_own.then(|| checked(workspace, id, block, (item, function), &fields.list))?
    });
    let (fields, error) = news.next()?;
    Some(NewForm {
        command: command.to_string(),
        at: def.item.name.span,
        fields,
        error,
    })
}

/// What a `new` takes and how it refuses, when it takes each field by its name.
fn checked(
    workspace: &Workspace<'_>,
    id: DefId,
    block: &ImplBlock<'_>,
    (item, function): (&AssocItem, &FnDef),
    fields: &[Field],
) -> Option<(Vec<(String, Span)>, Span)> {
    let is_plain = !function.is_async
        && function.receiver.is_none()
        && function.generics.params.is_empty()
        && !item.attrs.test_only;
    if !is_plain || function.params.len() != fields.len() {
        return None;
    }
    let output = function.output.as_ref()?;
    let made = workspace.lower(output, &workspace.impl_scope(block));
    let last = output.path()?.last()?;
    let [_, error] = last.args.as_slice() else {
        return None;
    };
    let is_own = matches!(made.settled(), RTy::Local(of, _) if *of == id);
    // `serde` shows the error to whoever sent what is read.
    if !is_own || last.name.text != "Result" || error.path().is_none() {
        return None;
    }
    let params = function.params.iter().map(|param| {
        let name = param.pat.name()?;
        let is_field = fields.iter().any(|of| of.name.text == name);
        (is_field && is_owned(&param.ty)).then(|| (name.to_owned(), param.ty.span))
    });
    Some((params.collect::<Option<Vec<_>>>()?, error.span))
}

/// Whether a type is written without references and without `impl`.
fn is_owned(ty: &Ty) -> bool {
    match &ty.kind {
        TyKind::Path(path) => {
            let mut args = path.segments.iter().flat_map(|of| &of.args);
            path.qself.is_none() && args.all(is_owned)
        }
        TyKind::Slice(inner) => is_owned(inner),
        TyKind::Tuple(parts) => parts.iter().all(is_owned),
        _ => false,
    }
}
