//! Who holds how many calls of a bulkhead, and who is short of something.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

use super::LaneReport;

/// What one process holds and lacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Share {
    slots: u32,
    slots_wanted: u32,
    tokens_short: bool,
    #[serde(with = "chrono::serde::ts_milliseconds")]
    until: Timestamp,
}

/// The shares of all processes. One that does not report in time loses its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Shares {
    by_process: BTreeMap<String, Share>,
}

impl Shares {
    /// Takes back what has lapsed; nothing lasts beyond `latest`.
    pub(super) fn expire(&mut self, now: Timestamp, latest: Timestamp) {
        self.by_process.retain(|_, share| {
            share.until = share.until.min(latest);
            share.until > now
        });
    }

    /// How many processes, with `process`, wait for tokens.
    pub(super) fn sharers(&self, process: &str) -> u32 {
        let short = self
            .others(process)
            .filter(|share| share.tokens_short)
            .count();
        u32::try_from(short).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// How many slots a process that reports may use from now on. That may be fewer than it holds; it
    /// has given them back when it reports that it holds fewer.
    ///
    /// While another process has fewer than it wants, nobody gets more than an equal part. When the
    /// parts are smaller than one, a process that had a slot gives it up for a turn.
    pub(super) fn slots(&self, report: &LaneReport, bulkhead: u32) -> u32 {
        let mut lent = 0_u32;
        let (mut wanting, mut short) = (1_u32, false);
        for other in self.others(&report.process) {
            lent = lent.saturating_add(other.slots);
            wanting = wanting.saturating_add(u32::from(other.slots_wanted > 0));
            short |= other.slots < other.slots_wanted;
        }
        let had = self.by_process.get(report.process.as_ref());
        let turn = u32::from(had.is_none_or(|share| share.slots == 0));
        let part = if short {
            (bulkhead / wanting).max(turn)
        } else {
            bulkhead
        };
        let free = bulkhead.saturating_sub(lent);
        report.slots_wanted.min(part).min(free)
    }

    /// Remembers what a process got.
    pub(super) fn keep(
        &mut self,
        report: &LaneReport,
        slots: u32,
        tokens_short: bool,
        until: Timestamp,
    ) {
        let slots = slots.max(report.slots_held);
        if slots == 0 && report.slots_wanted == 0 && !tokens_short {
            self.by_process.remove(report.process.as_ref());
            return;
        }
        let share = Share {
            slots,
            slots_wanted: report.slots_wanted,
            tokens_short,
            until,
        };
        self.by_process
            .insert(report.process.as_ref().into(), share);
    }

    /// Moves all times.
    pub(super) fn shift(&mut self, back: impl Fn(&mut Timestamp)) {
        for share in self.by_process.values_mut() {
            back(&mut share.until);
        }
    }

    #[cfg(test)]
    pub(super) fn slots_of(&self, process: &str) -> u32 {
        self.by_process.get(process).map_or(0, |share| share.slots)
    }

    fn others<'a>(&'a self, process: &'a str) -> impl Iterator<Item = &'a Share> {
        self.by_process
            .iter()
            .filter(move |(name, _)| *name != process)
            .map(|(_, share)| share)
    }
}
