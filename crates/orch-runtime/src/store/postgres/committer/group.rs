//! What can be written with one statement.

use std::sync::Arc;

use sqlx::postgres::PgConnection;

use crate::fault::Step;
use crate::store::Applied;
use crate::store::postgres::Link;

use super::{Answer, Work, accept, settle};

/// Members of one statement, with their places in the batch.
pub(super) struct Group<'b> {
    members: Vec<(usize, &'b Work)>,
}

/// Sorts a batch into groups: new operations first.
pub(super) fn groups<'b>(batch: impl Iterator<Item = &'b Work>) -> Vec<Group<'b>> {
    let mut groups: Vec<Group<'b>> = Vec::new();
    for (place, work) in batch.enumerate() {
        let fitting = groups.iter_mut().find(|group| group.fits(work));
        match fitting {
            Some(group) => group.members.push((place, work)),
            None => groups.push(Group {
                members: vec![(place, work)],
            }),
        }
    }
    groups.sort_by_key(|group| group.step() != Step::Accept);
    groups
}

impl Group<'_> {
    fn fits(&self, work: &Work) -> bool {
        match (self.members.first().map(|(_, first)| *first), work) {
            (Some(Work::Accept(mine, _)), Work::Accept(theirs, _)) => Arc::ptr_eq(mine, theirs),
            (Some(Work::Settle(mine, _)), Work::Settle(theirs, _))
            | (Some(Work::Record(mine, _)), Work::Record(theirs, _)) => {
                std::ptr::eq(mine.as_str(), theirs.as_str())
            }
            _ => false,
        }
    }

    pub(super) fn step(&self) -> Step {
        match self.members.first() {
            Some((_, Work::Settle(..))) => Step::Settle,
            Some((_, Work::Record(..))) => Step::Record,
            Some((_, Work::Accept(..))) | None => Step::Accept,
        }
    }

    /// Writes all members and puts their answers in place.
    pub(super) async fn write(
        &self,
        connection: &mut PgConnection,
        link: &Link,
        answers: &mut [Option<Answer>],
    ) -> Result<(), sqlx::Error> {
        let (mut new, mut settled, mut recorded) = (Vec::new(), Vec::new(), Vec::new());
        let (mut accept_sql, mut settle_sql) = (None, None);
        for (place, work) in &self.members {
            match work {
                Work::Accept(sql, accept) => {
                    accept_sql = Some(sql);
                    new.push((*place, &**accept));
                }
                Work::Settle(sql, settle) => {
                    settle_sql = Some(sql);
                    settled.push((*place, &**settle));
                }
                Work::Record(sql, entry) => {
                    settle_sql = Some(sql);
                    recorded.push((*place, &**entry));
                }
            }
        }
        if let Some(sql) = accept_sql {
            for (place, accepted) in accept::write(connection, link, sql, new).await? {
                put(answers, place, Answer::Accepted(accepted));
            }
        }
        if let Some(sql) = settle_sql {
            let mut applied = settle::write(connection, link, sql, settled).await?;
            applied.extend(settle::record(connection, link, sql, recorded).await?);
            for (place, is_applied) in applied {
                let applied = if is_applied {
                    Applied::Yes
                } else {
                    Applied::Stale
                };
                put(answers, place, Answer::Applied(applied));
            }
        }
        Ok(())
    }
}

fn put(answers: &mut [Option<Answer>], place: usize, answer: Answer) {
    if let Some(slot) = answers.get_mut(place) {
        *slot = Some(answer);
    }
}
