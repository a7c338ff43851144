//! A service whose domain serves the steps of a saga.

use std::net::SocketAddr;
use std::time::Duration;

use orch_runtime::Migration;
use orch_runtime::axum::extract::State;
use orch_runtime::axum::response::Response;
use orch_runtime::axum::routing::{get as read, post as write};
use orch_runtime::axum::{Json, Router};
use orch_runtime::http::{ApiError, SagaEndpoint, SagaLookup, Submission};
use orch_runtime::saga::{
    Call, Compensation, SagaEvents, SagaRecord, SagaTables, StepPlan, StepRun, TransactionView,
    Weight,
};
use orch_runtime::service::{Embedded, Engines, SagaModule, SagaParts, Service, Setup, SetupError};
use orch_runtime::{CommandError, JsonFields, Workers};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::ping::{MIGRATIONS, Ping};
use crate::raw::{get, post};

use super::MODULE;
use super::process::Process;

const SAGA_MIGRATIONS: &[Migration] = &[Migration {
    name: "0002_order_saga",
    up: include_str!("../../it/sagas/saga.sql"),
}];

const SAGA: SagaModule = SagaModule {
    saga: "GREETING",
    start,
};

/// Greets two people at once.
#[derive(Debug, Serialize, Deserialize)]
struct Greeting {
    first: String,
    second: String,
}

impl Greeting {
    fn from_json(mut fields: JsonFields) -> Result<Self, CommandError> {
        let first: Option<String> = fields.required("first");
        let second: Option<String> = fields.required("second");
        fields.into_violations().into_result()?;
        Ok(Self {
            first: first.unwrap_or_default(),
            second: second.unwrap_or_default(),
        })
    }
}

const fn ping(name: &'static str) -> StepPlan {
    StepPlan {
        name,
        after: &[],
        compensation: Compensation::Operation,
        weight: Weight::Required,
    }
}

fn start(setup: &Setup, engines: &Engines<'_>) -> Result<SagaParts, SetupError> {
    let pings = engines.of("ping")?;
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let first = Call::new(pings, |run: &StepRun<'_, Greeting>| {
        Ok(Ping::named(&run.input.first))
    });
    let second = Call::new(pings, |run: &StepRun<'_, Greeting>| {
        Ok(Ping::named(&run.input.second))
    });
    let sagas = setup
        .sagas(tables, &[ping("first"), ping("second")])
        .events(SagaEvents::of("Greeting"))
        .step(
            "first",
            first.undone_by(pings, |_| Ok(Ping::named("sorry"))),
        )
        .step(
            "second",
            second.undone_by(pings, |_| Ok(Ping::named("sorry"))),
        )
        .build()?;
    let choreography = setup.choreography(&sagas)?.handlers_of(&sagas).build()?;
    Ok(SagaParts {
        routes: routes(setup.saga_endpoint(&sagas)),
        workers: Workers::new()
            .with_sagas(&sagas)
            .with_choreography(&choreography),
    })
}

fn routes(endpoint: SagaEndpoint<Greeting>) -> Router {
    Router::new()
        .route("/api/greetings", write(initiate))
        .route("/api/greetings/{transaction_id}", read(status))
        .route(
            "/choreography/transaction/{transaction_id}",
            read(transaction),
        )
        .route(
            "/api/greetings/{transaction_id}/compensate",
            write(compensate),
        )
        .with_state(endpoint)
}

async fn initiate(
    State(endpoint): State<SagaEndpoint<Greeting>>,
    submission: Submission,
) -> Result<Response, ApiError> {
    let greeting = Greeting::from_json(submission.fields)?;
    endpoint.initiate(submission.request, &greeting).await
}

async fn status(
    State(endpoint): State<SagaEndpoint<Greeting>>,
    lookup: SagaLookup,
) -> Result<Json<SagaRecord>, ApiError> {
    Ok(Json(endpoint.find(&lookup).await?))
}

async fn transaction(
    State(endpoint): State<SagaEndpoint<Greeting>>,
    lookup: SagaLookup,
) -> Result<Json<TransactionView>, ApiError> {
    Ok(Json(endpoint.transaction(&lookup).await?))
}

async fn compensate(
    State(endpoint): State<SagaEndpoint<Greeting>>,
    lookup: SagaLookup,
) -> Result<Json<SagaRecord>, ApiError> {
    Ok(Json(endpoint.compensate(&lookup).await?))
}

async fn served(folder: &TempDir, service: Service) -> Result<(Embedded, SocketAddr), SetupError> {
    served_as(folder, service, None).await
}

pub(super) async fn served_as<'v>(
    folder: &TempDir,
    service: Service,
    more: impl IntoIterator<Item = (&'v str, &'v str)>,
) -> Result<(Embedded, SocketAddr), SetupError> {
    let database = format!("sqlite://{}", folder.path().join("greetings.db").display());
    let more = more.into_iter();
    let more = more.map(|(name, value)| (name.into(), value.into()));
    let variables = std::iter::once(("DATABASE_URL".into(), database.into())).chain(more);
    let embedded = service.simulated().start_with(variables).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = embedded.routes();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    Ok((embedded, address))
}

pub(super) fn greeter() -> Service {
    Service::new("greeter", "1")
        .migrations(MIGRATIONS)
        .migrations(SAGA_MIGRATIONS)
        .module(MODULE)
        .saga(SAGA)
}

/// The saga's end, or where it stands after ten seconds.
pub(super) async fn end(address: SocketAddr, location: &str) -> Value {
    let mut turns = tokio::time::interval(Duration::from_millis(100));
    let mut seen = Value::Null;
    for _ in 0..100 {
        turns.tick().await;
        seen = get(location).send(address).await.json();
        let state = seen["status"].as_str().unwrap_or_default();
        if ["COMPLETED", "COMPENSATED", "FAILED"].contains(&state) {
            break;
        }
    }
    seen
}

#[tokio::test]
async fn a_saga_is_asked_for_and_followed_by_http() {
    const BODY: &str = r#"{"first":"ada","second":"bob"}"#;
    let folder = TempDir::new().unwrap();
    let (embedded, address) = served(&folder, greeter()).await.unwrap();
    let asked = post("/api/greetings", "k", BODY).send(address).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    assert_eq!(asked.json()["status"], "initiated");
    let id = asked.json()["transactionId"].as_str().unwrap().to_owned();
    let location = format!("/api/greetings/{id}");
    assert_eq!(asked.header("location"), Some(&*location));
    let again = post("/api/greetings", "k", BODY).send(address).await;
    assert_eq!(again.json()["transactionId"], *id);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = r#"{"first":"ada","second":"eve"}"#;
    let reused = post("/api/greetings", "k", other).send(address).await;
    assert_eq!(reused.status, 422);

    let saga = end(address, &location).await;
    assert_eq!(saga["status"], "COMPLETED", "{saga}");
    assert_eq!(saga["steps"][1]["step"], "second");
    assert_eq!(saga["steps"][1]["status"], "SUCCEEDED");
    assert!(saga["steps"][1]["opId"].is_string());
    assert!(saga.get("payload").is_none(), "{saga}");
    let theirs = format!("{id}/first/undo/0");
    let refused = post("/api/pings", &theirs, r#"{"name":"ann"}"#)
        .send(address)
        .await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let problem = &refused.json()["errors"][0];
    assert_eq!(problem["field"], "Idempotency-Key");
    assert!(
        problem["message"].as_str().unwrap().contains(&theirs),
        "{problem}"
    );
    let counted = embedded.metrics().render();
    for line in [
        r#"orchestration_saga_started_total{saga="order_saga"} 1"#,
        r#"orchestration_saga_ended_total{saga="order_saga",state="COMPLETED"} 1"#,
        r#"orchestration_saga_ended_total{saga="order_saga",state="FAILED"} 0"#,
        r#"orchestration_saga_duration_seconds_count{saga="order_saga"} 1"#,
        r#"orchestration_saga_steps_total{outcome="SUCCEEDED",saga="order_saga",step="first"} 1"#,
    ] {
        assert!(counted.contains(line), "{line} in\n{counted}");
    }
    let undo = format!("{location}/compensate");
    let too_late = post(&undo, "u", "{}").send(address).await;
    assert_eq!(too_late.json()["status"], "COMPLETED");

    for nobody in ["/api/greetings/TXN_nobody", "/api/greetings/..%2F"] {
        assert_eq!(get(nobody).send(address).await.status, 404, "{nobody}");
    }
    let strangers = get(&location).header("x-owner-id", "stranger");
    assert_eq!(strangers.send(address).await.status, 404);
    let wrong = post("/api/greetings", "w", r#"{"first":"ada"}"#)
        .send(address)
        .await;
    assert_eq!(
        (wrong.status, &wrong.json()["errors"][0]["field"]),
        (400, &"second".into())
    );
    embedded.stop().await.unwrap();
}

/// The version before knew a step more, and a saga waits for it.
#[tokio::test]
async fn a_service_whose_plan_lost_a_step_of_a_running_saga_does_not_start() {
    let folder = TempDir::new().unwrap();
    let (embedded, _) = served(&folder, greeter()).await.unwrap();
    embedded.stop().await.unwrap();
    let file = rusqlite::Connection::open(folder.path().join("greetings.db")).unwrap();
    let former = "insert into order_saga_states (transaction_id, owner_id, idem_key, fingerprint, pattern, \
            payload, status, version, look_at, deadline_at, created_at, updated_at) \
            values ('TXN_1', 'o', 'k', 'f', 'ORCHESTRATION', '{}', 'IN_PROGRESS', 1, 1, 1, 1, 1); \
        insert into order_saga_step_results (transaction_id, step, status, undo_attempts, updated_at) \
            values ('TXN_1', 'third', 'RUNNING', 0, 1)";
    file.execute_batch(former).unwrap();
    drop(file);
    let refused = served(&folder, greeter()).await.unwrap_err().to_string();
    let reason = "GREETING cannot start: 1 running sagas of order_saga began the step \"third\"";
    assert!(refused.starts_with(reason), "{refused}");
    assert!(
        refused.ends_with("finish them first, or keep the step"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_saga_without_its_domain_does_not_start() {
    let folder = TempDir::new().unwrap();
    let lonely = Service::new("greeter", "1")
        .migrations(SAGA_MIGRATIONS)
        .saga(SAGA);
    let refused = served(&folder, lonely).await.unwrap_err().to_string();
    let reason =
        "GREETING cannot start: the service has no domain `ping`: add its module before the saga";
    assert_eq!(refused, reason);
}

#[tokio::test]
async fn a_service_is_switched_to_choreography_by_its_environment() {
    const BODY: &str = r#"{"first":"ada","second":"bob"}"#;
    let folder = TempDir::new().unwrap();
    let mode = Some(("SAGA_PATTERN_MODE", "choreography"));
    let (embedded, address) = served_as(&folder, greeter(), mode).await.unwrap();
    let asked = post("/api/greetings", "k", BODY).send(address).await;
    let id = asked.json()["transactionId"].as_str().unwrap().to_owned();
    let saga = end(address, &format!("/api/greetings/{id}")).await;
    assert_eq!(saga["status"], "COMPLETED", "{saga}");
    let path = format!("/choreography/transaction/{id}");
    let seen = get(&path).send(address).await.json();
    let transaction = &seen["transaction"];
    assert_eq!(transaction["transactionId"], *id);
    assert_eq!(transaction["status"], "COMPLETED");
    assert_eq!(transaction["pattern"], "CHOREOGRAPHY");
    let step = &transaction["steps"][0];
    assert_eq!(
        (&step["step"], &step["status"]),
        (&"first".into(), &"SUCCEEDED".into())
    );
    let executed_at = step["executedAt"].as_str().unwrap();
    assert!(
        executed_at.len() == 24 && executed_at.ends_with('Z'),
        "{executed_at}"
    );
    assert!(step["duration"].is_i64(), "{step}");
    let handlers = seen["eventHandlers"]["completed"].as_array().unwrap();
    let names: Vec<&str> = handlers
        .iter()
        .filter_map(|one| one["handler"].as_str())
        .collect();
    assert_eq!(names, ["FirstHandler", "SecondHandler"]);
    assert_eq!(handlers[0]["eventType"], "GreetingInitiated");
    assert_eq!(
        seen["eventHandlers"]["compensations"],
        serde_json::json!([])
    );
    let strangers = get(&path).header("x-owner-id", "stranger");
    assert_eq!(strangers.send(address).await.status, 404);
    let counted = "orchestration_event_handled_total{handler=\"FirstHandler\",result=\"done\",saga=\"order_saga\"} 1";
    let metrics = embedded.metrics().render();
    assert!(metrics.contains(counted), "{metrics}");
    embedded.stop().await.unwrap();
}

/// What waits for a person is for operators, and a service whose environment names none has none.
#[tokio::test]
async fn a_service_serves_what_waits_to_the_operators_that_it_knows() {
    let paths = ["/choreography/dead-letters", "/sagas/parked"];
    let decided = [
        (
            "/choreography/dead-letters/redrive",
            r#"{"eventId":"EVT_1","handler":"FirstHandler","by":"ada","reason":"mended"}"#,
        ),
        (
            "/sagas/parked/retry",
            r#"{"transactionId":"TXN_1","step":"first","by":"ada","reason":"mended"}"#,
        ),
        (
            "/sagas/parked/leave",
            r#"{"transactionId":"TXN_1","step":"first","by":"ada","reason":"mended"}"#,
        ),
    ];
    for (operators, asks, listed, found) in [
        (None, "ops", 403, 403),
        (Some(("ORCH_OPERATORS", "eve, ops")), "somebody", 403, 403),
        (Some(("ORCH_OPERATORS", "eve, ops")), "ops", 200, 404),
    ] {
        let folder = TempDir::new().unwrap();
        let (embedded, address) = served_as(&folder, greeter(), operators).await.unwrap();
        for path in paths {
            let answer = get(path).header("x-owner-id", asks).send(address).await;
            assert_eq!(answer.status, listed, "{path}: {}", answer.text);
        }
        for (path, body) in decided {
            let request = post(path, "k", body).header("x-owner-id", asks);
            let answer = request.send(address).await;
            assert_eq!(answer.status, found, "{path}: {}", answer.text);
        }
        embedded.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_service_with_an_unknown_pattern_does_not_start() {
    let folder = TempDir::new().unwrap();
    for (name, value, reason) in [
        (
            "SAGA_PATTERN_MODE",
            "both",
            "expected orchestration or choreography",
        ),
        ("SAGA_PATTERN_MOD", "choreography", "SAGA_PATTERN_MODE"),
        ("ORCH_OPERATORS", "ada,", "ORCH_OPERATORS"),
    ] {
        let refused = served_as(&folder, greeter(), Some((name, value))).await;
        let refused = refused.unwrap_err().to_string();
        assert!(
            refused.contains(name) && refused.contains(reason),
            "{refused}"
        );
    }
}

/// A person at the database, or two backups made one: found by a timer, before a customer finds it.
#[tokio::test]
async fn an_operator_has_the_tables_compared() {
    const BODY: &str = r#"{"first":"ada","second":"bob"}"#;
    const CHILD: [(&str, &str); 2] = [
        ("CHILD_WITH_SAGAS", "1"),
        ("DATABASE_URL", "sqlite://greetings.db"),
    ];
    let folder = TempDir::new().unwrap();
    let (embedded, address) = served(&folder, greeter()).await.unwrap();
    let asked = post("/api/greetings", "k", BODY).send(address).await;
    let id = asked.json()["transactionId"].as_str().unwrap().to_owned();
    let saga = end(address, &format!("/api/greetings/{id}")).await;
    assert_eq!(saga["status"], "COMPLETED", "{saga}");
    embedded.stop().await.unwrap();
    let file = folder.path().join("greetings.db");
    let check = async || {
        let copy = TempDir::new().unwrap();
        let backup = copy.path().join("greetings.db").display().to_string();
        let opened = rusqlite::Connection::open(&file).unwrap();
        opened.execute("vacuum into ?1", [backup]).unwrap();
        Process::spawn(copy, "--simulate sagas check", &CHILD)
            .end()
            .await
    };
    let fine = check().await;
    assert_eq!(fine.code, 0, "{fine:?}");
    assert!(fine.out.contains("fit together"), "{fine:?}");

    let edited = rusqlite::Connection::open(&file).unwrap();
    let edit = "update order_saga_step_results set status = 'RUNNING' where step = 'first'; \
                delete from order_saga_step_results where step = 'second'";
    edited.execute_batch(edit).unwrap();
    drop(edited);
    let found = check().await;
    assert_eq!(found.code, 1, "{found:?}");
    for line in [
        "findings; docs/14_sagas-guide.md".to_owned(),
        format!("REQUIRED_STEP_NOT_DONE {id} first"),
        format!("STEP_STILL_RUNNING {id} first"),
        format!("OPERATION_WITHOUT_STEP {id} second"),
    ] {
        assert!(found.err.contains(&line), "{line} in {found:?}");
    }
}

/// Events that go nowhere would be noticed when the first saga stands still.
#[tokio::test]
async fn a_service_whose_bus_or_cache_is_wrong_says_so_at_its_start() {
    let folder = TempDir::new().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let url = format!("nats://ada:secret@{address}");
    let refused = served_as(&folder, greeter(), Some(("ORCH_NATS_URL", &*url))).await;
    let refused = refused.unwrap_err().to_string();
    let reason = format!("ORCH_NATS_URL: the NATS server {address} cannot be reached");
    assert!(refused.starts_with(&reason), "{refused}");
    assert!(!refused.contains("secret"), "{refused}");
    let longest = "s".repeat(33);
    for prefix in ["shop.eu", "two words", "*", ">", "a/b", &longest] {
        let wrong = [("ORCH_NATS_URL", &*url), ("ORCH_NATS_PREFIX", prefix)];
        let refused = served_as(&folder, greeter(), wrong).await.unwrap_err();
        let reason = format!(
            "ORCH_NATS_PREFIX is \"{prefix}\": expected at most 32 letters, digits, - and _, such as shop"
        );
        assert!(refused.to_string().contains(&reason), "{refused}");
    }
    for (name, what) in [
        ("ORCH_NATS_PREFIX", "streams"),
        ("ORCH_NATS_HANDLERS", "handlers"),
    ] {
        let refused = served_as(&folder, greeter(), Some((name, "shop"))).await;
        let refused = refused.unwrap_err().to_string();
        let reason = format!("{name} names {what} of no server: set ORCH_NATS_URL, or unset it");
        assert!(refused.contains(&reason), "{refused}");
    }
    let wrong = Some(("ORCH_REDIS_URL", "http://cache:secret@host"));
    let refused = served_as(&folder, greeter(), wrong).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("ORCH_REDIS_URL expected an address"),
        "{refused}"
    );
    // A cache is never needed: with nobody at its address the service serves.
    let url = format!("redis://{address}");
    let cached = served_as(&folder, greeter(), Some(("ORCH_REDIS_URL", &*url))).await;
    let (embedded, address) = cached.unwrap();
    let body = r#"{"first":"ada","second":"bob"}"#;
    let asked = post("/api/greetings", "k", body).send(address).await;
    let id = asked.json()["transactionId"].as_str().unwrap().to_owned();
    let saga = end(address, &format!("/api/greetings/{id}")).await;
    assert_eq!(saga["status"], "COMPLETED", "{saga}");
    embedded.stop().await.unwrap();
}
