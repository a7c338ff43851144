//! The conventions that keep calls safe, checked with every `cargo test`.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite.

/// `orch-gen explain <RULE>` says why a rule exists and how to follow it.
#[test]
fn the_conventions_hold() {
    orch_lint::assert_clean(env!("CARGO_MANIFEST_DIR"));
}
