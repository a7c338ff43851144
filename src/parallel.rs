//! Doing the same for many things at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Fewer things than this are not worth a thread.
const WORTH_A_THREAD: usize = 8;

/// How many threads may wait for the disk at the same time.
const WAITING: usize = 16;

/// The results of `work`, which takes a processor's time, for each thing, in order.
pub(crate) fn map<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    shared_out(things, processors.min(things.len() / WORTH_A_THREAD), work)
}

/// The results of `work`, which mostly waits for the disk, for each thing, in order.
pub(crate) fn wait<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    shared_out(things, WAITING.min(things.len()), work)
}

fn shared_out<T: Sync, R: Send>(
    things: &[T],
    workers: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    if workers < 2 {
        return things.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match things.get(index) {
                Some(thing) => done.push((index, work(thing))),
                None => return done,
            }
        }
    };
    let mut results = std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(share)).collect();
        let mut results = share();
        for other in others {
            match other.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_are_in_order() {
        for count in [0, 1, 7, 100, 1000] {
            let things: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = things.iter().map(|n| n * 2).collect();
            assert_eq!(super::map(&things, |n| n * 2), doubled);
            assert_eq!(super::wait(&things, |n| n * 2), doubled);
        }
    }
}
