//! The operators: one file for each family of rules.

mod architecture;
mod calls;
mod data;
mod events;
mod execute;
mod keys;
mod meta;
mod migrations;
mod order;
mod outcomes;
mod sagas;

use crate::operator::Operator;

/// All of them.
pub(crate) fn all() -> Vec<Operator> {
    let families = [
        execute::OPERATORS,
        keys::OPERATORS,
        order::OPERATORS,
        outcomes::OPERATORS,
        sagas::OPERATORS,
        events::OPERATORS,
        calls::OPERATORS,
        data::OPERATORS,
        migrations::OPERATORS,
        architecture::OPERATORS,
        meta::OPERATORS,
    ];
    families.concat()
}
