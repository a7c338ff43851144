//! Which version of this program wrote a tree.

use crate::error::{Code, Error, Result};
use crate::lock;

/// This version.
const CURRENT: &str = env!("CARGO_PKG_VERSION");

/// The version that wrote a tree, where that is an older one.
///
/// # Errors
/// When it is a newer one: what that knows would be lost.
pub fn behind(generator: &str) -> Result<Option<String>> {
    if parts(generator) > parts(CURRENT) {
        return Err(Error::new(
            Code::Outdated,
            format!("orch-gen {generator} wrote this tree, and this is the older {CURRENT}"),
        )
        .at(lock::FILE)
        .help(format!("install orch-gen {generator} or newer")));
    }
    Ok((generator != CURRENT).then(|| generator.to_owned()))
}

/// The templates changed since the tree was written: what changed in them would come along with
/// something else that was asked for.
pub(super) fn outdated(from: &str) -> Error {
    Error::new(
        Code::Outdated,
        format!("orch-gen {from} wrote this tree, and the templates of {CURRENT} are others"),
    )
    .at(lock::FILE)
    .help("`orch-gen upgrade` brings it to this version; `--dry-run --diff` shows how")
}

/// A version as numbers; what is none counts as the oldest.
fn parts(version: &str) -> Vec<u64> {
    let numbers = version.split(['.', '-', '+']);
    numbers.map_while(|part| part.parse().ok()).collect()
}
