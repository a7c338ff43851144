//! Projects made by the program under test, and built by their own cargo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// What every proof generates: one field of each kind that matters here.
const FIELDS: [&str; 3] = [
    "order_id:string:max=64",
    "amount:money:min=0.01",
    "card_token:string:secret",
];

/// Where the repository is.
const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// A generated project.
#[derive(Debug)]
pub(crate) struct Project {
    folder: PathBuf,
    name: &'static str,
}

impl Project {
    /// Generates the project `name` afresh. Its place stays the same from run to run, so that cargo
    /// builds little.
    pub(crate) fn generate(name: &'static str, runtime: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("proof")
            .join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        let made = Command::new(env!("CARGO_BIN_EXE_orch-gen"))
            .args(["Payment", "PaymentRequested"])
            .args(FIELDS)
            .args(runtime)
            .arg("--out")
            .arg(&folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", shown(&made));
        let lock = Path::new(REPOSITORY).join("Cargo.lock");
        fs::copy(lock, folder.join("Cargo.lock")).unwrap();
        Self { folder, name }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.join(relative)
    }

    /// Replaces the only `from` in a file.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{file} has one {from:?}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Cargo in this project. Nothing is downloaded; the versions are those of the repository.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Output {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("generated");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(arguments)
            .arg("--offline")
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_TERM_COLOR", "never");
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("ORCH_") || text.starts_with("CARGO_PKG_") {
                cargo.env_remove(name);
            }
        }
        cargo.output().unwrap()
    }

    /// Sets limits of the retry policy, which are too long for a test that waits for real.
    fn limit(&self, limits: &str) {
        let rest = "            ..RetryPolicy::default()\n";
        let limits = format!("            {limits}\n{rest}");
        self.edit("src/payment/orchestrator.rs", rest, &limits);
    }

    /// Lets it call a provider that knows no keys, with short waits between the questions to it.
    fn without_keys(&self) {
        self.edit(
            "src/payment/gateway.rs",
            KEYED,
            "        Idempotency::None\n",
        );
        let base = "            base: Duration::from_secs(5),\n";
        let short = "            base: Duration::from_millis(200),\n";
        self.edit("src/payment/orchestrator.rs", base, short);
    }

    /// The service's program, which stops at `ORCH_STALL_AT`. Each project has a copy of its own.
    pub(crate) fn program(&self) -> PathBuf {
        let built = self.cargo(&["build", "--features", "orch-runtime/testing"]);
        assert!(built.status.success(), "{}", shown(&built));
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("generated");
        target.join("debug").join(self.name)
    }
}

/// A project of the repository, such as one that an older version wrote, on today's runtime.
pub(crate) fn copied(name: &'static str, from: &str) -> Project {
    let project = Project {
        folder: Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("proof")
            .join(name),
        name,
    };
    if project.folder.exists() {
        fs::remove_dir_all(&project.folder).unwrap();
    }
    copy(&Path::new(REPOSITORY).join(from), &project.folder);
    let crates = Path::new(REPOSITORY).join("crates");
    let own = format!("path = \"{}\"", crates.display());
    project.edit("orch.toml", "path = \"../../crates\"", &own);
    fs::copy(
        Path::new(REPOSITORY).join("Cargo.lock"),
        project.path("Cargo.lock"),
    )
    .unwrap();
    project
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn at_runtime_of_repository(name: &'static str) -> Project {
    let crates = Path::new(REPOSITORY).join("crates");
    let crates = crates.to_str().unwrap();
    Project::generate(name, &["--runtime-path", crates])
}

/// The service as it is generated, but for the time that a call has to settle at the provider.
pub(crate) fn plain() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let project = at_runtime_of_repository("proof-plain");
        project.limit(SETTLING);
        project.program()
    })
}

/// The service with a finalize hook that inserts a row; nothing in its table refuses a second one.
pub(crate) fn hooked() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let project = at_runtime_of_repository("proof-hooked");
        project.edit(
            "src/payment/orchestrator.rs",
            "    const DOMAIN: &'static str = \"PAYMENT\";\n",
            HOOK,
        );
        project.limit(SETTLING);
        fs::write(project.path("src/main.rs"), HOOKED_MAIN).unwrap();
        project.program()
    })
}

/// The service with the same hook, on PostgreSQL.
pub(crate) fn fleet() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let crates = Path::new(REPOSITORY).join("crates");
        let crates = crates.to_str().unwrap();
        let runtime = ["--store", "postgres", "--runtime-path", crates];
        let project = Project::generate("proof-fleet", &runtime);
        project.edit(
            "src/payment/orchestrator.rs",
            "    const DOMAIN: &'static str = \"PAYMENT\";\n",
            HOOK,
        );
        project.without_keys();
        project.limit(SETTLING);
        let main = HOOKED_MAIN.replace("proof_hooked", "proof_fleet");
        fs::write(project.path("src/main.rs"), main).unwrap();
        project.program()
    })
}

/// The service calling a provider that knows no keys, with short waits between the questions to it.
pub(crate) fn unkeyed() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let project = at_runtime_of_repository("proof-unkeyed");
        project.without_keys();
        project.limit("max_probes: 2,");
        project.limit(SETTLING);
        project.program()
    })
}

const SETTLING: &str = "settling: Duration::from_secs(1),";

const KEYED: &str = "        Idempotency::Keyed {
            window: Duration::from_secs(24 * 3_600),
        }\n";

const HOOK: &str = r#"    const DOMAIN: &'static str = "PAYMENT";
    const HAS_FINALIZE_HOOK: bool = true;

    async fn finalize(
        &self,
        tx: &mut orch_runtime::HookTx<'_>,
        end: &orch_runtime::Finished<PaymentCommand>,
    ) -> Result<(), orch_runtime::HookError> {
        let row: [orch_runtime::Value; 2] = [(&end.op_id).into(), end.state.as_str().into()];
        tx.execute("insert into ends (op_id, state) values (?1, ?2)", &row).await?;
        Ok(())
    }
"#;

const HOOKED_MAIN: &str = r#"//! The service with a table of the hook's own.

use std::process::ExitCode;

use orch_runtime::Migration;

const ENDS: Migration = Migration {
    name: "9000_ends",
    up: "create table ends (op_id text, state text)",
};

fn main() -> ExitCode {
    proof_hooked::service().migrations(&[ENDS]).run()
}
"#;

/// What a command printed.
pub(crate) fn shown(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}\n{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}
