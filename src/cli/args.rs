//! The arguments of every command.

use super::baseline::args as baseline;
use super::examples;
use super::lint::args as lint;
use super::saga;
use super::target::Wish;
use crate::plan::Conflicts;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Writes the whole safe call to somebody else's API into a Rust service.
#[derive(Debug, Parser)]
#[command(
    name = "orch-gen",
    bin_name = "orch-gen",
    version,
    after_help = examples::ALL,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 80,
    override_usage = "orch-gen <Domain> <Event> [field:type]...\n       orch-gen <COMMAND>"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) generate: Generate,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// Print JSON, as `orch-gen schema` describes it
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,
    /// Print nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Print every file
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add something to a package
    #[command(visible_alias = "g", after_help = examples::GENERATE)]
    Generate {
        #[command(subcommand)]
        what: Option<Kind>,
    },
    /// Make an empty service package, wired and runnable
    #[command(after_help = "Example:\n  orch-gen new services/shop")]
    New(New),
    /// Make the tree match orch.toml
    #[command(after_help = examples::APPLY)]
    Apply(Apply),
    /// Show what `apply` would do
    #[command(after_help = examples::PLAN)]
    Plan(Plan),
    /// Exit 1 when the tree does not match orch.toml
    #[command(after_help = "Examples:\n  orch-gen check\n  orch-gen check --json -p shop")]
    Check(Target),
    /// Bring the package to the templates of this version
    #[command(after_help = examples::UPGRADE)]
    Upgrade(Upgrade),
    /// Write a lost orch.toml again, as it was applied last
    #[command(after_help = "Example:\n  orch-gen import")]
    Import(Target),
    /// Take out a domain, or one of its operations
    #[command(after_help = examples::REMOVE)]
    Remove(Remove),
    /// Check the conventions of orchestrated calls in the source
    #[command(after_help = lint::EXAMPLES)]
    Lint(lint::Lint),
    /// Leave findings that are known for later, each by itself
    #[command(after_help = baseline::EXAMPLES)]
    Baseline {
        #[command(subcommand)]
        what: baseline::Kind,
    },
    /// Lint before each commit or push, as a hook of git
    #[command(after_help = examples::HOOK)]
    Hook {
        #[command(subcommand)]
        what: HookKind,
    },
    /// Lint in an editor, over the Language Server Protocol
    #[command(after_help = examples::LSP)]
    Lsp,
    /// List the linter's rules
    #[command(after_help = "Examples:\n  orch-gen rules\n  orch-gen rules --json")]
    Rules,
    /// Explain a rule or an error code
    #[command(after_help = examples::EXPLAIN)]
    Explain {
        /// A rule's code or name, or an error code [default: list all]
        code: Option<String>,
    },
    /// Take built-in templates into the package, to be changed there
    #[command(after_help = examples::EJECT)]
    Eject(Eject),
    /// List the templates that files are made of
    #[command(after_help = examples::TEMPLATES)]
    Templates {
        #[command(subcommand)]
        what: Option<TemplatesKind>,
    },
    /// Look at the toolchain, the package and what keeps it true
    #[command(after_help = examples::DOCTOR)]
    Doctor(Target),
    /// Print a JSON schema, of orch.toml or of what `--json` prints
    #[command(after_help = examples::SCHEMA)]
    Schema {
        /// Which one [default: list them]
        name: Option<String>,
    },
    /// Print the manual page, or write all pages into a folder
    #[command(after_help = examples::MAN)]
    Man {
        /// The folder to write the pages into; it has to be there
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Print a completion script
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Kind {
    /// A safe external call (the default kind)
    #[command(
        after_help = examples::ALL,
        override_usage = "orch-gen generate orchestration <Domain> <Event> [field:type]..."
    )]
    Orchestration(Generate),
    /// Several operations, and work in your own database, as one
    #[command(after_help = saga::EXAMPLES)]
    Saga(saga::GenerateSaga),
    /// A saga that handlers of events can move on, without a coordinator
    #[command(after_help = saga::CHOREOGRAPHY_EXAMPLES)]
    Choreography(saga::GenerateSaga),
    /// A Grafana dashboard and Prometheus alerts for a domain
    #[command(after_help = examples::METRICS)]
    Metrics(Metrics),
}

/// What to watch.
#[derive(Debug, Args)]
pub(super) struct Metrics {
    /// The domain, such as Payment
    #[arg(value_name = "Domain")]
    pub(super) domain: Option<String>,
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) mode: Mode,
}

/// What to generate.
#[derive(Debug, Clone, Args)]
pub(super) struct Generate {
    /// The domain in PascalCase, such as Payment
    #[arg(value_name = "Domain")]
    pub(super) domain: Option<String>,
    /// The event in PascalCase, such as PaymentRequested
    #[arg(value_name = "Event")]
    pub(super) event: Option<String>,
    /// The command's fields, such as order_id:string
    #[arg(value_name = "field:type")]
    pub(super) fields: Vec<String>,
    /// What to keep beside the state: none, progress or history
    #[arg(long, value_name = "WHAT")]
    pub(super) track: Option<String>,
    /// How the provider is reached: http (the default), stripe, s3, smtp, twilio or fcm
    #[arg(long, value_name = "KIND")]
    pub(super) gateway: Option<String>,
    /// Take signed callbacks of the provider
    #[arg(long)]
    pub(super) callbacks: bool,
    /// Leave the router of a package that was there before alone
    #[arg(long)]
    pub(super) no_router: bool,
    /// The package's folder; made when it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "package")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) runtime: Runtime,
    #[command(flatten)]
    pub(super) package: PackageOption,
    #[command(flatten)]
    pub(super) mode: Mode,
}

/// Where the runtime comes from, and where it keeps operations.
#[derive(Debug, Clone, Args)]
pub(super) struct Runtime {
    /// Where operations are kept: sqlite (the default) or postgres
    #[arg(long, value_name = "KIND")]
    pub(super) store: Option<String>,
    /// Take the runtime from this folder instead of vendoring it
    #[arg(long, value_name = "PATH")]
    pub(super) runtime_path: Option<PathBuf>,
}

/// Which package of a workspace.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct PackageOption {
    /// The workspace member to work on
    #[arg(short, long, value_name = "NAME")]
    pub(super) package: Option<String>,
}

/// How to carry it out.
#[derive(Debug, Clone, Args)]
pub(super) struct Mode {
    /// Show what would be done; write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Show the changes as a unified diff
    #[arg(long)]
    pub(super) diff: bool,
    /// Give up edits of generated files, and replace files that orch-gen did
    /// not write: those are kept as FILE.orig
    #[arg(long)]
    pub(super) force: bool,
    /// Write conflicts down, with marks, instead of refusing
    #[arg(long)]
    pub(super) merge: bool,
}

impl Mode {
    pub(super) fn wish(&self) -> Wish {
        Wish {
            force: self.force,
            conflicts: if self.merge {
                Conflicts::Mark
            } else {
                Conflicts::Refuse
            },
            ..Wish::default()
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct New {
    /// The folder to make
    pub(super) path: PathBuf,
    #[command(flatten)]
    pub(super) runtime: Runtime,
    #[command(flatten)]
    pub(super) mode: Mode,
}

/// Which package to work on.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Target {
    /// The package's folder
    #[arg(long, value_name = "DIR", conflicts_with = "package")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) package: PackageOption,
}

/// What to take into the package.
#[derive(Debug, Args)]
pub(super) struct Eject {
    /// A template's path, or the end of it: `orch-gen templates` lists them
    #[arg(value_name = "TEMPLATE", required = true)]
    pub(super) templates: Vec<String>,
    #[command(flatten)]
    pub(super) target: Target,
    /// Show what would be done; write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Show the changes as a unified diff
    #[arg(long)]
    pub(super) diff: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum TemplatesKind {
    /// Show how the package's own templates differ from the built-in ones
    #[command(after_help = "Example:\n  orch-gen templates diff")]
    Diff(Target),
    /// Test what the package's own templates make, for all kinds of packages
    #[command(
        after_help = "Examples:\n  orch-gen templates test\n  orch-gen templates test --no-build\n\nExit codes: 0 in order, 1 one of them makes something wrong."
    )]
    Test(TemplatesTest),
}

/// How to test templates.
#[derive(Debug, Args)]
pub(super) struct TemplatesTest {
    #[command(flatten)]
    pub(super) target: Target,
    /// Render and parse only; compile nothing
    #[arg(long)]
    pub(super) no_build: bool,
}

#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) mode: Mode,
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) target: Target,
    /// Show the changes as a unified diff
    #[arg(long)]
    pub(super) diff: bool,
    /// Plan with `--force`: see `orch-gen apply --help`
    #[arg(long)]
    pub(super) force: bool,
    /// Show the sagas of orch.toml instead, as text or for another tool
    #[arg(
        long,
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        conflicts_with_all = ["diff", "force"]
    )]
    pub(super) graph: Option<GraphForm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphForm {
    Text,
    Mermaid,
    Dot,
}

/// How to upgrade.
#[derive(Debug, Args)]
pub(super) struct Upgrade {
    #[command(flatten)]
    pub(super) target: Target,
    /// How conflicts are written down [default: asks on a terminal, else inline]
    #[arg(long, value_name = "FORM")]
    pub(super) conflicts: Option<ConflictForm>,
    /// Take the last upgrade back, byte for byte
    #[arg(long, conflicts_with_all = ["conflicts", "dry_run", "diff", "force"])]
    pub(super) abort: bool,
    /// Show what would be done; write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Show the changes as a unified diff
    #[arg(long)]
    pub(super) diff: bool,
    /// Give up edits of generated files
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ConflictForm {
    Inline,
    Rej,
}

#[derive(Debug, Subcommand)]
pub(super) enum HookKind {
    /// Put the linter into a hook
    Install {
        #[command(flatten)]
        hook: Hook,
        /// Put lines into a shell script that is there already
        #[arg(long)]
        append: bool,
    },
    /// Take out exactly what `install` put in
    Uninstall {
        #[command(flatten)]
        hook: Hook,
    },
}

/// Which hook, and of which package.
#[derive(Debug, Args)]
pub(super) struct Hook {
    /// The folder of a package or workspace [default: the one around]
    pub(super) path: Option<PathBuf>,
    /// Before each commit (the default)
    #[arg(long, conflicts_with = "pre_push")]
    pre_commit: bool,
    /// Before each push
    #[arg(long)]
    pub(super) pre_push: bool,
}

/// What to take out.
#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The domain
    #[arg(value_name = "Domain")]
    pub(super) domain: String,
    /// One of its events; all of the domain without it
    #[arg(value_name = "Event")]
    pub(super) event: Option<String>,
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) mode: Mode,
}
