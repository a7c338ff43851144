//! An operation belongs to the trace of the request that it came from, for as long as it lives.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use orch_runtime::engine::Finished;
use orch_runtime::store::callbacks::Teller;
use orch_runtime::store::hook::{HookError, HookTx};
use orch_runtime::store::{Claim, Term};
use orch_runtime::testing::{Provider, Reply, World};
use orch_runtime::{
    Clock as _, Command as _, IdemKey, Idempotency, OpId, OperationState, Orchestrator, Outcome,
    OwnerId, Probe, Timestamp, TraceParent, trace,
};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Instrument as _};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::charge::{Charge, Charging, SETUP, charge};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// Longer than a lease, a backoff or a pause between questions.
const LONG: Duration = Duration::from_secs(60);

fn caller() -> TraceParent {
    TraceParent::parse(CALLER).unwrap()
}

type Places = Arc<Mutex<Vec<Option<TraceParent>>>>;

/// Charges, and notes where in a trace it is called.
struct Noting {
    charging: Charging<true>,
    places: Places,
}

impl Noting {
    fn note(&self) {
        self.places.lock().unwrap().push(trace::current());
    }
}

impl Orchestrator for Noting {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";
    const HAS_FINALIZE_HOOK: bool = true;

    fn idempotency(&self) -> Idempotency {
        self.charging.idempotency()
    }

    async fn execute(&self, op_id: &OpId, command: &Charge) -> Outcome {
        self.note();
        self.charging.execute(op_id, command).await
    }

    async fn probe(&self, op_id: &OpId, command: &Charge) -> Probe {
        self.note();
        self.charging.probe(op_id, command).await
    }

    async fn finalize(&self, tx: &mut HookTx<'_>, end: &Finished<Charge>) -> Result<(), HookError> {
        self.note();
        self.charging.finalize(tx, end).await
    }
}

fn noting_world(keyed: bool, replies: &[Reply]) -> (World, Places) {
    let places = Places::default();
    let provider = if keyed {
        Provider::keyed()
    } else {
        Provider::unkeyed()
    };
    provider.script(replies.iter().cloned());
    let noted = Arc::clone(&places);
    let world = World::new(SETUP, provider, move |builder, provider| {
        let charging = Charging { provider, keyed };
        let places = Arc::clone(&noted);
        builder.register(Noting { charging, places })
    });
    (world, places)
}

pub(crate) async fn submit_traced(world: &World) -> OpId {
    let order = charge("order-1");
    let submit = world.submit("k", &order);
    trace::scope(Some(caller()), submit).await.unwrap()
}

async fn stored(world: &World) -> Option<String> {
    let sql = "select trace_parent from charge_operations".to_owned();
    let rows = world.store().query(sql, Vec::new()).await.unwrap();
    rows[0].get("trace_parent").unwrap()
}

/// Attempts of an hour ago, in a process that is gone, must not look like strangers.
#[tokio::test]
async fn the_trace_of_the_caller_outlives_attempts_and_processes() {
    let (mut world, places) = noting_world(true, &[Reply::Busy(None), Reply::DoneButLost]);
    let op = submit_traced(&world).await;
    assert_eq!(stored(&world).await.as_deref(), Some(CALLER));
    world.restart();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    let places = places.lock().unwrap();
    assert!(
        places.len() > 2,
        "an attempt, another one, and the end: {places:?}"
    );
    assert!(
        places.iter().all(|place| *place == Some(caller())),
        "{places:?}"
    );
}

#[tokio::test]
async fn without_a_trace_none_is_made_up() {
    let (world, places) = noting_world(true, &[]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(stored(&world).await, None);
    assert_eq!(*places.lock().unwrap(), [None, None]);
}

/// Whoever repairs a row by hand must not stop the operation by it.
#[tokio::test]
async fn a_stored_trace_that_cannot_be_read_is_none() {
    let (mut world, places) = noting_world(true, &[Reply::Busy(None)]);
    let op = submit_traced(&world).await;
    world.alter("update charge_operations set trace_parent = 'rubbish'");
    places.lock().unwrap().clear();
    world.restart();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(*places.lock().unwrap(), [None, None]);
}

/// A transaction may run on a thread of the database's own.
#[tokio::test]
async fn an_operation_accepted_in_a_transaction_belongs_to_the_callers_trace() {
    let (world, _) = noting_world(true, &[]);
    let engine = world.engine().clone();
    let work = world.transaction(move |mut tx| {
        let engine = engine.clone();
        Box::pin(async move {
            let (owner, key) = (OwnerId::anonymous(), IdemKey::new("k").unwrap());
            let order = charge("order-1");
            let submitted = engine.submit_in(&mut tx, owner, key, &order).await;
            submitted.map_err(|error| HookError::new(error.to_string()))?;
            Ok(())
        })
    });
    trace::scope(Some(caller()), work).await.unwrap();
    assert_eq!(stored(&world).await.as_deref(), Some(CALLER));
}

/// A path that forgets the trace would be found by nobody but the one who needs it.
#[tokio::test]
async fn every_lease_has_the_trace_however_it_was_got() {
    let (world, _) = noting_world(true, &[]);
    world.engine().drain(Duration::ZERO).await;
    let (store, now) = (world.store(), world.clock.now() + LONG);
    let term = |worker: &str| Term {
        worker: worker.into(),
        expires_at: now,
    };
    let claim = || Claim {
        term: term("w"),
        event_types: [Charge::EVENT_TYPE].into(),
        due_from: Timestamp::UNIX_EPOCH,
        limit: 1,
        repeats: None,
    };
    let op = submit_traced(&world).await;
    let claimed = store.claim(now, claim()).await.unwrap().remove(0);
    assert_eq!(claimed.trace_parent, Some(caller()));
    assert_eq!(store.reap(now, 1).await.unwrap(), [op]);
    let asking = store.claim_unknown(now, claim()).await.unwrap().remove(0);
    assert_eq!(asking.trace_parent, Some(caller()));
    let kinds = claim().event_types;
    let told = store.claim_told(now, term("t"), asking.op_id(), &kinds, Teller::Provider);
    let told = told.await.unwrap().unwrap();
    assert_eq!(told.trace_parent, Some(caller()));
    let _ = store
        .record(now, &told, &Outcome::ok("m", "r"))
        .await
        .unwrap();
    let pending = store.pending_outcomes(now + LONG, None, 1).await.unwrap();
    let (recorded, _) = pending[0].content.as_ref().unwrap();
    assert_eq!(recorded.trace_parent, Some(caller()));
}

/// What a collector would be sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spans(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Spans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

impl Spans {
    /// Collects what this thread's spans come to, until the guard is dropped.
    pub(crate) fn collect() -> (Self, DefaultGuard) {
        // Where there is one subscriber only, whichever thread comes first to a span decides for all of
        // them whether it is wanted. With two, all of them are asked.
        static ANOTHER: LazyLock<Dispatch> =
            LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));
        LazyLock::force(&ANOTHER);
        let spans = Self::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(spans.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer);
        (spans, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn named(&self, name: &str) -> Vec<SpanData> {
        let spans = self.0.lock().unwrap();
        spans
            .iter()
            .filter(|span| span.name == name)
            .cloned()
            .collect()
    }
}

/// A field of a span, as text.
pub(crate) fn field(span: &SpanData, name: &str) -> Option<String> {
    let field = span
        .attributes
        .iter()
        .find(|field| field.key.as_str() == name);
    field.map(|field| field.value.as_str().into_owned())
}

fn place(span: &SpanData) -> String {
    let context = &span.span_context;
    format!("00-{}-{}-01", context.trace_id(), context.span_id())
}

/// Four spans that nobody can put together are worth less than one log line.
#[tokio::test]
async fn the_spans_of_an_operation_are_one_tree_under_the_callers_span() {
    let (spans, _collecting) = Spans::collect();
    let replies = [Reply::Busy(None), Reply::DoneButLost];
    let (mut world, places) = noting_world(false, &replies);
    let op = submit_traced(&world).await;
    let accepted = stored(&world).await.unwrap();
    world.restart();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    let accept = spans.named("orchestration.accept").remove(0);
    assert_eq!(place(&accept), accepted, "attempts go on from here");
    assert_eq!(accept.parent_span_id.to_string(), "b7ad6b7169203331");
    assert_eq!(field(&accept, "outcome").as_deref(), Some("ACCEPTED"));
    let attempts = spans.named("orchestration.execute");
    let probes = spans.named("orchestration.probe");
    let ends = spans.named("orchestration.finalize");
    assert_eq!((attempts.len(), probes.len(), ends.len()), (2, 1, 1));
    for span in attempts.iter().chain(&probes) {
        assert_eq!(
            span.parent_span_id,
            accept.span_context.span_id(),
            "{span:?}"
        );
    }
    assert_eq!(ends[0].parent_span_id, probes[0].span_context.span_id());
    let results = |spans: &[SpanData]| -> Vec<_> {
        let result = |span| {
            (
                field(span, "attempt"),
                field(span, "outcome"),
                field(span, "state"),
            )
        };
        spans.iter().map(result).collect()
    };
    let result = |attempt: &str, outcome: &str, state: &str| {
        (
            Some(attempt.to_owned()),
            Some(outcome.to_owned()),
            Some(state.to_owned()),
        )
    };
    let retried = result("1", "RETRY", "PENDING");
    assert_eq!(
        results(&attempts),
        [retried, result("2", "UNKNOWN", "UNKNOWN")]
    );
    assert_eq!(results(&probes), [result("2", "OK", "COMPLETED")]);
    assert_eq!(results(&ends), [result("2", "OK", "COMPLETED")]);
    for span in spans.0.lock().unwrap().iter() {
        assert_eq!(span.span_context.trace_id().to_string(), CALLER[3..35]);
        assert_eq!(field(span, "op_id").as_deref(), Some(op.as_str()));
        assert_eq!(
            field(span, "event_type").as_deref(),
            Some(Charge::EVENT_TYPE)
        );
        assert_eq!(field(span, "domain").as_deref(), Some("charge"));
        assert!(!format!("{span:?}").contains("4711-secret"), "{span:?}");
    }
    // What runs inside knows the span that it runs in: calls to the provider name it.
    let inside = places.lock().unwrap()[0].unwrap();
    assert_eq!(inside.to_string(), place(&attempts[0]));
}

/// Work that was taken over from elsewhere must not be counted among what the worker itself does.
#[tokio::test]
async fn the_nearest_place_counts_whether_span_or_scope() {
    let (_spans, _collecting) = Spans::collect();
    let work = async {
        let own = trace::current().unwrap();
        let taken_over = trace::scope(Some(caller()), async { trace::current() });
        assert_eq!(taken_over.await, Some(caller()));
        let inner = async { tracing::info_span!("inner").in_scope(trace::current) };
        let inner = trace::scope(Some(own), inner).await.unwrap();
        assert_eq!(inner.trace_id(), own.trace_id());
        assert_ne!(inner.span_id(), own.span_id());
    };
    work.instrument(tracing::info_span!("worker")).await;
}

/// An answer that another process left in the log is applied in the operation's trace, too.
#[tokio::test]
async fn the_finalizer_goes_on_in_the_trace_of_the_operation() {
    let (spans, _collecting) = Spans::collect();
    let (mut world, _) = noting_world(true, &[]);
    let answer = Outcome::ok("charged", "ref-1");
    let order = charge("order-1");
    let lost = world.lose_after_record("k", &order, &answer);
    let op = trace::scope(Some(caller()), lost).await;
    world.restart();
    world.advance(LONG).await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    let accept = spans.named("orchestration.accept").remove(0);
    let end = spans.named("orchestration.finalize").remove(0);
    assert_eq!(end.parent_span_id, accept.span_context.span_id());
    assert_eq!(field(&end, "state").as_deref(), Some("COMPLETED"));
}

/// Without a caller's trace the runtime's own begins with the acceptance, and the attempts are found
/// by it.
#[tokio::test]
async fn where_spans_are_exported_an_operation_has_a_trace_of_its_own() {
    let (spans, _collecting) = Spans::collect();
    let (world, _) = noting_world(true, &[]);
    world.submit("k", &charge("order-1")).await.unwrap();
    let accept = spans.named("orchestration.accept").remove(0);
    let attempt = spans.named("orchestration.execute").remove(0);
    assert_eq!(stored(&world).await, Some(place(&accept)));
    assert_eq!(attempt.parent_span_id, accept.span_context.span_id());
}
