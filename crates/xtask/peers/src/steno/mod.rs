//! steno, with a store that keeps the log of its sagas in a SQLite file, or with its own that keeps nothing.

mod store;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use futures::future::BoxFuture;
use slog::{Discard, Logger, o};
use steno::{
    Action, ActionContext, ActionError, ActionFunc, ActionRegistry, DagBuilder, InMemorySecStore,
    Node, SagaDag, SagaId, SagaName, SagaResult, SagaType, SecClient, SecStore,
};

use crate::ledger::{Effect, Ledger, Work};
use crate::measure::Peer;

use self::store::FileStore;

/// Its coordinator, as clients use it.
#[derive(Clone)]
pub(crate) struct Steno {
    coordinator: Arc<SecClient>,
    /// None where nothing is durable.
    store: Option<Arc<FileStore>>,
    actions: Arc<ActionRegistry<Order>>,
    nodes: Arc<[Node]>,
    ledger: Arc<OnceLock<Arc<Ledger>>>,
}

impl Steno {
    /// On a fresh file in `folder`.
    pub(crate) async fn durable(folder: &Path) -> Result<Self> {
        let store = Arc::new(FileStore::open(folder).await?);
        Ok(Self::on(Arc::clone(&store) as _, Some(store)))
    }

    /// On the store that it brings along, which keeps nothing.
    pub(crate) fn not_durable() -> Self {
        Self::on(Arc::new(InMemorySecStore::new()), None)
    }

    fn on(kept: Arc<dyn SecStore>, store: Option<Arc<FileStore>>) -> Self {
        let mut registry = ActionRegistry::new();
        let nodes = actions().map(|(name, action)| {
            registry.register(Arc::clone(&action));
            Node::action(name, name, action.as_ref())
        });
        Self {
            coordinator: Arc::new(steno::sec(Logger::root(Discard, o!()), kept)),
            store,
            actions: Arc::new(registry),
            nodes: nodes.into(),
            ledger: Arc::default(),
        }
    }

    /// Records a saga and sets it running; what is answered waits for its recorded end.
    async fn begin(&self, number: usize) -> Result<BoxFuture<'static, SagaResult>> {
        let ledger = self.ledger.get().context("it was not started")?;
        let (id, context) = (SagaId::new_v4(), Arc::new(Arc::clone(ledger)));
        let mut builder = DagBuilder::new(SagaName::new("order"));
        for node in self.nodes.iter() {
            builder.append(node.clone());
        }
        let dag = Arc::new(SagaDag::new(builder.build()?, number.into()));
        let actions = Arc::clone(&self.actions);
        let end = self.coordinator.saga_create(id, context, dag, actions);
        let end = end.await?;
        self.coordinator.saga_start(id).await?;
        Ok(end)
    }
}

impl Peer for Steno {
    async fn start(&self, ledger: Arc<Ledger>) -> Result<()> {
        self.ledger.get_or_init(|| ledger);
        Ok(())
    }

    async fn accept(&self, number: usize) -> Result<()> {
        self.begin(number).await.map(drop)
    }

    async fn call(&self, number: usize, ledger: &Ledger) -> Result<Instant> {
        let ended = self.begin(number).await?.await;
        let undone = ended.kind.is_err_and(|error| error.undo_failure.is_none());
        let wanted = ledger.work() == Work::SagasUndone;
        ensure!(undone == wanted, "saga {number} ended as it should not");
        Ok(Instant::now())
    }

    /// An answered saga is a recorded one, where anything is recorded.
    async fn all_done(&self, sagas: usize) -> Result<bool> {
        match &self.store {
            Some(store) => Ok(store.done().await? == sagas),
            None => Ok(true),
        }
    }

    async fn all_accepted(&self, sagas: usize) -> Result<bool> {
        self.all_done(sagas).await
    }
}

#[derive(Debug)]
struct Order;

impl SagaType for Order {
    type ExecContextType = Arc<Ledger>;
}

type NamedAction = (&'static str, Arc<dyn Action<Order>>);

/// Each step with what undoes it.
fn actions() -> [NamedAction; 3] {
    [
        (
            "reserve",
            ActionFunc::new_action("reserve", reserve, release),
        ),
        ("pay", ActionFunc::new_action("pay", pay, refund)),
        ("ship", ActionFunc::new_action("ship", ship, take_back)),
    ]
}

async fn reserve(context: ActionContext<Order>) -> Result<(), ActionError> {
    perform(&context, Effect::Reserve)
}

async fn pay(context: ActionContext<Order>) -> Result<(), ActionError> {
    perform(&context, Effect::Pay)
}

async fn ship(context: ActionContext<Order>) -> Result<(), ActionError> {
    perform(&context, Effect::Ship)
}

async fn release(context: ActionContext<Order>) -> Result<()> {
    Ok(perform(&context, Effect::Release)?)
}

async fn refund(context: ActionContext<Order>) -> Result<()> {
    Ok(perform(&context, Effect::Refund)?)
}

async fn take_back(context: ActionContext<Order>) -> Result<()> {
    Ok(perform(&context, Effect::TakeBack)?)
}

fn perform(context: &ActionContext<Order>, effect: Effect) -> Result<(), ActionError> {
    let number = context.saga_params::<usize>()?;
    let performed = context.user_data().perform(number, effect);
    performed.map_err(|refused| ActionError::action_failed(refused.to_string()))
}
