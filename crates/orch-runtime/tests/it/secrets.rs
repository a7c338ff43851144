//! What the security guide promises about personal data: where it may be, and where it never is.
//!
//! Values that look like card numbers are planted wherever data comes in. Operations go all ways, and
//! tables, files, log, metrics and answers are searched for them.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use orch_runtime::axum::extract::State;
use orch_runtime::axum::http::Method;
use orch_runtime::axum::response::Response;
use orch_runtime::axum::routing::{get, post};
use orch_runtime::axum::{Json, Router};
use orch_runtime::http::{Api, ApiConfig, ApiError, Endpoint, Lookup, Submission, TrustedHeader};
use orch_runtime::metrics::Metrics;
use orch_runtime::scheduler::MonitorConfig;
use orch_runtime::store::StoreKind;
use orch_runtime::store::callbacks::Received;
use orch_runtime::store::sqlite::SqliteStore;
use orch_runtime::testing::client::Client;
use orch_runtime::testing::{Provider, Reply, World};
use orch_runtime::{
    BizKey, CallbackOutcome, Clock, Column, Command, CommandError, GatewayError, Idempotency,
    JsonFields, Monitor, OpId, OperationView, Orchestrator, Outcome, Probe, Secret,
};
use serde::{Deserialize, Serialize};

use crate::STORE;
use crate::callbacks::{SETUP, about, about_ref};
use crate::encryption::{CurrentMetrics, sealed};

/// In a secret field, before the number of the operation.
const CARD: &str = "4111111111110000-";
/// In a field with a typed column.
const ORDER: &str = "4111111111111111";
/// In a field without one.
const NOTE: &str = "4111111111112222";
/// In a header that means nothing.
const HEADER: &str = "4111111111113333";
/// In the provider's message, its answer, and the cause of its refusal.
const MESSAGE: &str = "4111111111114444";
const RESULT: &str = "4111111111115555";
const CAUSE: &str = "4111111111116666";
/// Where a card number was expected and something else sent.
const MISTAKE: &str = "4111111111117777";
/// In what the provider reports by itself, where that ends no operation.
const REPORT: &str = "4111111111118888";

const ALL: [&str; 9] = [
    CARD, ORDER, NOTE, HEADER, MESSAGE, RESULT, CAUSE, MISTAKE, REPORT,
];

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Purchase {
    order_id: String,
    note: String,
    card: Secret<String>,
}

impl Purchase {
    fn from_json(mut fields: JsonFields) -> Result<Self, CommandError> {
        let (order_id, note) = (fields.required("orderId"), fields.required("note"));
        let card = fields.required("card");
        fields.into_violations().into_result()?;
        Ok(Self {
            order_id: orch_runtime::taken("orderId", order_id)?,
            note: orch_runtime::taken("note", note)?,
            card: orch_runtime::taken("card", card)?,
        })
    }
}

impl Command for Purchase {
    const EVENT_TYPE: &'static str = "PURCHASE_REQUESTED";
    const SECRETS: &'static [&'static str] = &["card"];

    fn biz_key(&self) -> BizKey {
        BizKey::of(&self.order_id)
    }

    fn columns(&self) -> Vec<Column> {
        vec![Column::new("order_id", &*self.order_id)]
    }
}

/// A provider that repeats personal data in whatever it says.
struct Purchasing(Provider);

impl Orchestrator for Purchasing {
    type Command = Purchase;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        Idempotency::None
    }

    async fn execute(&self, op_id: &OpId, command: &Purchase) -> Outcome {
        assert!(command.card.expose().starts_with(CARD));
        match self.0.call(op_id).await {
            Ok(receipt) => Outcome::Ok {
                message: format!("charged {MESSAGE}"),
                provider_ref: receipt.provider_ref,
                result: Some(serde_json::json!({ "card": RESULT })),
            },
            Err(GatewayError::Unavailable { reason, after }) => Outcome::Retry { reason, after },
            Err(GatewayError::Refused { code, .. }) => Outcome::Fail {
                code,
                message: format!("refused {MESSAGE}"),
                cause: Some(format!("because of {CAUSE}")),
            },
            Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),
        }
    }

    async fn probe(&self, op_id: &OpId, _command: &Purchase) -> Probe {
        self.0.probe(op_id).await
    }
}

fn routes(endpoint: Endpoint) -> Router {
    Router::new()
        .route("/api/purchases", post(submit))
        .route("/api/purchases/{op_id}", get(status))
        .with_state(endpoint)
}

async fn submit(
    State(endpoint): State<Endpoint>,
    submission: Submission,
) -> Result<Response, ApiError> {
    let Submission { request, fields } = submission;
    let command = Purchase::from_json(fields)?;
    let acceptance = endpoint.submit(request, &command).await?;
    Ok(acceptance.respond(|view| view))
}

async fn status(
    State(endpoint): State<Endpoint>,
    lookup: Lookup,
) -> Result<Json<OperationView>, ApiError> {
    Ok(Json(endpoint.find::<Purchase>(&lookup).await?))
}

/// Everything that this test process logs, at `trace`.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let writer = log.clone();
            let _ = tracing_subscriber::fmt()
                .with_env_filter("orch_runtime=trace,audit=trace")
                .with_writer(move || writer.clone())
                .try_init();
            log
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A service in this process, and what it said.
struct Shop {
    world: World,
    metrics: Metrics,
    client: Client,
    is_sealed: bool,
}

impl Shop {
    fn open(is_sealed: bool) -> Self {
        Log::start();
        let metrics = CurrentMetrics::default();
        let counted = metrics.clone();
        let mut world = World::new(SETUP, Provider::unkeyed(), move |builder, provider| {
            builder
                .register(Purchasing(provider))
                .metrics(counted.renew())
                .callbacks()
        });
        if is_sealed {
            world = sealed(world, &["1-key"]);
        }
        let (config, clock) = (ApiConfig::default(), Arc::new(world.clock.clone()));
        let metrics = metrics.get();
        let api = Api::with(config, clock, Arc::new(TrustedHeader::default()), &metrics);
        let client = Client::new(routes(api.endpoint(world.engine())), &api);
        Self {
            world,
            metrics,
            client,
            is_sealed,
        }
    }

    /// Sends a request; what comes back may hold what its owner is shown, and nothing else.
    async fn send(&self, method: Method, path: &str, key: &str, body: &str) -> (u16, String) {
        let headers = [("idempotency-key", key), ("x-loyalty-card", HEADER)];
        let reply = self.client.send(method, path, &headers, body).await;
        self.world.quiet().await;
        let said = format!("{:?} {}", reply.headers, reply.body);
        for value in ALL {
            let is_shown = [ORDER, MESSAGE, RESULT].contains(&value);
            assert!(is_shown || !said.contains(value), "{value} in {said}");
        }
        (reply.status, reply.text("opId").to_owned())
    }

    async fn buy(&self, n: usize) -> (u16, String) {
        let body = serde_json::json!({
            "orderId": format!("{ORDER}-{n}"), "note": NOTE, "card": format!("{CARD}{n}"),
        });
        let key = format!("k{n}");
        self.send(Method::POST, "/api/purchases", &key, &body.to_string())
            .await
    }

    /// The provider confirms and contradicts how an operation ended, and speaks of one that nobody knows.
    async fn report(&self, ended: &str) {
        let op_id = OpId::new(ended).unwrap();
        let done = CallbackOutcome::Ok {
            message: format!("charged {REPORT}"),
            result: Some(serde_json::json!({ "card": REPORT })),
        };
        let refused = CallbackOutcome::Fail {
            code: "NO".to_owned(),
            message: format!("refused {REPORT}"),
        };
        for callback in [
            about(&op_id, "evt-1", done.clone()),
            about(&op_id, "evt-2", refused),
            about_ref("nobody's", "evt-3", done),
        ] {
            let received = self.world.engine().receive_callback(callback).await;
            assert_eq!(received.unwrap(), Received::New);
        }
    }

    /// Every cell of every table: table, column and text.
    async fn cells(&self) -> Vec<(String, String, String)> {
        let columns = match STORE {
            StoreKind::Sqlite => {
                "select tables.name as t, columns.name as c
                 from sqlite_master as tables, pragma_table_info(tables.name) as columns
                 where tables.type = 'table'"
            }
            StoreKind::Postgres => {
                "select table_name::text as t, column_name::text as c
                 from information_schema.columns where table_schema = current_schema()"
            }
        };
        let store = self.world.store();
        let mut cells = Vec::new();
        for row in store.query(columns.to_owned(), vec![]).await.unwrap() {
            let (table, column): (String, String) = (row.get("t").unwrap(), row.get("c").unwrap());
            let sql = format!("select cast(\"{column}\" as text) as cell from \"{table}\"");
            for row in store.query(sql, vec![]).await.unwrap() {
                let cell: Option<String> = row.get("cell").unwrap();
                cells.push((table.clone(), column.clone(), cell.unwrap_or_default()));
            }
        }
        cells
    }

    /// Searches everything, when the operations in `open` have not ended.
    async fn search(&self, open: &[usize]) {
        let cells = self.cells().await;
        let columns_of = |value: &str| {
            let with = cells.iter().filter(|(.., cell)| cell.contains(value));
            let mut columns: Vec<&str> = with.map(|(_, column, _)| &**column).collect();
            columns.sort_unstable();
            columns.dedup();
            columns
        };
        let in_clear = |columns: &[&'static str]| -> Vec<&str> {
            if self.is_sealed {
                Vec::new()
            } else {
                columns.to_vec()
            }
        };
        for (value, mut expected) in [
            (ORDER, in_clear(&["payload"])),
            (NOTE, in_clear(&["payload"])),
            (MESSAGE, in_clear(&["outcome"])),
            (RESULT, in_clear(&["outcome", "result"])),
            (CAUSE, in_clear(&["error_cause", "outcome"])),
            (REPORT, in_clear(&["outcome"])),
            (HEADER, vec![]),
            (MISTAKE, vec![]),
        ] {
            match value {
                ORDER => expected.extend(["biz_key", "order_id"]),
                MESSAGE => expected.push("message"),
                _ => {}
            }
            expected.sort_unstable();
            assert_eq!(columns_of(value), expected, "{value}");
        }
        for n in 0..4 {
            let expected = in_clear(if open.contains(&n) { &["payload"] } else { &[] });
            assert_eq!(columns_of(&format!("{CARD}{n}")), expected, "card {n}");
        }
        let counted = self.metrics.render();
        let spoken = String::from_utf8_lossy(&Log::start().lock()).into_owned();
        for value in ALL {
            assert!(!spoken.contains(value), "{value} is logged");
            assert!(!counted.contains(value), "{value} is counted");
        }
        // What is searched is what was said.
        assert!(spoken.contains("ACCEPTED") && spoken.contains("/api/purchases"));
        assert!(
            counted.contains(r#"domain="charge",result="new"} 4"#),
            "{counted}"
        );
        assert!(counted.contains("/api/purchases"), "{counted}");
        if self.is_sealed {
            self.search_files(&[CARD, NOTE, RESULT, CAUSE, HEADER, MISTAKE, REPORT]);
        }
    }

    /// Searches the files of the database byte by byte, also those beside it.
    fn search_files(&self, values: &[&str]) {
        let url = self.world.database().url();
        let Some(path) = url.strip_prefix("sqlite://") else {
            return;
        };
        let files = std::fs::read_dir(Path::new(path).parent().unwrap()).unwrap();
        let mut searched = 0;
        for file in files.map(|file| file.unwrap().path()) {
            let bytes = std::fs::read(&file).unwrap();
            searched += bytes.len();
            for value in values {
                let mut parts = bytes.windows(value.len());
                let is_there = parts.any(|part| part == value.as_bytes());
                assert!(!is_there, "{value} in {}", file.display());
            }
        }
        assert!(searched > 0);
    }
}

/// All ways that an operation can go, and all that a client can say.
async fn story(is_sealed: bool) -> Shop {
    let shop = Shop::open(is_sealed);
    let replies = [
        Reply::Done,
        Reply::Refuse("NO"),
        Reply::Busy(None),
        Reply::LostBefore,
    ];
    let mut ids = Vec::new();
    for (n, reply) in replies.into_iter().enumerate() {
        shop.world.provider.script([reply]);
        let (status, op_id) = shop.buy(n).await;
        assert_eq!(status, 202);
        ids.push(op_id);
    }
    assert_eq!(shop.buy(0).await, (202, ids[0].clone()), "a replay");
    let path = "/api/purchases";
    for (key, card, status) in [
        ("k0", serde_json::json!("4999999999999999"), 422),
        (
            "k9",
            serde_json::json!(MISTAKE.parse::<u64>().unwrap()),
            400,
        ),
    ] {
        let body = serde_json::json!({ "orderId": "o", "note": NOTE, "card": card });
        let sent = shop.send(Method::POST, path, key, &body.to_string()).await;
        assert_eq!(sent.0, status);
    }
    let surplus = format!(r#"{{"orderId": "o", "note": "n", "card": "c", "pan": "{MISTAKE}"}}"#);
    assert_eq!(shop.send(Method::POST, path, "k9", &surplus).await.0, 400);
    assert_eq!(shop.send(Method::POST, path, "k9", MISTAKE).await.0, 400);
    shop.report(&ids[0]).await;
    shop.search(&[2, 3]).await;
    shop.world.provider.stop_answering_probes();
    shop.world.settle().await;
    let monitor = Monitor::new(shop.world.engine(), MonitorConfig::default());
    monitor.run_once(shop.world.clock.now()).await.unwrap();
    for op_id in &ids {
        let path = format!("{path}/{op_id}");
        assert_eq!(shop.send(Method::GET, &path, "", "").await.0, 200);
    }
    let counts = shop.world.store().count_by_state().await.unwrap();
    let named: Vec<_> = counts
        .iter()
        .map(|(state, n)| format!("{state} {n}"))
        .collect();
    assert_eq!(named.len(), 3, "{named:?}");
    // Number 3 is parked: a person may still want to call for it.
    shop.search(&[3]).await;
    shop
}

#[tokio::test]
async fn a_secret_field_is_in_an_open_operations_payload_and_nowhere_else() {
    let shop = story(false).await;
    let url = shop.world.database().url();
    if let Some(path) = url.strip_prefix("sqlite://") {
        let store = SqliteStore::open(Path::new(path), SETUP.migrations).unwrap();
        store.checkpoint().await.unwrap();
        let ended = [0, 1, 2].map(|n| format!("{CARD}{n}"));
        shop.search_files(&ended.each_ref().map(String::as_str));
    }
}

/// Whoever gets hold of a backup, or of the disk, has typed columns and messages at most.
#[tokio::test]
async fn nothing_sealed_is_ever_in_the_database_in_clear() {
    story(true).await;
}
