//! The runtime's promises, tested through its public face.

mod charge;
mod conformance;
mod crashes;
mod lifecycle;
