//! Events: what was written in one commit with what it tells of, and reaches every handler at least once.
//!
//! ```text
//!   commit ─▶ outbox ──relay──▶ bus ──▶ handler A ─▶ inbox, in the commit of what A does
//!                                  └──▶ handler B ─▶ …
//!                                           └ fails too often ─▶ dead letter ─redrive─▶ handler B
//! ```
//!
//! | file | holds |
//! |---|---|
//! | [`envelope`] | one event as it travels |
//! | [`outbox`] | events that were told, in the order of each saga |
//! | [`inbox`] | which handler has handled which event |
//! | [`dead_letters`] | events that a handler could not take |
//! | [`handler`] | what a handler is |
//! | [`dispatcher`] | one event, one handler, one commit |
//! | [`subscriptions`] | who handles what |
//! | [`bus`] | how an event comes from the outbox to handlers |
//! | [`in_process`] | the bus inside a process |
//! | `nats` | the bus between processes, by a NATS server (feature `nats`) |
//! | [`claims`] | what a relay takes out of the outbox, and what it says of it |
//! | [`relay`] | empties the outbox |
//! | `missed` | events that passed a handler by while another release ran beside this one |
//! | [`retention`] | for how long what was told is kept |
//!
//! **Invariants:** an event is durable if and only if that is which it tells of. A handler's effects happen
//! once for each event, however often it is delivered. Of one saga, no event overtakes an earlier one.

pub mod bus;
pub mod claims;
pub mod dead_letters;
pub mod dispatcher;
pub mod envelope;
pub mod handler;
pub mod in_process;
pub mod inbox;
pub(crate) mod missed;
#[cfg(feature = "nats")]
pub mod nats;
pub mod outbox;
pub mod relay;
pub mod retention;
pub(crate) mod seal;
pub mod subscriptions;

pub use bus::{BusConfig, EventBus, NotTaken};
pub use claims::Claimed;
pub use dead_letters::{EventDeadLetter, RedriveError};
pub use dispatcher::{Delivered, Dispatcher};
pub use envelope::{Envelope, InvalidPayload};
pub use handler::{AfterCommit, EventHandler, HandlerError};
pub use in_process::InProcessBus;
pub use inbox::Handled;
#[cfg(feature = "nats")]
pub use nats::{Nats, NatsConfig};
pub use outbox::{EventTables, Outbox};
pub use relay::Relay;
pub use retention::EventRetention;
pub use subscriptions::{Subscriptions, Unheard};
