//! A git repository that is thrown away with the test.

use crate::command::{Everything, Place, Ran, ran};
use std::path::PathBuf;
use std::process::Command;

/// What a hook or a user's settings could say.
const OUTSIDE: [&str; 5] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
];

/// An orchestrator that keeps the rule that these tests ask for, and one that breaks it.
pub(crate) const GOOD: &str = "// orch: allow(ORC203, ORC204) there is no service\n\
     impl orch_runtime::Orchestrator for crate::Pay {\n    \
     async fn execute(&self) -> orch_runtime::Outcome { self.pay().await }\n}\n";
pub(crate) const BAD: &str = "// orch: allow(ORC203, ORC204) there is no service\n\
     impl orch_runtime::Orchestrator for crate::Pay {\n    \
     fn execute(&self) -> orch_runtime::Outcome { self.pay() }\n}\n";

/// A repository with a package in one of its folders.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) place: Place,
    package: &'static str,
}

impl Repository {
    /// With a committed package at the top.
    pub(crate) fn new() -> Self {
        Self::with_package_in("")
    }

    /// With a committed package, and orchestrators that keep the rules in `pay.rs` and `fee.rs`.
    pub(crate) fn with_package_in(package: &'static str) -> Self {
        let repository = Self::without_commits(package);
        repository.git(&["add", "-A"]);
        repository.git(&["commit", "-qm", "begin"]);
        repository
    }

    /// With a package that git does not know yet.
    pub(crate) fn without_commits(package: &'static str) -> Self {
        let repository = Self {
            place: Place::new(),
            package,
        };
        repository.git(&["init", "-q", "-b", "main"]);
        let manifest = "[package]\nname = \"shop\"\nedition = \"2024\"\n";
        repository.write("Cargo.toml", manifest);
        let lib = "//! Shop.\nmod fee;\nmod pay;\n/// Pays.\npub struct Pay;\n";
        repository.write("src/lib.rs", lib);
        repository.write("src/pay.rs", GOOD);
        repository.write("src/fee.rs", GOOD);
        repository
    }

    /// The path of a file of the package from the top.
    pub(crate) fn at(&self, path: &str) -> String {
        let whole = format!("{}/{path}", self.package);
        whole.trim_matches('/').to_owned()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.place.path(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        self.place.write(&self.at(path), text);
    }

    /// Writes a file of the package and stages it.
    pub(crate) fn stage(&self, path: &str, text: &str) {
        self.write(path, text);
        self.git(&["add", "-A", "--", &self.at(path)]);
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let ran = ran(isolated(self.git_command(arguments)));
        assert_eq!(ran.code, 0, "git {arguments:?}: {ran:?}");
        ran.out
    }

    pub(crate) fn git_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        let who = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
        command.args(who).args(arguments).current_dir(self.path(""));
        isolated(command)
    }

    /// The program, started in a folder below the top.
    pub(crate) fn command(&self, folder: &str, arguments: &[&str]) -> Command {
        isolated(self.place.command(folder, arguments))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(self.package, arguments))
    }

    /// The files with a finding of the rule that these tests ask for; nothing is written meanwhile.
    pub(crate) fn found(&self, arguments: &[&str]) -> Vec<String> {
        let rule = ["lint", "--only", "execute-not-async", "--json"];
        let before = self.files();
        let ran = self.run(&[&rule[..], arguments].concat());
        assert_eq!(self.files(), before, "something was written");
        let findings = ran.json()["findings"].as_array().unwrap().clone();
        let code = i32::from(!findings.is_empty());
        assert_eq!(ran.code, code, "{ran:?}");
        let path = |of: &serde_json::Value| of["path"].as_str().unwrap().to_owned();
        findings.iter().map(path).collect()
    }

    /// Everything, the repository too.
    fn files(&self) -> Everything {
        self.place.everything()
    }
}

/// Without what the machine or a hook around the tests says to git.
pub(crate) fn isolated(mut command: Command) -> Command {
    for name in OUTSIDE {
        command.env_remove(name);
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command
}
