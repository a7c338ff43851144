//! Bytes of a cache that are read later, where they are: shared, not copied.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

thread_local! {
    /// What this thread reads from just now.
    static SOURCE: RefCell<Option<Arc<Vec<u8>>>> = const { RefCell::new(None) };
}

/// A stretch of a cache.
#[derive(Clone, Default)]
pub(crate) struct KeptBytes {
    source: Arc<Vec<u8>>,
    at: Range<usize>,
}

/// Reads something out of a cache. What of it is kept as bytes is shared with `source`.
pub(crate) fn reading<T>(source: &Arc<Vec<u8>>, read: impl FnOnce() -> T) -> T {
    SOURCE.set(Some(Arc::clone(source)));
    let read = read();
    SOURCE.set(None);
    read
}

impl KeptBytes {
    /// These bytes: those of the cache that is read, or a copy.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let shared = SOURCE.with_borrow(|source| {
            let source = source.as_ref()?;
            let at = within(source, bytes)?;
            Some(KeptBytes {
                source: Arc::clone(source),
                at,
            })
        });
        shared.unwrap_or_else(|| KeptBytes {
            source: Arc::new(bytes.to_vec()),
            at: 0..bytes.len(),
        })
    }
}

/// Where some bytes lie in others, by their address.
fn within(source: &[u8], bytes: &[u8]) -> Option<Range<usize>> {
    let start = bytes.as_ptr().addr().checked_sub(source.as_ptr().addr())?;
    let at = start..start.checked_add(bytes.len())?;
    source.get(at.clone()).map(|_| at)
}

impl Deref for KeptBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.source[self.at.clone()]
    }
}

impl fmt::Debug for KeptBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptBytes({:?})", self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A copy of each body would be a second cache in memory.
    #[test]
    fn what_lies_in_the_cache_is_shared_and_all_else_is_copied() {
        let source = Arc::new(b"abcdef".to_vec());
        let (inside, outside) = reading(&source, || {
            (KeptBytes::of(&source[2..4]), KeptBytes::of(b"cd"))
        });
        assert_eq!((&*inside, &*outside), (&b"cd"[..], &b"cd"[..]));
        assert!(Arc::ptr_eq(&inside.source, &source));
        assert!(!Arc::ptr_eq(&outside.source, &source));
        let later = KeptBytes::of(&source[2..4]);
        assert!(!Arc::ptr_eq(&later.source, &source), "nothing is read now");
    }
}
