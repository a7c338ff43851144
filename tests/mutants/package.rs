//! One generated package, and the edits that break it.
//!
//! Edits are written in the package's own words: `$Name` is the type name of the operation that is broken,
//! `$Gateway` that of the adapter behind it, and so on (see [`Words`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use orch_lint::sources::Memory;

/// The files of a package, and which of them an operator changed.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    /// What the row of options is called.
    pub(crate) name: &'static str,
    files: BTreeMap<String, String>,
    changed: BTreeSet<String>,
    /// The folder of the operation that is broken, such as `src/payment/refund`.
    folder: String,
    words: Words,
}

/// What stands for the names of a package in edits; longer words first.
type Words = Vec<(&'static str, String)>;

impl Package {
    /// Reads the files of a folder, but for what was vendored and what only the generator reads.
    pub(crate) fn read(name: &'static str, root: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(root, root, &mut files);
        let mut package = Self {
            name,
            files,
            changed: BTreeSet::new(),
            folder: String::new(),
            words: Words::new(),
        };
        let mut orchestrators = package.files.keys();
        let last = orchestrators.rfind(|path| path.ends_with("/orchestrator.rs"));
        let last = last.unwrap_or_else(|| panic!("{name} has no orchestrator"));
        package.folder = last.trim_end_matches("/orchestrator.rs").to_owned();
        package.words = package.learn();
        package
    }

    /// The names in it.
    fn learn(&self) -> Words {
        let orchestrator = &self.files[&format!("{}/orchestrator.rs", self.folder)];
        let name = between(orchestrator, "struct ", "Orchestrator");
        let gateway = &self.files[&self.near("gateway.rs").unwrap()];
        let operation = &self.files[&self.near("generated/operation.rs").unwrap()];
        let adapter = gateway.lines().rfind(|line| {
            line.starts_with("pub struct ")
                && line.trim_end_matches([' ', '{']).ends_with("Gateway")
        });
        let module = self.folder.trim_start_matches("src/").replace('/', "::");
        let domain = module.split("::").next().unwrap_or_default().to_owned();
        let table = between(operation, "TABLE: &'static str = \"", "\"");
        let called = between(orchestrator, "probe_", "(");
        let body = between(orchestrator, "async fn execute(", "Ok(receipt)");
        let matched = format!("match {}{{", between(&body, "match ", "{"));
        vec![
            (
                "$Operation",
                between(operation, "\npub struct ", "Operation "),
            ),
            ("$Adapter", between(adapter.unwrap(), "pub struct ", " ")),
            ("$Port", between(gateway, "pub trait ", ":")),
            ("$domain", domain),
            ("$module", module),
            ("$table", table.clone()),
            ("$log", table.replace("_operations", "_write_ahead_logs")),
            ("$Name", name),
            ("$call", called),
            ("$matched", matched),
        ]
    }

    /// A text in the words of this package.
    pub(crate) fn say(&self, text: &str) -> String {
        let mut said = text.to_owned();
        for (word, name) in &self.words {
            said = said.replace(word, name);
        }
        said
    }

    /// The file of that name that is closest to the operation; one at the root when there is none.
    fn near(&self, file: &str) -> Option<String> {
        let mut folder = self.folder.as_str();
        loop {
            let path = format!("{folder}/{file}").trim_matches('/').to_owned();
            if self.files.contains_key(&path) {
                return Some(path);
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }

    /// Puts `to` in the place of the first `from`, in the nearest file of that name.
    pub(crate) fn edit(&mut self, file: &str, from: &str, to: &str) -> Option<()> {
        let path = self.near(file)?;
        self.edit_at(&path, from, to)
    }

    /// Puts `to` in the place of the first `from`, in the file of that path.
    pub(crate) fn edit_at(&mut self, path: &str, from: &str, to: &str) -> Option<()> {
        let (from, to) = (self.say(from), self.say(to));
        let text = self.files.get_mut(path)?;
        let at = text.find(&from)?;
        text.replace_range(at..at + from.len(), &to);
        self.changed.insert(path.to_owned());
        Some(())
    }

    /// Writes `code` at the beginning of the body of the first function that `head` opens.
    pub(crate) fn begin(&mut self, file: &str, head: &str, code: &str) -> Option<()> {
        let path = self.near(file)?;
        let (head, code) = (self.say(head), self.say(code));
        let text = self.files.get_mut(&path)?;
        let from = text.find(&head)?;
        let body = from + text[from..].find("{\n")? + 2;
        text.insert_str(body, &format!("{code}\n"));
        self.changed.insert(path);
        Some(())
    }

    /// Writes `code` at the beginning of `execute`.
    pub(crate) fn in_execute(&mut self, code: &str) -> Option<()> {
        self.begin("orchestrator.rs", "async fn execute(", code)
    }

    /// Gives the orchestrator one more field.
    pub(crate) fn field(&mut self, field: &str) -> Option<()> {
        let name = field.split(':').next()?;
        let file = "orchestrator.rs";
        self.edit(
            file,
            "    gateway: G,\n}",
            &format!("    gateway: G,\n    {field},\n}}"),
        )?;
        let new = format!("new(gateway: G, {field})");
        self.edit(file, "new(gateway: G)", &new)?;
        self.edit(
            file,
            "Self { gateway }",
            &format!("Self {{ gateway, {name} }}"),
        )
    }

    /// Gives the adapter of the gateway one more field.
    pub(crate) fn adapter_field(&mut self, field: &str) -> Option<()> {
        let head = "pub struct $Adapter {";
        self.begin("gateway.rs", head, &format!("    {field},"))
    }

    /// Writes at the end of a file.
    pub(crate) fn append(&mut self, file: &str, code: &str) -> Option<()> {
        let path = self.near(file)?;
        let code = self.say(code);
        let text = self.files.get_mut(&path)?;
        text.push_str(&format!("\n{code}\n"));
        self.changed.insert(path);
        Some(())
    }

    /// Adds a module beside the operation's others.
    pub(crate) fn module(&mut self, name: &str, code: &str) -> Option<()> {
        self.edit(
            "mod.rs",
            "pub mod orchestrator;",
            &format!("mod {name};\npub mod orchestrator;"),
        )?;
        let folder = self.folder.clone();
        self.add(
            &format!("{folder}/{name}.rs"),
            &format!("//! More of it.\n\n{code}\n"),
        )
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, path: &str, text: &str) -> Option<()> {
        let text = self.say(text);
        self.changed.insert(path.to_owned());
        self.files.insert(path.to_owned(), text);
        Some(())
    }

    /// Takes files out; says nothing when there are none.
    pub(crate) fn remove(&mut self, is_it: impl Fn(&str) -> bool) -> Option<()> {
        let gone: Vec<String> = self
            .files
            .keys()
            .filter(|path| is_it(path))
            .cloned()
            .collect();
        for path in &gone {
            self.files.remove(path);
        }
        let found = !gone.is_empty();
        self.changed.extend(gone);
        found.then_some(())
    }

    /// Adds a dependency.
    pub(crate) fn depend(&mut self, line: &str) -> Option<()> {
        let line = format!("[dependencies]\n{line}\n");
        self.edit_at("Cargo.toml", "[dependencies]\n", &line)
    }

    /// Edits the migration that creates the operation's tables.
    pub(crate) fn migration(&mut self, from: &str, to: &str) -> Option<()> {
        let path = self.first_migration()?;
        self.edit_at(&path, from, to)
    }

    /// Adds a migration after all others.
    pub(crate) fn migrate(&mut self, sql: &str) -> Option<()> {
        let first = self.first_migration()?;
        let folder = first.rsplit_once('/')?.0;
        let path = format!("{folder}/0099_later.sql");
        self.add(&path, &format!("{sql}\n"))
    }

    fn first_migration(&self) -> Option<String> {
        let create = self.say("CREATE TABLE IF NOT EXISTS $table (");
        let is_it =
            |(path, text): &(&String, &String)| path.ends_with(".sql") && text.contains(&create);
        Some(self.files.iter().find(is_it)?.0.clone())
    }

    /// Whether it keeps its operations in PostgreSQL; `None` when not.
    pub(crate) fn on_postgres(&self) -> Option<()> {
        self.first_migration()?.contains("postgres").then_some(())
    }

    /// The folder of the operation.
    pub(crate) fn folder(&self) -> String {
        self.folder.clone()
    }

    /// The paths of its files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether an operator changed, added or removed a file.
    pub(crate) fn is_changed(&self, path: &str) -> bool {
        self.changed.contains(path)
    }

    /// Whether a file that an operator changed says what an item of that name is.
    pub(crate) fn declares(&self, name: &str) -> bool {
        let changed = self.changed.iter().filter_map(|path| self.files.get(path));
        let mut changed = changed.map(String::as_str);
        changed.any(|text| {
            let kinds = ["struct", "static", "fn", "type", "trait"];
            kinds
                .iter()
                .any(|kind| text.contains(&format!("{kind} {name}")))
        })
    }

    /// For the linter.
    pub(crate) fn sources(&self) -> Memory {
        let mut memory = Memory::new();
        for (path, text) in &self.files {
            memory.insert(path.clone(), text.clone());
        }
        memory
    }

    /// Writes it into a folder.
    pub(crate) fn write(&self, root: &Path) {
        for (path, text) in &self.files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !orch_lint::sources::is_skipped(&name) {
            collect(root, &path, files);
        } else if path.is_file() {
            let shown = path
                .strip_prefix(root)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            files.insert(shown, fs::read_to_string(&path).unwrap());
        }
    }
}

/// What stands in a text between the first `from` and the next `to`.
fn between(text: &str, from: &str, to: &str) -> String {
    let found = text
        .split_once(from)
        .and_then(|(_, rest)| rest.split_once(to));
    let (found, _) =
        found.unwrap_or_else(|| panic!("nothing between `{from}` and `{to}`:\n{text}"));
    found.to_owned()
}
