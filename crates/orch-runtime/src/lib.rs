//! orch-runtime.
