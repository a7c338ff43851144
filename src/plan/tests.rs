//! Plans: decisions about files.
