//! The windows of all names, in bounded memory.
//!
//! At most [`CAPACITY`] names are kept. When a new one finds the table full, names go in this order:
//! first those with an empty window (nothing is lost with them), then those furthest from their limit,
//! and only when nothing else is left those that are blocked, beginning with the longest silent one.
//! So nobody gets unblocked by making up other names, unless ten thousand names are blocked at once.
//! What can be lost is the count of a name that is not blocked: it starts again.

use std::collections::HashMap;
use std::time::Duration;

use super::window::{Scale, Window};

/// Names kept.
pub(super) const CAPACITY: usize = 10_000;
/// Room made at once, so that a flood of new names pays for one sweep in a thousand requests.
const ROOM: usize = CAPACITY / 10;

/// A window per name.
#[derive(Debug)]
pub(super) struct Table {
    limit: u32,
    scale: Scale,
    windows: HashMap<Box<str>, Entry>,
}

#[derive(Debug)]
struct Entry {
    window: Window,
    last_seen: i64,
}

impl Table {
    pub(super) fn new(limit: u32, within: Duration) -> Self {
        Self {
            limit,
            scale: Scale::new(within),
            windows: HashMap::new(),
        }
    }

    /// Counts a request of `name` at `now` (milliseconds), or says how long to wait.
    pub(super) fn admit(&mut self, name: String, now: i64) -> Result<(), Duration> {
        let name = name.into_boxed_str();
        if self.windows.len() >= CAPACITY && !self.windows.contains_key(&name) {
            self.make_room(now);
        }
        let entry = self.windows.entry(name).or_insert_with(|| Entry {
            window: Window::new(now, self.scale),
            last_seen: now,
        });
        entry.last_seen = entry.last_seen.max(now);
        entry.window.admit(now, self.scale, self.limit)
    }

    /// Whether [`admit`](Self::admit) would count a request of `name`.
    pub(super) fn check(&mut self, name: &str, now: i64) -> Result<(), Duration> {
        let (scale, limit) = (self.scale, self.limit);
        let entry = self.windows.get_mut(name);
        entry.map_or(Ok(()), |entry| entry.window.check(now, scale, limit))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    fn make_room(&mut self, now: i64) {
        let (limit, scale) = (self.limit, self.scale);
        self.windows
            .retain(|_, entry| entry.window.count(now, scale) > 0);
        let keep = CAPACITY - ROOM;
        let Some(surplus) = self
            .windows
            .len()
            .checked_sub(keep)
            .filter(|surplus| *surplus > 0)
        else {
            return;
        };
        let mut ranks: Vec<(u32, i64, Box<str>)> = Vec::with_capacity(self.windows.len());
        for (name, entry) in &mut self.windows {
            let used = entry.window.count(now, scale).min(limit);
            ranks.push((used, entry.last_seen, name.clone()));
        }
        ranks.select_nth_unstable(surplus - 1);
        for (_, _, name) in &ranks[..surplus] {
            self.windows.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u32 = 3;

    fn table() -> Table {
        Table::new(LIMIT, Duration::from_secs(60))
    }

    fn flood(table: &mut Table, names: usize, now: i64) {
        for name in 0..names {
            let _ = table.admit(format!("flood-{name}"), now);
        }
    }

    #[test]
    fn a_flood_of_new_names_unblocks_nobody_and_takes_no_more_memory() {
        let mut table = table();
        for _ in 0..LIMIT {
            assert!(table.admit("blocked".to_owned(), 0).is_ok());
        }
        flood(&mut table, 5 * CAPACITY, 1);
        assert!(table.windows.len() <= CAPACITY);
        assert!(table.admit("blocked".to_owned(), 2).is_err());
    }

    #[test]
    fn looking_counts_nothing_and_sees_what_counting_would() {
        let mut table = table();
        assert!(table.check("a", 0).is_ok() && table.is_empty());
        for _ in 0..LIMIT {
            assert!(table.check("a", 0).is_ok());
            assert!(table.admit("a".to_owned(), 0).is_ok());
        }
        assert_eq!(table.check("a", 1), table.admit("a".to_owned(), 1));
        assert!(table.check("a", 1).is_err() && table.check("b", 1).is_ok());
    }

    #[test]
    fn names_whose_window_has_passed_go_first() {
        let mut table = table();
        flood(&mut table, CAPACITY, 0);
        assert!(table.admit("late".to_owned(), 100_000).is_ok());
        assert_eq!(table.windows.len(), 1);
    }

    #[test]
    fn a_table_full_of_blocked_names_still_serves_new_ones() {
        let mut table = table();
        for _ in 0..LIMIT {
            flood(&mut table, CAPACITY, 0);
        }
        assert!(table.admit("late".to_owned(), 1).is_ok());
        assert!(table.windows.len() <= CAPACITY);
    }
}
