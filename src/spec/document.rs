//! `orch.toml` as text: reading it.

use super::lint;
use super::reader::Source;
use super::{
    Domain, FILE, Field, GatewayKind, Operation, PackageKind, RuntimeSource, SCHEMA, Spec,
    StoreKind, Track, not_one_of, saga, validate,
};
use crate::error::{Code, Error, Result};
use crate::naming::{self, Name, Role};
use toml_edit::{Item, Table};

impl Spec {
    /// Reads the text of an `orch.toml`.
    ///
    /// # Errors
    /// When the text is not TOML, holds an unknown key, or says something that cannot be done, also to the
    /// linter.
    pub fn parse(text: &str) -> Result<Self> {
        let spec = Self::parse_applied(text)?;
        match lint::refusal(&orch_lint::settings::check(text)) {
            None => Ok(spec),
            Some(error) => Err(error),
        }
    }

    /// Reads a text that was applied once. What it says to the linter was right for the rules of that day.
    ///
    /// # Errors
    /// As [`Spec::parse`], without the linter's.
    pub fn parse_applied(text: &str) -> Result<Self> {
        let source = Source::new(FILE, text);
        let document = source.parse()?;
        let root = document.as_table();
        source.known(
            root,
            FILE,
            &[
                "version",
                "package",
                "runtime",
                "store",
                "domain",
                "saga",
                lint::KEY,
            ],
        )?;
        check_version(&source, root)?;
        let mut domains = Vec::new();
        for table in source.tables(root, "domain")? {
            let domain = read_domain(&source, table)?;
            validate::distinct_domain(&domains, &domain.name)
                .map_err(|error| error.or_at(|| table_place(&source, table)))?;
            domains.push(domain);
        }
        let sagas = saga::read(&source, root, &domains)?;
        let spec = Self {
            package: read_package(&source, root)?,
            modules: read_modules(&source, root)?,
            runtime: read_runtime(&source, root)?,
            store: read_store(&source, root)?,
            domains,
            sagas,
        };
        validate::spec(&spec).map_err(|error| error.or_at(|| FILE.to_owned()))?;
        Ok(spec)
    }
}

fn check_version(source: &Source<'_>, root: &Table) -> Result<()> {
    let Some(item) = root.get("version") else {
        return Err(Error::new(Code::SpecValue, "`version` is missing")
            .at(FILE)
            .help(format!("add `version = {SCHEMA}` as the first line")));
    };
    match item.as_integer() {
        Some(SCHEMA) => Ok(()),
        Some(newer) if newer > SCHEMA => {
            let what =
                format!("{FILE} has schema version {newer}, and this program reads {SCHEMA}");
            Err(Error::new(Code::SpecValue, what)
                .at(source.place(item))
                .help("install the newer orch-gen"))
        }
        Some(other) => Err(Error::new(
            Code::SpecValue,
            format!("there is no schema version {other}"),
        )
        .at(source.place(item))
        .help(format!("write `version = {SCHEMA}`"))),
        None => Err(source
            .wrong(item, "version", "a number")
            .help(format!("write `version = {SCHEMA}`"))),
    }
}

fn read_package(source: &Source<'_>, root: &Table) -> Result<PackageKind> {
    let Some(table) = source.table(root, "package")? else {
        return Ok(PackageKind::Service);
    };
    let kinds = ["service", "existing"];
    let (kind, at) = source
        .text(table, "kind")?
        .unwrap_or(("service", FILE.to_owned()));
    match kind {
        "service" => {
            let keys = ["kind", "modules"];
            source.known(table, "[package] with kind = \"service\"", &keys)?;
            Ok(PackageKind::Service)
        }
        "existing" => {
            let keys = ["kind", "router"];
            source.known(table, "[package] with kind = \"existing\"", &keys)?;
            let router = table.get("router").is_none() || source.flag(table, "router")?;
            Ok(PackageKind::Existing { router })
        }
        other => Err(not_one_of("kind", other, &kinds).at(at)),
    }
}

/// Modules of the owner's own, which a library that is never edited has to declare.
fn read_modules(source: &Source<'_>, root: &Table) -> Result<Vec<String>> {
    let table = source.table(root, "package")?;
    let Some(item) = table.and_then(|table| table.get("modules")) else {
        return Ok(Vec::new());
    };
    let wrong = || {
        let wrong = source.wrong(item, "modules", "a list of modules");
        wrong.help("write `modules = [\"shop\"]` for `src/shop.rs`")
    };
    let mut modules: Vec<String> = Vec::new();
    for value in item.as_array().ok_or_else(wrong)? {
        let name = value.as_str().ok_or_else(wrong)?;
        let is_snake = naming::snake_of(name) == name && !naming::is_keyword(name);
        if !is_snake || naming::is_device(name) || modules.iter().any(|known| known == name) {
            let what = format!(
                "`{}` cannot be a module of the library",
                name.escape_debug()
            );
            let help = "name each once, in snake_case, such as `shop` for `src/shop.rs`";
            return Err(Error::new(Code::NameForm, what)
                .at(source.place(item))
                .help(help));
        }
        modules.push(name.to_owned());
    }
    Ok(modules)
}

fn read_runtime(source: &Source<'_>, root: &Table) -> Result<RuntimeSource> {
    let Some(table) = source.table(root, "runtime")? else {
        return Ok(RuntimeSource::Vendored);
    };
    let kinds = ["vendored", "path", "git", "registry"];
    let place = root
        .get("runtime")
        .map_or_else(|| FILE.to_owned(), |item| source.place(item));
    let (kind, at) = source.required(table, &place, "source")?;
    let value = |key| {
        source
            .required(table, &place, key)
            .map(|(text, _)| text.to_owned())
    };
    let (runtime, keys): (RuntimeSource, &[&str]) = match kind {
        "vendored" => (RuntimeSource::Vendored, &["source"]),
        "path" => (RuntimeSource::Path(value("path")?), &["source", "path"]),
        "git" => {
            let rev = source.text(table, "rev")?.map(|(text, _)| text.to_owned());
            (
                RuntimeSource::Git {
                    url: value("git")?,
                    rev,
                },
                &["source", "git", "rev"],
            )
        }
        "registry" => (
            RuntimeSource::Registry(value("version")?),
            &["source", "version"],
        ),
        other => return Err(not_one_of("source", other, &kinds).at(at)),
    };
    source.known(table, &format!("[runtime] with source = \"{kind}\""), keys)?;
    Ok(runtime)
}

fn read_store(source: &Source<'_>, root: &Table) -> Result<StoreKind> {
    let Some(table) = source.table(root, "store")? else {
        return Ok(StoreKind::Sqlite);
    };
    source.known(table, "[store]", &["kind"])?;
    match source.text(table, "kind")? {
        None => Ok(StoreKind::Sqlite),
        Some((word, at)) => parse_store(word).map_err(|error| error.at(at)),
    }
}

fn read_domain(source: &Source<'_>, table: &Table) -> Result<Domain> {
    let keys = [
        "name",
        "was",
        "gateway",
        "callbacks",
        "metrics",
        "operation",
    ];
    source.known(table, "[[domain]]", &keys)?;
    let place = table_place(source, table);
    let (typed, at) = source.required(table, &place, "name")?;
    let name = read_name(Role::Domain, typed, &at)?;
    let was = read_earlier(source, table, Role::Domain, &name)?;
    let gateway = match source.text(table, "gateway")? {
        None => GatewayKind::Http,
        Some((word, at)) => GatewayKind::parse(word).map_err(|error| error.at(at))?,
    };
    let callbacks = source.flag(table, "callbacks")?;
    let metrics = source.flag(table, "metrics")?;
    let mut operations = Vec::new();
    for table in source.tables(table, "operation")? {
        let operation = read_operation(source, table, &operations)?;
        operations.push(operation);
    }
    if operations.is_empty() {
        return Err(Error::new(
            Code::SpecValue,
            format!("the domain `{typed}` has no operation"),
        )
        .at(place)
        .help("add a `[[domain.operation]]` or take the domain out"));
    }
    Ok(Domain {
        name,
        was,
        gateway,
        callbacks,
        metrics,
        operations,
    })
}

fn read_operation(source: &Source<'_>, table: &Table, earlier: &[Operation]) -> Result<Operation> {
    source.known(
        table,
        "[[domain.operation]]",
        &["event", "was", "track", "fields"],
    )?;
    let place = table_place(source, table);
    let (typed, at) = source.required(table, &place, "event")?;
    let event = read_name(Role::Event, typed, &at)?;
    let was = read_earlier(source, table, Role::Event, &event)?;
    let name = validate::operation_name(earlier, &event).map_err(|error| error.at(at))?;
    let track = match source.text(table, "track")? {
        None => Track::None,
        Some((word, at)) => parse_track(word).map_err(|error| error.at(at))?,
    };
    let fields = read_fields(source, table, &place)?;
    Ok(Operation {
        event,
        was,
        name,
        track,
        fields,
    })
}

pub(super) fn read_fields(source: &Source<'_>, table: &Table, place: &str) -> Result<Vec<Field>> {
    let Some(item) = table.get("fields") else {
        return Err(Error::new(Code::SpecValue, "`fields` is missing")
            .at(place)
            .help("add `fields = [\"order_id:string\"]`"));
    };
    let Some(array) = item.as_array() else {
        return Err(source
            .wrong(item, "fields", "a list of texts")
            .help("write `fields = [\"a:string\"]`"));
    };
    let mut fields = Vec::new();
    for value in array {
        let at = value
            .span()
            .map_or_else(|| place.to_owned(), |span| source.line(span.start));
        let Some(text) = value.as_str() else {
            let item = Item::Value(value.clone());
            return Err(source
                .wrong(&item, "fields", "a list of texts")
                .at(at)
                .help("write `fields = [\"a:string\"]`"));
        };
        let (field, converted) = Field::parse(text).map_err(|error| error.at(at.clone()))?;
        if converted.is_some() {
            return Err(not_canonical(text.split(':').next().unwrap_or(text), &field.name).at(at));
        }
        fields.push(field);
    }
    validate::check_fields(&fields).map_err(|error| error.at(place))?;
    Ok(fields)
}

/// Reads `sqlite` or `postgres`.
///
/// # Errors
/// When the word is none of them.
pub fn parse_store(word: &str) -> Result<StoreKind> {
    let known = StoreKind::ALL.iter().find(|(keyword, _)| *keyword == word);
    known.map(|(_, store)| *store).ok_or_else(|| {
        let words: Vec<_> = StoreKind::ALL.iter().map(|(word, _)| *word).collect();
        not_one_of("store", word, &words)
    })
}

/// Reads `none`, `progress` or `history`.
///
/// # Errors
/// When the word is none of them.
pub fn parse_track(word: &str) -> Result<Track> {
    let known = Track::ALL.iter().find(|(keyword, _)| *keyword == word);
    known.map(|(_, track)| *track).ok_or_else(|| {
        not_one_of(
            "track",
            word,
            &Track::ALL.iter().map(|(word, _)| *word).collect::<Vec<_>>(),
        )
    })
}

pub(super) fn read_name(role: Role, typed: &str, at: &str) -> Result<Name> {
    let (name, converted) = Name::parse(role, typed).map_err(|error| error.at(at))?;
    match converted {
        None => Ok(name),
        Some(typed) => Err(not_canonical(&typed, name.type_name()).at(at)),
    }
}

/// The name that something had before it was renamed.
fn read_earlier(
    source: &Source<'_>,
    table: &Table,
    role: Role,
    name: &Name,
) -> Result<Option<Name>> {
    let Some((typed, at)) = source.text(table, "was")? else {
        return Ok(None);
    };
    let was = read_name(role, typed, &at)?;
    if was == *name {
        let what = format!("`was = \"{typed}\"` is the name that it has");
        return Err(Error::new(Code::SpecValue, what)
            .at(at)
            .help("leave it out"));
    }
    Ok(Some(was))
}

fn not_canonical(typed: &str, canonical: &str) -> Error {
    let what = format!("`{typed}` is not the name's own spelling");
    Error::new(Code::NameForm, what).help(format!("write `{canonical}`"))
}

pub(super) fn table_place(source: &Source<'_>, table: &Table) -> String {
    table
        .span()
        .map_or_else(|| FILE.to_owned(), |span| source.line(span.start))
}
