//! What a child process says, line by line, while it runs.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

#[derive(Default)]
struct Said {
    lines: Vec<String>,
    ended: bool,
}

/// The lines of one stream; clones show the same.
#[derive(Clone, Default)]
pub(crate) struct Lines {
    said: Arc<(Mutex<Said>, Condvar)>,
}

impl Lines {
    /// Reads `stream` to its end in a thread of its own.
    pub(crate) fn of(stream: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let said = Arc::clone(&lines.said);
        std::thread::spawn(move || {
            let (said, changed) = &*said;
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                said.lock().unwrap().lines.push(line);
                changed.notify_all();
            }
            said.lock().unwrap().ended = true;
            changed.notify_all();
        });
        lines
    }

    /// The first line that `wanted` accepts; `None` when there is none within `patience` or when the
    /// stream ended without one.
    pub(crate) fn wait_for(
        &self,
        patience: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let (said, changed) = &*self.said;
        let until = Instant::now() + patience;
        let mut said = said.lock().unwrap();
        loop {
            if let Some(line) = said.lines.iter().find(|line| wanted(line)) {
                return Some(line.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if said.ended || left.is_zero() {
                return None;
            }
            said = changed.wait_timeout(said, left).unwrap().0;
        }
    }

    /// Everything, once the stream has ended.
    pub(crate) fn all(&self) -> String {
        let (said, changed) = &*self.said;
        let said = said.lock().unwrap();
        let said = changed.wait_while(said, |said| !said.ended).unwrap();
        said.lines.join("\n")
    }

    /// What was said so far.
    pub(crate) fn so_far(&self) -> String {
        self.said.0.lock().unwrap().lines.join("\n")
    }
}
