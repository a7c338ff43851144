//! How many stored texts are under which key: what says when an old key can be taken away.

use std::collections::BTreeMap;

use prometheus::{IntGaugeVec, Opts};

use crate::store::KeyUse;

/// The key of a gauge for texts that were never sealed; no id of a key has a bracket.
const NONE: &str = "(none)";
/// The key of a gauge for texts under keys that this process does not have.
const UNKNOWN: &str = "(unknown)";

/// The gauge of a domain, or of a kind of saga by the name of its tables.
pub(super) fn gauge(domain: &str) -> prometheus::Result<IntGaugeVec> {
    let help = "Stored texts by the key that sealed them; as of the last pass over all of them.";
    let opts = Opts::new("orchestration_encryption_texts", help).const_label("domain", domain);
    IntGaugeVec::new(opts, &["key"])
}

/// Shows how many texts are under each key of this process, whose `ids` these are, and under none or others.
pub(crate) fn show(gauge: &IntGaugeVec, ids: &[String], found: &[KeyUse]) {
    let mut texts: BTreeMap<&str, u64> = ids.iter().map(|id| (&**id, 0)).collect();
    texts.extend([(NONE, 0), (UNKNOWN, 0)]);
    for KeyUse {
        key_id,
        texts: count,
    } in found
    {
        let name = match key_id {
            None => NONE,
            Some(id) if ids.contains(id) => id,
            Some(_) => UNKNOWN,
        };
        *texts.entry(name).or_default() += count;
    }
    for (key, count) in texts {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        gauge.with_label_values(&[key]).set(count);
    }
}
