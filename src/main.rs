//! `orch-gen`.
fn main() {}
