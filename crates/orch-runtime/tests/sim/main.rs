//! Whole runs of several processes, invented from seeds, under every promise of the runtime.
//!
//! | variable | meaning |
//! |---|---|
//! | `ORCH_SIM_SEED=n` | run this seed alone and print all that happens |
//! | `ORCH_SIM_SEEDS=n` | run so many seeds instead of 10,000 |
//! | `ORCH_SIM_FIRST=n` | begin with this seed instead of 0 |

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop, in its helpers too"
)]

mod bent_store;
mod charge;
mod hybrid;
#[path = "../charging/outcome.rs"]
mod outcome;
#[path = "../purchase/mod.rs"]
mod purchase;
mod reach;
mod sabotage;
mod seeds;
