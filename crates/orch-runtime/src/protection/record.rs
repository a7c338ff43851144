//! Where the records of lanes are kept.

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::store::{StoreError, StoreErrorKind};

use super::lane::{LaneGrant, LaneRecord, LaneReport};
use super::policy::ProtectionPolicy;

/// The durable records of all lanes.
///
/// # Contract
///
/// - `sync` loads the record of `lane`, applies [`LaneRecord::sync`] and saves it in one transaction that no other `sync` of the lane overlaps, in whatever process;
/// - a lane that has no record yet begins with an empty one;
/// - a record that cannot be read is replaced by an empty one and logged: it must not stop every call;
/// - the record is durable when `sync` returns.
#[async_trait]
pub trait LaneStore: Send + Sync + 'static {
    /// Tells the lane what this process did and needs, and says what it may do. One process has at
    /// most one `sync` of a lane under way.
    ///
    /// # Errors
    /// When the database cannot do it. Nothing was granted then.
    async fn sync(
        &self,
        lane: &str,
        now: Timestamp,
        policy: &ProtectionPolicy,
        report: LaneReport,
    ) -> Result<LaneGrant, StoreError>;
}

/// What every store does between loading and saving: `stored` is the row's text, the answer's first
/// part its new one.
pub(crate) fn transition(
    lane: &str,
    stored: Option<&[u8]>,
    now: Timestamp,
    policy: &ProtectionPolicy,
    report: &LaneReport,
) -> Result<(String, LaneGrant), StoreError> {
    let mut record = stored.map_or_else(LaneRecord::default, |text| read(lane, text));
    let grant = record.sync(now, policy, report);
    let text = serde_json::to_string(&record)
        .map_err(|error| StoreError::new(StoreErrorKind::Corrupt, "sync lane", error))?;
    Ok((text, grant))
}

fn read(lane: &str, text: &[u8]) -> LaneRecord {
    serde_json::from_slice(text).unwrap_or_else(|error| {
        tracing::error!(lane, %error, "a lane's record cannot be read; it begins anew");
        LaneRecord::default()
    })
}
