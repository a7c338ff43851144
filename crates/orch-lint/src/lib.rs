//! orch-lint.
