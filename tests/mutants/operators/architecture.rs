//! Layers, circles, documentation, tests and generated files: ORC801 to ORC806.

use crate::operator::Operator;
use crate::package::Package;

/// The other domain of a package that has two.
fn other_domain(p: &Package) -> Option<String> {
    let own = p.say("$domain");
    let mut domains = p.paths().filter_map(|path| {
        path.strip_prefix("src/")?
            .strip_suffix("/generated/operation.rs")
    });
    domains.find(|domain| *domain != own).map(str::to_owned)
}

/// An orchestrator beside the generated ones.
const ANOTHER: &str = "use orch_runtime::{Idempotency, OpId, Orchestrator, Outcome, Probe};

use super::gateway::$Port;
use super::generated::command::$NameCommand;

/// Contests it.
pub struct Dispute<G> {
    gateway: G,
}

impl<G: $Port> Orchestrator for Dispute<G> {
    type Command = $NameCommand;

    const DOMAIN: &'static str = \"DISPUTE\";

    fn idempotency(&self) -> Idempotency {
        self.gateway.idempotency()
    }

    async fn execute(&self, op_id: &OpId, _: &$NameCommand) -> Outcome {
        Outcome::unknown(op_id.to_string())
    }

    async fn probe(&self, op_id: &OpId, command: &$NameCommand) -> Probe {
        self.gateway.probe_$call(op_id, command).await
    }
}";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC801", "an adapter that reads operations", |p| {
        p.append(
            "gateway.rs",
            "use crate::$domain::generated::repository::$OperationOperationRepository;

/// Whether it was called before.
async fn was_called(rows: &$OperationOperationRepository, key: &OpId) -> bool {
    matches!(rows.find_by_id(key).await, Ok(Some(_)))
}

impl $Adapter {
    /// Whether it was called before.
    pub async fn known(&self, rows: &$OperationOperationRepository, key: &OpId) -> bool {
        was_called(rows, key).await
    }
}",
        )
    }),
    Operator::new("ORC801", "a command that looks itself up", |p| {
        p.append(
            "generated/command.rs",
            "impl $NameCommand {
    /// Whether there is one already.
    pub fn is_new(&self, rows: &crate::$domain::generated::repository::$OperationOperationRepository) -> bool {
        format!(\"{rows:?}\").is_empty()
    }
}",
        )
    }),
    Operator::new("ORC801", "an orchestrator that knows the controller", |p| {
        p.begin(
            "orchestrator.rs",
            "fn done(",
            "    let shown = super::controller::routes;\n    let _ = shown;",
        )?;
        p.in_execute("        let routes = super::controller::routes;\n        let _ = routes;")
    }),
    Operator::new("ORC801", "a repository behind a helper", |p| {
        p.module(
            "history",
            "use crate::$domain::generated::repository::$OperationOperationRepository;

/// How many there are.
pub(super) async fn count(rows: &$OperationOperationRepository) -> usize {
    rows.statistics().await.map_or(0, |all| format!(\"{all:?}\").len())
}",
        )?;
        p.begin(
            "gateway.rs",
            "async fn $call(",
            "        let count = crate::$module::history::count;\n        let _ = count;",
        )
    }),
    Operator::new("ORC802", "rules that look at each other's domains", |p| {
        let other = other_domain(p)?;
        let entity = format!("src/{other}/generated/operation.rs");
        let text = p.text(&entity)?;
        let name = text
            .split_once("\npub struct ")?
            .1
            .split_once(' ')?
            .0
            .to_owned();
        p.append(
            "rules.rs",
            &format!(
                "use crate::{other}::generated::operation::{name};\n\nfn after(_: &{name}) {{}}"
            ),
        )?;
        let ours = p.say("use crate::$domain::generated::operation::$OperationOperation;\n\nfn before(_: &$OperationOperation) {}\n");
        p.edit_at(
            &format!("src/{other}/rules.rs"),
            "/// Refuses",
            &format!("{ours}\n/// Refuses"),
        )
    }),
    Operator::new("ORC802", "domains that use each other's commands", |p| {
        let other = other_domain(p)?;
        let path = format!("src/{other}/orchestrator.rs");
        let text = p.text(&path)?;
        let name = text
            .split_once("struct ")?
            .1
            .split_once("Orchestrator")?
            .0
            .to_owned();
        let use_theirs = format!(
            "/// Whether both are asked for.\nfn both(_: &crate::{other}::generated::command::{name}Command) {{}}"
        );
        p.append("orchestrator.rs", &use_theirs)?;
        p.edit_at(
            &path,
            "\n/// What the client reads",
            "
/// Whether both are asked for.
fn both(_: &crate::$module::generated::command::$NameCommand) {}

/// What the client reads",
        )
    }),
    Operator::new("ORC803", "an orchestrator that nobody explains", |p| {
        let name = p.say("\n#[derive(Debug)]\npub struct $NameOrchestrator");
        let path = format!("{}/orchestrator.rs", p.folder());
        let text = p.text(&path)?;
        let doc = text[..text.find(&name)?].rsplit('\n').next()?.to_owned();
        p.edit(
            "orchestrator.rs",
            &format!("{doc}\n#[derive(Debug)]\n"),
            "#[derive(Debug)]\n",
        )
    }),
    Operator::new("ORC803", "a function that nobody explains", |p| {
        p.append("rules.rs", "#[must_use]\npub fn limit() -> u32 {\n    3\n}")
    }),
    Operator::new("ORC803", "a field that nobody explains", |p| {
        p.append("gateway.rs", "/// What the provider says of itself.\n#[derive(Debug)]\npub struct About {\n    pub version: String,\n}")
    }),
    Operator::new("ORC804", "no tests but the one of the architecture", |p| {
        p.remove(|path| path.starts_with("tests/") && path != "tests/architecture.rs")
    })
    .shows_in("orchestrator.rs"),
    Operator::new("ORC804", "an orchestrator without a test", |p| {
        p.module(
            "dispute",
            &ANOTHER.replace("Dispute", "DisputeOrchestrator"),
        )
    }),
    Operator::new("ORC806", "an orchestrator under another name", |p| {
        p.module("dispute", &ANOTHER.replace("Dispute", "DisputeService"))
    }),
    Operator::new("ORC805", "a generated command edited by hand", |p| {
        p.edit("generated/command.rs", "found.into_result()?;", "")
    }),
    Operator::new("ORC805", "a generated module edited by hand", |p| {
        p.edit(
            "generated/finalizer.rs",
            "#[derive(Debug, Clone)]",
            "#[derive(Debug)]",
        )
        .or_else(|| {
            p.edit(
                "generated/reaper.rs",
                "#[derive(Debug, Clone)]",
                "#[derive(Debug)]",
            )
        })
    }),
    Operator::new("ORC805", "a migration that ran already, edited", |p| {
        p.migration("biz_key TEXT NOT NULL", "biz_key TEXT")
    }),
];
