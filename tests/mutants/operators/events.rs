//! Events that nobody hears: ORC404 and ORC405, and handlers that do not stand by themselves: ORC801.

use crate::operator::Operator;
use crate::package::Package;

const SAGA: &str = "src/order_creation/mod.rs";
const ALL: &str = "src/order_creation/generated/handlers/mod.rs";
const EVENTS: &str = "src/order_creation/generated/events.rs";
const PACK: &str = "src/order_creation/generated/handlers/pack.rs";
const UNDO: &str = "src/order_creation/generated/handlers/compensation_handler.rs";
const NOTE: &str = "src/order_creation/generated/handlers/tolerated_failure_handler.rs";

/// A handler of the shop's own beside those of the saga.
const LEDGER: &str = "

/// What is told of the stock.
#[derive(Debug, Clone, Copy)]
pub enum StockEvent {
    /// It is somewhere else.
    Moved,
    /// It is gone.
    Lost,
}

impl StockEvent {
    /// Its name on the bus.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moved => \"StockMoved\",
            Self::Lost => \"StockLost\",
        }
    }
}

/// Writes down what moves.
#[derive(Debug)]
pub struct Ledger;

#[orch_runtime::async_trait]
impl orch_runtime::events::EventHandler for Ledger {
    fn name(&self) -> &'static str {
        \"Ledger\"
    }

    fn subscriptions(&self) -> Vec<String> {
        vec![StockEvent::Moved.as_str().to_owned()]
    }

    async fn handle(
        &self,
        _tx: &mut orch_runtime::HookTx<'_>,
        _event: &orch_runtime::events::Envelope,
    ) -> Result<orch_runtime::events::AfterCommit, orch_runtime::events::HandlerError> {
        Ok(orch_runtime::events::AfterCommit::nothing())
    }
}
";

/// Writes at the end of a file of a choreography.
fn append(p: &mut Package, path: &str, code: &str) -> Option<()> {
    p.text(ALL)?;
    let text = p.text(path)?.to_owned();
    p.add(path, &format!("{text}{code}"))
}

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC404", "a step that hears of another event", |p| {
        p.edit_at(
            PACK,
            "&[OrderCreationEvent::ReserveInventorySucceeded]",
            "&[OrderCreationEvent::PaySucceeded]",
        )
    }),
    Operator::new("ORC404", "a step whose handler is not registered", |p| {
        p.edit_at(ALL, "\n        .handler(PackHandler::new(sagas))", "")
    }),
    Operator::new("ORC404", "an event by another name", |p| {
        p.edit_at(
            EVENTS,
            "            \"ReserveInventorySucceeded\",\n            \"ReserveInventoryFailed\",",
            "            \"Reserved\",\n            \"ReserveInventoryFailed\",",
        )
    })
    .shows_in(PACK),
    Operator::new("ORC404", "a handler by another name", |p| {
        p.edit_at(PACK, "        \"PackHandler\"\n", "        \"Packer\"\n")
    })
    .shows_in(ALL),
    Operator::new("ORC404", "a step that waits for one more", |p| {
        p.text(PACK)?;
        p.edit_at(
            SAGA,
            "        after: &[\"reserve_inventory\"],\n        compensation: Compensation::Operation,\n        weight: Weight::Optional,",
            "        after: &[\"reserve_inventory\", \"pay\"],\n        compensation: Compensation::Operation,\n        weight: Weight::Optional,",
        )
    })
    .shows_in(PACK),
    Operator::new("ORC404", "an event of the shop that nobody hears", |p| {
        append(p, SAGA, LEDGER)
    }),
    Operator::new("ORC405", "a failure that is not heard", |p| {
        p.edit_at(UNDO, "        OrderCreationEvent::PayFailed,\n", "")
    }),
    Operator::new("ORC405", "a saga that is stopped", |p| {
        p.edit_at(UNDO, "        OrderCreationEvent::OrderCreationStopped,\n", "")
    }),
    Operator::new("ORC405", "nobody who undoes", |p| {
        p.edit_at(ALL, "\n        .handler(CompensationHandler::new(sagas))", "")
    }),
    Operator::new("ORC405", "a tolerated failure that is not noted", |p| {
        p.edit_at(NOTE, "        OrderCreationEvent::PackInDoubt,\n", "")
    }),
    Operator::new("ORC405", "a step that is no longer optional", |p| {
        p.text(UNDO)?;
        p.edit_at(SAGA, "weight: Weight::Optional", "weight: Weight::Required")
    })
    .shows_in(UNDO),
    Operator::new("ORC801", "a handler that calls another one", |p| {
        append(
            p,
            PACK,
            "
impl PackHandler {
    /// What would come next.
    #[must_use]
    pub fn next(&self) -> super::pay::PayHandler {
        super::pay::PayHandler::new(&self.sagas)
    }
}
",
        )
    }),
    Operator::new("ORC801", "a handler that remembers", |p| {
        append(p, SAGA, &LEDGER.replace("Ledger;", "Ledger {\n    seen: std::sync::Mutex<Vec<String>>,\n}"))
    }),
];
