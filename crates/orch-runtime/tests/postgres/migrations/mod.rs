//! Schemas that others make, and steps that cannot run in a transaction.

mod by_others;
mod untransacted;
