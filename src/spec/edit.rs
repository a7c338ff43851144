//! `orch.toml` as text: changing it, with comments and order kept.

use super::{
    Domain, FILE, Field, Operation, PackageKind, RuntimeSource, SCHEMA, Saga, Spec, StoreKind,
    Track, saga,
};
use crate::error::{Code, Error, Result};
use crate::naming::{self, Name};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value, value};

const HEADER: &str = "\
# What this package is made of. Edit it, then run `orch-gen apply`.
# The commands of orch-gen edit it too, and keep comments.
";

/// The longest line that an array is written on.
const LINE: usize = 80;

/// What an edit did to the spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// A domain and its first operation were added.
    NewDomain,
    /// An operation was added to a domain that was there.
    NewOperation,
    /// The operation was there with other fields or tracking, or its domain had another gateway or took
    /// no callbacks.
    Changed,
    /// The operation was there as asked for.
    Unchanged,
}

/// The text of an `orch.toml` that says what `spec` says.
#[must_use]
pub fn new_document(spec: &Spec) -> String {
    let mut document = DocumentMut::new();
    document.insert("version", value(SCHEMA));
    if let Some(mut key) = document.key_mut("version") {
        key.leaf_decor_mut().set_prefix(HEADER);
    }
    if let PackageKind::Existing { router } = spec.package {
        let mut package = Table::new();
        package.insert("kind", value("existing"));
        if !router {
            package.insert("router", value(false));
        }
        document.insert("package", Item::Table(package));
    }
    if !spec.modules.is_empty() {
        let mut package = Table::new();
        package.insert("modules", value(spec.modules.iter().collect::<Array>()));
        document.insert("package", Item::Table(package));
    }
    document.insert("runtime", Item::Table(runtime_table(&spec.runtime)));
    let mut store = Table::new();
    store.insert("kind", value(spec.store.keyword()));
    document.insert("store", Item::Table(store));
    for domain in &spec.domains {
        push_table(&mut document, "domain", domain_table(domain));
    }
    for saga in &spec.sagas {
        push_table(&mut document, "saga", saga::table(saga));
    }
    document.to_string()
}

/// The text with another source of the runtime.
///
/// # Errors
/// When the text is not TOML.
pub fn set_runtime(text: &str, runtime: &RuntimeSource) -> Result<String> {
    let mut document = parse(text)?;
    let mut table = runtime_table(runtime);
    if let Some(old) = document.get("runtime").and_then(Item::as_table) {
        *table.decor_mut() = old.decor().clone();
        table.set_position(old.position());
    }
    document.insert("runtime", Item::Table(table));
    Ok(document.to_string())
}

/// The text with another store.
///
/// # Errors
/// When the text is not TOML.
pub fn set_store(text: &str, store: StoreKind) -> Result<String> {
    let mut document = parse(text)?;
    let table = document.entry("store").or_insert(toml_edit::table());
    if let Some(table) = table.as_table_like_mut() {
        set_value(table, "kind", store.keyword().into());
    }
    Ok(document.to_string())
}

/// Sets a value and keeps the comment behind the old one.
fn set_value(table: &mut dyn TableLike, key: &str, new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = new;
            *old.decor_mut() = decor;
        }
        None => {
            table.insert(key, value(new));
        }
    }
}

/// What of an operation was asked for by name. The rest is a default, which an operation that is
/// there already need not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Given {
    /// Its fields.
    pub fields: bool,
    /// Its tracking.
    pub track: bool,
    /// The gateway of its domain.
    pub gateway: bool,
}

/// The text with the domain's one operation in it. A domain that takes callbacks does so from now on,
/// and one that did goes on; a gateway that is given replaces the one it had.
///
/// # Errors
/// When the text cannot be read, or the operation does not fit into it.
pub fn add_operation(text: &str, domain: &Domain, given: Given) -> Result<(String, Edit)> {
    let spec = Spec::parse(text)?;
    let mut document = parse(text)?;
    let Some(wanted) = domain.operations.first() else {
        return Ok((text.to_owned(), Edit::Unchanged));
    };
    let Some(index) = spec
        .domains
        .iter()
        .position(|known| known.name == domain.name)
    else {
        push_table(&mut document, "domain", domain_table(domain));
        return Ok((checked(&document)?, Edit::NewDomain));
    };
    let known = &spec.domains[index].operations;
    let table = domain_at(&mut document, index)?;
    let takes_callbacks = domain.callbacks && !spec.domains[index].callbacks;
    if takes_callbacks {
        table.insert("callbacks", value(true));
    }
    let moves = given.gateway && domain.gateway != spec.domains[index].gateway;
    if moves {
        set_value(table, "gateway", domain.gateway.keyword().into());
    }
    let Some(position) = known.iter().position(|known| known.event == wanted.event) else {
        push_table(table, "operation", operation_table(wanted));
        return Ok((checked(&document)?, Edit::NewOperation));
    };
    let changes = Given {
        fields: given.fields && known[position].fields != wanted.fields,
        track: given.track && known[position].track != wanted.track,
        gateway: moves,
    };
    if changes == Given::default() && !takes_callbacks {
        return Ok((text.to_owned(), Edit::Unchanged));
    }
    let table = table_at(table.get_mut("operation"), position)?;
    if changes.fields {
        table.insert(
            "fields",
            Item::Value(Value::Array(fields_array(&wanted.fields))),
        );
    }
    if changes.track {
        set_track(table, wanted.track);
    }
    Ok((checked(&document)?, Edit::Changed))
}

/// The text with a dashboard and alerts for a domain, and whether that is new.
///
/// # Errors
/// When the text cannot be read, or the domain is not in it.
pub fn add_metrics(text: &str, domain: &Name) -> Result<(String, bool)> {
    let spec = Spec::parse(text)?;
    let mut document = parse(text)?;
    let names = spec.domains.iter().map(|known| &known.name);
    let index = position(
        names,
        domain,
        "orch.toml has no domain",
        "there is nothing to watch: add an operation first",
    )?;
    if spec.domains[index].metrics {
        return Ok((text.to_owned(), false));
    }
    set_value(domain_at(&mut document, index)?, "metrics", true.into());
    Ok((checked(&document)?, true))
}

/// The text without a domain, or without one of its operations; a domain goes with its last one.
///
/// # Errors
/// When the text cannot be read, or the domain or the event is not in it.
pub fn remove(text: &str, domain: &Name, event: Option<&Name>) -> Result<String> {
    let spec = Spec::parse(text)?;
    let mut document = parse(text)?;
    let saga = spec.sagas.iter().position(|saga| saga.name == *domain);
    if let Some(index) = saga.filter(|_| event.is_none()) {
        remove_table(&mut document, "saga", index);
        return checked(&document);
    }
    is_not_called(&spec.sagas, domain, event)?;
    let names = spec.domains.iter().map(|known| &known.name);
    let nothing = "there is nothing to remove";
    let index = position(names, domain, "orch.toml has no domain", nothing)?;
    let operations = &spec.domains[index].operations;
    if let Some(event) = event {
        let events = operations.iter().map(|known| &known.event);
        let position = position(events, event, "the domain has no event", nothing)?;
        if operations.len() > 1 {
            remove_table(domain_at(&mut document, index)?, "operation", position);
            return checked(&document);
        }
    }
    remove_table(&mut document, "domain", index);
    checked(&document)
}

/// The text with a saga, and whether it was not there before.
///
/// # Errors
/// When a saga of that name is there and is another, or the saga is none.
pub fn add_saga(text: &str, saga: &Saga) -> Result<(String, bool)> {
    let spec = Spec::parse(text)?;
    if let Some(known) = spec.sagas.iter().find(|known| known.name == saga.name) {
        if known == saga {
            return Ok((text.to_owned(), false));
        }
        let what = format!(
            "the saga `{}` is there already, and is another",
            saga.name.type_name()
        );
        let help = "change it in orch.toml, then run `orch-gen apply`";
        return Err(Error::new(Code::NameClash, what).help(help));
    }
    let mut document = parse(text)?;
    push_table(&mut document, "saga", saga::table(saga));
    let text = document.to_string();
    match Spec::parse(&text) {
        Ok(_) => Ok((text, true)),
        // Its lines are in no file yet.
        Err(error) => Err(error.at(format!("the saga {}", saga.name.type_name()))),
    }
}

/// What a saga asks for stays as long as the saga does.
fn is_not_called(sagas: &[Saga], domain: &Name, event: Option<&Name>) -> Result<()> {
    let is_meant = |callee: &&saga::Callee| {
        callee.domain == *domain && event.is_none_or(|event| callee.event == *event)
    };
    for saga in sagas {
        let mut callees = saga.steps.iter().flat_map(saga::Step::callees);
        if let Some(callee) = callees.find(is_meant) {
            let saga = saga.name.type_name();
            let what = format!("the saga `{saga}` asks for {callee}");
            let help = format!("take the step out of orch.toml, or `orch-gen remove {saga}`");
            return Err(Error::new(Code::SagaCall, what).help(help));
        }
    }
    Ok(())
}

fn position<'a>(
    mut names: impl Iterator<Item = &'a Name> + Clone,
    wanted: &Name,
    missing: &str,
    nothing: &str,
) -> Result<usize> {
    let known: Vec<&str> = names.clone().map(Name::type_name).collect();
    names.position(|name| name == wanted).ok_or_else(|| {
        let error = Error::new(
            Code::SpecValue,
            format!("{missing} `{}`", wanted.type_name()),
        )
        .at(FILE);
        match naming::nearest(wanted.type_name(), known.iter().copied()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => error.help(nothing),
            None => error.help(format!("there are: {}", known.join(", "))),
        }
    })
}

fn remove_table(parent: &mut Table, key: &str, index: usize) {
    let tables = parent.get_mut(key).and_then(Item::as_array_of_tables_mut);
    let is_empty = tables.is_some_and(|tables| {
        tables.remove(index);
        tables.is_empty()
    });
    if is_empty {
        parent.remove(key);
    }
}

fn parse(text: &str) -> Result<DocumentMut> {
    text.parse::<DocumentMut>().map_err(|error| {
        Error::new(
            Code::SpecSyntax,
            format!("{FILE} is not TOML: {}", error.message()),
        )
        .at(FILE)
    })
}

/// The document's text, once it is known that it reads back.
fn checked(document: &DocumentMut) -> Result<String> {
    let text = document.to_string();
    Spec::parse(&text)?;
    Ok(text)
}

fn domain_at(document: &mut DocumentMut, index: usize) -> Result<&mut Table> {
    table_at(document.get_mut("domain"), index)
}

fn table_at(item: Option<&mut Item>, index: usize) -> Result<&mut Table> {
    item.and_then(Item::as_array_of_tables_mut)
        .and_then(|tables| tables.get_mut(index))
        .ok_or_else(|| Error::new(Code::SpecValue, "the sections are not where they were").at(FILE))
}

pub(super) fn push_table(parent: &mut Table, key: &str, table: Table) {
    let tables = parent
        .entry(key)
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if let Some(tables) = tables.as_array_of_tables_mut() {
        tables.push(table);
    }
}

fn runtime_table(runtime: &RuntimeSource) -> Table {
    let mut table = Table::new();
    table.insert("source", value(runtime.kind()));
    match runtime {
        RuntimeSource::Vendored => {}
        RuntimeSource::Path(path) => {
            table.insert("path", value(path));
        }
        RuntimeSource::Git { url, rev } => {
            table.insert("git", value(url));
            if let Some(rev) = rev {
                table.insert("rev", value(rev));
            }
        }
        RuntimeSource::Registry(version) => {
            table.insert("version", value(version));
        }
    }
    table
}

fn domain_table(domain: &Domain) -> Table {
    let mut table = Table::new();
    table.insert("name", value(domain.name.type_name()));
    insert_earlier(&mut table, domain.was.as_ref());
    table.insert("gateway", value(domain.gateway.keyword()));
    if domain.callbacks {
        table.insert("callbacks", value(true));
    }
    if domain.metrics {
        table.insert("metrics", value(true));
    }
    for operation in &domain.operations {
        push_table(&mut table, "operation", operation_table(operation));
    }
    table
}

fn operation_table(operation: &Operation) -> Table {
    let mut table = Table::new();
    table.insert("event", value(operation.event.type_name()));
    insert_earlier(&mut table, operation.was.as_ref());
    set_track(&mut table, operation.track);
    table.insert(
        "fields",
        Item::Value(Value::Array(fields_array(&operation.fields))),
    );
    table
}

fn insert_earlier(table: &mut Table, was: Option<&Name>) {
    if let Some(was) = was {
        table.insert("was", value(was.type_name()));
    }
}

fn set_track(table: &mut Table, track: Track) {
    if track == Track::None {
        table.remove("track");
    } else {
        table.insert("track", value(track.keyword()));
    }
}

/// The fields on one line where they fit, else one on each.
pub(super) fn fields_array(fields: &[Field]) -> Array {
    let texts: Vec<String> = fields.iter().map(Field::to_string).collect();
    let mut array: Array = texts.iter().collect();
    let width: usize = texts.iter().map(|text| text.len() + 4).sum::<usize>() + "fields = []".len();
    if width > LINE {
        for item in array.iter_mut() {
            item.decor_mut().set_prefix("\n    ");
        }
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
    array
}
