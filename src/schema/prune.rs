//! Taking migrations out that nothing needs, for commands that take out what generation put in.

use super::history::{History, Written, mentions};
use super::next::{Wanted, made_today};
use crate::spec::StoreKind;

impl History {
    /// What is left without the migrations of domains that are not wanted, and without those that did no
    /// more than add columns that no command fills.
    #[must_use]
    pub fn without_unneeded(mut self, wanted: &[Wanted], store: StoreKind) -> Self {
        let all = std::mem::take(&mut self.written);
        let is_needed = |step: &Written| {
            let mut domains = wanted.iter();
            let owner =
                domains.find(|domain| step.is_about(&domain.kind.main_table(&domain.module)));
            owner.is_some_and(|owner| is_needed_by(owner, step, &all, store))
        };
        self.written = all.iter().filter(|step| is_needed(step)).cloned().collect();
        let names: Vec<&str> = self.written.iter().map(|step| step.name.as_str()).collect();
        self.numbers
            .retain(|slug, number| names.contains(&format!("{number:04}_{slug}").as_str()));
        self
    }
}

fn is_needed_by(owner: &Wanted, step: &Written, all: &[Written], store: StoreKind) -> bool {
    let main = owner.kind.main_table(&owner.module);
    let Some(added) = only_adds(step, &main) else {
        return true;
    };
    let own = made_today(owner.kind, (&owner.module, &[]), store, (true, false));
    added.iter().any(|name| {
        let is_filled =
            owner.columns.iter().any(|column| column.name == *name) || own.column(name).is_some();
        let others = all.iter().filter(|other| other.name != step.name);
        let mut others = others.filter(|other| other.is_about(&main));
        is_filled || others.any(|other| mentions(&other.up, name))
    })
}

/// The columns that a migration adds, when it does nothing else.
fn only_adds(step: &Written, main: &str) -> Option<Vec<String>> {
    let add = format!("ALTER TABLE {main} ADD COLUMN ");
    let statements = step.up.lines().filter(|line| !line.starts_with("--"));
    let name = |line: &str| Some(line.strip_prefix(&add)?.split(' ').next()?.to_owned());
    statements.map(name).collect()
}
