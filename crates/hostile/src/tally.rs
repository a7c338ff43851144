//! What became of a run's cases, and whether that was worth running.

use crate::facts::{self, Facts};
use std::collections::BTreeMap;
use std::fmt;

/// The least that has to be accepted and refused, in percent: less proves little.
const LEAST_ACCEPTED: usize = 25;
const LEAST_REFUSED: usize = 15;

/// What became of cases.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) accepted: usize,
    refused: BTreeMap<&'static str, usize>,
    facts: BTreeMap<String, usize>,
    /// Packages that rustfmt had nothing to say about.
    pub(crate) formatted: usize,
    /// Cases that broke a promise.
    pub(crate) broken: Vec<(u64, String)>,
}

impl Tally {
    pub(crate) fn refused(&mut self, code: &'static str) {
        *self.refused.entry(code).or_default() += 1;
    }

    pub(crate) fn accepted(&mut self, facts: &Facts) {
        self.accepted += 1;
        for fact in facts {
            match self.facts.get_mut(fact) {
                Some(count) => *count += 1,
                None => drop(self.facts.insert(fact.clone(), 1)),
            }
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.formatted += other.formatted;
        self.broken.extend(other.broken);
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
        for (fact, count) in other.facts {
            *self.facts.entry(fact).or_default() += count;
        }
    }

    /// What the mix of a whole run lacks.
    pub(crate) fn lacks(&self) -> Vec<String> {
        let refused: usize = self.refused.values().sum();
        let all = (self.accepted + refused + self.broken.len()).max(1);
        let mut lacks = Vec::new();
        for (what, count, least) in [
            ("accepted", self.accepted, LEAST_ACCEPTED),
            ("refused", refused, LEAST_REFUSED),
        ] {
            if count * 100 < all * least {
                lacks.push(format!(
                    "only {count} of {all} cases are {what}; {least} % have to be"
                ));
            }
        }
        let never = facts::required()
            .into_iter()
            .filter(|fact| !self.facts.contains_key(fact));
        lacks.extend(never.map(|fact| format!("`{fact}` is never accepted")));
        lacks
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused: usize = self.refused.values().sum();
        writeln!(
            f,
            "accepted {}, of which rustfmt looked at {}",
            self.accepted, self.formatted
        )?;
        let codes: Vec<String> = self
            .refused
            .iter()
            .map(|(code, count)| format!("{code} {count}"))
            .collect();
        writeln!(f, "refused  {refused}: {}", codes.join(", "))?;
        let kinds = facts::required();
        let rarest = kinds
            .iter()
            .filter_map(|kind| Some((self.facts.get(kind)?, kind)));
        let rarest = rarest.min().map_or_else(String::new, |(count, kind)| {
            format!("; the rarest, `{kind}`, {count} times")
        });
        let seen = kinds
            .iter()
            .filter(|kind| self.facts.contains_key(*kind))
            .count();
        writeln!(
            f,
            "accepted {seen} of {} kinds of options and types{rarest}",
            kinds.len()
        )?;
        writeln!(f, "broken   {}", self.broken.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run that refuses everything would break no promise.
    #[test]
    fn a_one_sided_run_is_no_proof() {
        let mut tally = Tally::default();
        (0..100).for_each(|_| tally.refused("OG002"));
        assert!(
            tally
                .lacks()
                .iter()
                .any(|lack| lack.contains("are accepted"))
        );
        let mut tally = Tally::default();
        (0..100).for_each(|_| tally.accepted(&facts::required()));
        assert_eq!(
            tally.lacks(),
            ["only 0 of 100 cases are refused; 15 % have to be"]
        );
    }
}
