//! Applying: old or new, whatever fails.
