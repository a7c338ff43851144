//! A whole project of the generated shape, and what breaking one convention in it gives.

use orch_lint::sources::{Memory, SourceTree};
use orch_lint::{Options, Report, lint_sources};

const MANIFEST: &str = "\
[package]
name = 'billing'
edition = '2024'
[dependencies]
orch-runtime = { path = 'vendor/orch-runtime' }
[dev-dependencies]
orch-lint = { path = 'vendor/orch-lint' }
";

const LIB: &str = "\
//! Billing.
pub mod payment;
";

const MAIN: &str = "\
//! Serves billing.
use orch_runtime::{Engine, tokio};

#[tokio::main]
async fn main() {
    let engine = Engine::from_env().await;
    billing::payment::workers(&engine).run().await;
}
";

const MOD: &str = "\
//! Payments.
pub mod gateway;
pub mod generated;
pub mod orchestrator;
pub mod rules;

use orch_runtime::{Cleaner, Engine, Workers};
use generated::{finalizer::PaymentFinalizer, reaper::PaymentReaper};

/// The loops of this domain.
pub fn workers(engine: &Engine) -> Workers {
    Workers::new()
        .with(PaymentFinalizer::new(engine))
        .with(PaymentReaper::new(engine))
        .with(Cleaner::new(engine))
}
";

const ORCHESTRATOR: &str = "\
//! Payment: command in, outcome out.
use orch_runtime::{Idempotency, OpId, Orchestrator, Outcome, Probe};

use super::gateway::{GatewayError, PaymentGateway};
use super::generated::command::PaymentCommand;

/// Runs one accepted payment against the provider.
#[derive(Debug)]
pub struct PaymentOrchestrator<G> {
    gateway: G,
}

impl<G> PaymentOrchestrator<G> {
    /// An orchestrator over a gateway.
    pub fn new(gateway: G) -> Self {
        Self { gateway }
    }
}

impl<G: PaymentGateway> Orchestrator for PaymentOrchestrator<G> {
    type Command = PaymentCommand;
    const DOMAIN: &'static str = \"PAYMENT\";

    fn idempotency(&self) -> Idempotency {
        self.gateway.idempotency()
    }

    async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
        match self.gateway.payment(op_id, command).await {
            Ok(receipt) => Outcome::ok(receipt.message()),
            Err(GatewayError::Busy { after }) => Outcome::Retry { reason: \"busy\".into(), after },
            Err(GatewayError::Refused { code, message }) => Outcome::fail(code, message),
            Err(GatewayError::Silent) => Outcome::Unknown { reason: \"no answer\".into() },
        }
    }

    async fn probe(&self, op_id: &OpId, command: &PaymentCommand) -> Probe {
        self.gateway.probe(op_id, command).await
    }
}

/// A word for the log.
pub fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ok { .. } => \"ok\",
        Outcome::Retry { .. } => \"retry\",
        Outcome::Fail { .. } => \"fail\",
        Outcome::Unknown { .. } => \"unknown\",
    }
}
";

const GATEWAY: &str = "\
//! The provider.
use std::future::Future;
use std::time::Duration;

use orch_runtime::{Idempotency, JsonClient, OpId, Probe};

use super::generated::command::PaymentCommand;

/// What the provider gave.
#[derive(Debug)]
pub struct Receipt {
    message: String,
}

impl Receipt {
    /// Its message.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Why there is no receipt.
#[derive(Debug)]
pub enum GatewayError {
    /// Later.
    Busy {
        /// When.
        after: Option<Duration>,
    },
    /// Never.
    Refused {
        /// Which.
        code: String,
        /// Why.
        message: String,
    },
    /// Nobody knows.
    Silent,
}

/// The port to the provider.
pub trait PaymentGateway: Send + Sync + 'static {
    /// Pays.
    fn payment(
        &self,
        key: &OpId,
        command: &PaymentCommand,
    ) -> impl Future<Output = Result<Receipt, GatewayError>> + Send;
    /// Asks.
    fn probe(&self, key: &OpId, command: &PaymentCommand) -> impl Future<Output = Probe> + Send;
    /// Promises.
    fn idempotency(&self) -> Idempotency;
}

/// The adapter.
#[derive(Debug)]
pub struct HttpPaymentGateway {
    client: JsonClient,
}

impl PaymentGateway for HttpPaymentGateway {
    async fn payment(&self, key: &OpId, command: &PaymentCommand) -> Result<Receipt, GatewayError> {
        self.client.post(key, command).await
    }
    async fn probe(&self, key: &OpId, _: &PaymentCommand) -> Probe {
        self.client.get(key).await
    }
    fn idempotency(&self) -> Idempotency {
        Idempotency::None
    }
}
";

const COMMAND: &str = "\
//! The payment command.
use std::fmt;

use orch_runtime::serde::{Deserialize, Serialize};
use orch_runtime::{Command, CommandError, Money};

/// One payment.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = \"orch_runtime::serde\", try_from = \"RawPaymentCommand\", rename_all = \"camelCase\")]
pub struct PaymentCommand {
    order_id: String,
    amount: Money,
}

impl PaymentCommand {
    /// A checked command.
    pub fn new(order_id: String, amount: Money) -> Result<Self, CommandError> {
        let command = Self { order_id, amount };
        Ok(command)
    }

    /// The order.
    pub fn order_id(&self) -> &str {
        &self.order_id
    }
}

impl Command for PaymentCommand {
    const EVENT_TYPE: &'static str = \"PAYMENT_REQUESTED\";
}

impl fmt::Debug for PaymentCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(\"PaymentCommand\").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(crate = \"orch_runtime::serde\", rename_all = \"camelCase\")]
struct RawPaymentCommand {
    order_id: String,
    amount: Money,
}
";

const OPERATION: &str = "\
//! The stored payment.
use orch_runtime::{Entity, IdemKey, OpId, OwnerId};

/// One accepted payment.
#[derive(Debug)]
pub struct PaymentOperation {
    op_id: OpId,
    owner_id: OwnerId,
    idem_key: IdemKey,
}

impl Entity for PaymentOperation {
    const TABLE: &'static str = \"payment_operations\";
}
";

const REPOSITORY: &str = "\
//! Reads payments.
use orch_runtime::Repository;

use super::operation::PaymentOperation;

/// Payments in the store.
#[derive(Debug)]
pub struct PaymentOperationRepository {
    operations: Repository<PaymentOperation>,
}

impl PaymentOperationRepository {
    /// How many.
    pub async fn count(&self) -> u64 {
        let mut tx = self.operations.begin().await;
        tx.count().await
    }
}
";

const FINALIZER: &str = "\
//! Completes payments.
use orch_runtime::{Engine, Finalizer};

/// Completes what the log knows.
#[derive(Debug)]
pub struct PaymentFinalizer {
    finalizer: Finalizer,
}

impl PaymentFinalizer {
    /// A finalizer.
    pub fn new(engine: &Engine) -> Self {
        Self { finalizer: Finalizer::new(engine, \"PAYMENT\") }
    }
}
";

const SQLITE: &str = "\
CREATE TABLE IF NOT EXISTS payment_operations (
    op_id TEXT PRIMARY KEY,
    owner_id TEXT NOT NULL,
    idem_key TEXT NOT NULL,
    CONSTRAINT uk_payment_operations_idem_key UNIQUE (owner_id, idem_key)
);
";

const ARCHITECTURE: &str = "\
//! Conventions.
#[test]
fn conventions_hold() {
    orch_lint::assert_clean(env!(\"CARGO_MANIFEST_DIR\"));
}

#[test]
fn a_payment_is_paid_once() {
    use billing::payment::generated::command::PaymentCommand;
    use billing::payment::orchestrator::PaymentOrchestrator;
    pay(PaymentOrchestrator::new(script()), PaymentCommand::new(order(), amount()));
}
";

/// A project with nothing to find.
pub(crate) fn billing() -> Memory {
    let reaper = FINALIZER
        .replace("Finalizer", "Reaper")
        .replace("finalizer", "reaper");
    Memory::from([
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", LIB),
        ("src/main.rs", MAIN),
        ("src/payment/mod.rs", MOD),
        ("src/payment/orchestrator.rs", ORCHESTRATOR),
        ("src/payment/gateway.rs", GATEWAY),
        ("src/payment/rules.rs", "//! Rules of the business.\n"),
        (
            "src/payment/generated/mod.rs",
            "//! Never edited.\npub mod command;\npub mod finalizer;\npub mod operation;\npub mod reaper;\npub mod repository;\n",
        ),
        ("src/payment/generated/command.rs", COMMAND),
        ("src/payment/generated/operation.rs", OPERATION),
        ("src/payment/generated/repository.rs", REPOSITORY),
        ("src/payment/generated/finalizer.rs", FINALIZER),
        ("src/payment/generated/reaper.rs", &reaper),
        ("migrations/sqlite/0001_payment.sql", SQLITE),
        (
            "migrations/sqlite/0001_payment.down.sql",
            "DROP TABLE payment_operations;\n",
        ),
        ("migrations/postgres/0001_payment.sql", SQLITE),
        ("tests/architecture.rs", ARCHITECTURE),
        (
            "vendor/orch-runtime/Cargo.toml",
            "[package]\nname = 'orch-runtime'\n",
        ),
        (
            "vendor/orch-runtime/src/lib.rs",
            "pub struct Undocumented;\n",
        ),
    ])
}

pub(crate) fn report(tree: &dyn SourceTree) -> Report {
    lint_sources(tree, &Options::default()).expect("a report")
}

/// Replaces a text that must be there.
pub(crate) fn edit(tree: &mut Memory, path: &str, from: &str, to: &str) {
    let Some(orch_lint::sources::Content::Text(text)) = tree.read(path) else {
        panic!("no {path}");
    };
    assert!(text.contains(from), "{path} has no {from}");
    tree.insert(path, text.replacen(from, to, 1));
}

#[test]
fn the_generated_shape_has_no_findings() {
    let report = report(&billing());
    assert_eq!(
        report.render_full(false),
        "no findings in 15 files (1 orchestrator)\n"
    );
    assert_eq!((report.commands, report.operations), (1, 1));
    assert_eq!(report.unknowns, []);
}

/// One edit, and the codes it must give.
type Mutation = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const ORCH: &str = "src/payment/orchestrator.rs";
const COMM: &str = "src/payment/generated/command.rs";
const OPER: &str = "src/payment/generated/operation.rs";

const MUTATIONS: &[Mutation] = &[
    (
        ORCH,
        "async fn execute(&self, op_id: &OpId",
        "fn execute(&self, op_id: &OpId",
        &["ORC001"],
    ),
    (
        ORCH,
        "match self.gateway.payment(",
        "let _tx = orch_runtime::Engine::connect().await;\n        match self.gateway.payment(",
        &["ORC002"],
    ),
    (
        "src/payment/gateway.rs",
        "    client: JsonClient,\n}",
        "    client: JsonClient,\n    audit: super::generated::repository::PaymentOperationRepository,\n}",
        &["ORC003"],
    ),
    (
        ORCH,
        "    gateway: G,",
        "    gateway: G,\n    store: orch_runtime::SqliteStore,",
        &["ORC003"],
    ),
    (OPER, "    idem_key: IdemKey,\n", "", &["ORC101"]),
    (
        "migrations/postgres/0001_payment.sql",
        "UNIQUE (owner_id, idem_key)",
        "CHECK (true)",
        &["ORC102"],
    ),
    (
        "src/payment/mod.rs",
        "        .with(PaymentFinalizer::new(engine))\n",
        "",
        &["ORC203"],
    ),
    (
        "src/payment/mod.rs",
        "        .with(PaymentReaper::new(engine))\n",
        "",
        &["ORC204"],
    ),
    (
        ORCH,
        "command: &PaymentCommand) -> Outcome",
        "command: &PaymentCommand) -> bool",
        &["ORC301"],
    ),
    (
        ORCH,
        "Outcome::Unknown { .. } => \"unknown\"",
        "_ => \"unknown\"",
        &["ORC302"],
    ),
    (
        COMM,
        "    order_id: String,",
        "    pub(crate) order_id: String,",
        &["ORC604"],
    ),
    (
        COMM,
        "    /// The order.",
        "    /// Sets.\n    pub fn set(&mut self) {}\n    /// The order.",
        &["ORC604"],
    ),
    (COMM, "try_from = \"RawPaymentCommand\", ", "", &["ORC605"]),
    (
        COMM,
        "#[derive(Clone,",
        "#[derive(Clone, Default,",
        &["ORC605"],
    ),
    (ORCH, "/// A word for the log.\n", "", &["ORC803"]),
    ("src/payment/mod.rs", "pub mod rules;\n", "", &["ORC901"]),
    (
        ORCH,
        "/// A word",
        "// orch: allow(ORC302) not needed\n/// A word",
        &["ORC902"],
    ),
    (
        ORCH,
        "/// A word",
        "// orch: allow(ORC302)\n/// A word",
        &["ORC903"],
    ),
    (ORCH, "pub fn word(", "pub fn word((", &["ORC906"]),
];

/// Each convention, broken once: exactly its rule speaks.
#[test]
fn each_broken_convention_is_found_and_nothing_else() {
    for (path, from, to, wanted) in MUTATIONS {
        let mut tree = billing();
        edit(&mut tree, path, from, to);
        let report = report(&tree);
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(
            &codes,
            wanted,
            "{path}: {from} -> {to}\n{}",
            report.render_full(false)
        );
    }
}

/// The root of a workspace stands for its members.
#[test]
fn a_workspace_root_lints_its_members() {
    let mut tree = Memory::from([(
        "Cargo.toml",
        "[workspace]\nmembers = ['services/*', 'vendor/*']\n",
    )]);
    let billing = billing();
    for path in paths(&billing, "") {
        if let Some(orch_lint::sources::Content::Text(text)) = billing.read(&path) {
            tree.insert(format!("services/billing/{path}"), text);
        }
    }
    assert_eq!(
        report(&tree).render_full(false),
        "no findings in 15 files (1 orchestrator)\n"
    );
    edit(
        &mut tree,
        "services/billing/src/payment/orchestrator.rs",
        "Outcome::Unknown { .. } =>",
        "_ =>",
    );
    assert_eq!(
        report(&tree).findings[0].path,
        "services/billing/src/payment/orchestrator.rs"
    );
}

pub(crate) fn paths(tree: &Memory, dir: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in tree.entries(dir) {
        let path = if dir.is_empty() {
            entry.name
        } else {
            format!("{dir}/{}", entry.name)
        };
        if entry.is_dir {
            found.extend(paths(tree, &path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Members of a workspace often share the migrations beside its manifest.
#[test]
fn migrations_beside_the_manifest_of_a_workspace_are_read() {
    let member = "[package]\nname = 'app'\n[dependencies]\norch-runtime = '0.1'\n";
    let library = "\
use orch_runtime::{Entity, IdemKey, OpId, Orchestrator, Outcome};
pub struct Pay;
impl Orchestrator for Pay { async fn execute(&self) -> Outcome { todo!() } }
pub struct PayOperation { op_id: OpId, idem_key: IdemKey }
impl Entity for PayOperation { const TABLE: &'static str = \"pay_operations\"; }
";
    let tree = |columns: &str| {
        Memory::from([
            ("Cargo.toml", "[workspace]\nmembers = ['app']\n"),
            ("app/Cargo.toml", member),
            ("app/src/lib.rs", library),
            (
                "migrations/20240101_pay/up.sql",
                &format!("create table pay_operations ({columns});"),
            ),
        ])
    };
    let found = |columns: &str| {
        let options = Options {
            rules: orch_lint::Selection::only(["ORC102", "ORC103"]),
            ..Options::default()
        };
        let report = lint_sources(&tree(columns), &options).expect("a report");
        assert_eq!(report.unknowns, []);
        let codes = report.findings.iter().map(|of| of.code);
        codes.collect::<Vec<_>>()
    };
    assert_eq!(found("idem_key text not null unique"), [""; 0]);
    assert_eq!(found("idem_key text not null"), ["ORC102"]);
    assert_eq!(found("idem_key text unique"), ["ORC103"]);
}
