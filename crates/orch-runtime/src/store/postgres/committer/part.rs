//! What one statement can write, and is committed by itself.

use std::sync::Arc;

use sqlx::postgres::PgConnection;

use crate::fault::Step;
use crate::store::postgres::Link;

use super::{Answer, Job, Work, accept, settle};

/// Jobs of one kind and one domain; at least one.
pub(super) type Part = Vec<Job>;

/// Sorts what waited into parts.
pub(super) fn parts(batch: Vec<Job>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for job in batch {
        let is_like = |part: &&mut Part| part.iter().all(|other| other.work.is_like(&job.work));
        match parts.iter_mut().find(is_like) {
            Some(part) => part.push(job),
            None => parts.push(vec![job]),
        }
    }
    parts
}

/// What is committed by `part`.
pub(super) fn step(part: &[Job]) -> Option<Step> {
    part.first().map(|job| match job.work {
        Work::Accept(..) => Step::Accept,
        Work::Settle(..) => Step::Settle,
        Work::Record(..) => Step::Record,
    })
}

/// Writes `part` with one statement, and a second one for what the first did not take; answers in its
/// order.
pub(super) async fn write(
    connection: &mut PgConnection,
    link: &Link,
    part: &[Job],
) -> Result<Vec<Answer>, sqlx::Error> {
    let mut answers: Vec<Option<Answer>> = part.iter().map(|_| None).collect();
    let mut put = |place: usize, answer| {
        if let Some(slot) = answers.get_mut(place) {
            *slot = Some(answer);
        }
    };
    match part.first().map(|job| &job.work) {
        Some(Work::Accept(sql, _)) => {
            let new = members(part, |work| match work {
                Work::Accept(_, accept) => Some(&**accept),
                _ => None,
            });
            for (place, accepted) in accept::write(connection, link, sql, new).await? {
                put(place, Answer::Accepted(accepted));
            }
        }
        Some(Work::Settle(sql, _)) => {
            let ends = members(part, |work| match work {
                Work::Settle(_, settle) => Some(&**settle),
                _ => None,
            });
            for (place, applied) in settle::write(connection, link, sql, ends).await? {
                put(place, Answer::Applied(applied));
            }
        }
        Some(Work::Record(sql, _)) => {
            let entries = members(part, |work| match work {
                Work::Record(_, record) => Some(&**record),
                _ => None,
            });
            for (place, applied) in settle::record(connection, link, sql, entries).await? {
                put(place, Answer::Applied(applied));
            }
        }
        None => {}
    }
    Ok(answers.into_iter().flatten().collect())
}

/// The members of a part, with their places in it.
fn members<'j, T>(part: &'j [Job], of: fn(&'j Work) -> Option<&'j T>) -> Vec<(usize, &'j T)> {
    let works = part.iter().map(|job| of(&job.work)).enumerate();
    works
        .filter_map(|(place, member)| Some((place, member?)))
        .collect()
}

impl Work {
    /// Whether one statement can write both.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Accept(mine, _), Self::Accept(theirs, _)) => Arc::ptr_eq(mine, theirs),
            (Self::Settle(mine, _), Self::Settle(theirs, _)) => Arc::ptr_eq(mine, theirs),
            (Self::Record(mine, _), Self::Record(theirs, _)) => {
                std::ptr::eq(mine.as_str(), theirs.as_str())
            }
            _ => false,
        }
    }
}
