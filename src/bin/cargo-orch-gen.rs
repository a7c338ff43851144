//! `cargo orch-gen`.
fn main() {}
