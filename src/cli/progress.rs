//! Saying what takes long, on a terminal, and taking it back when it is done.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Back to the start of the line, and nothing behind it.
const ERASE: &str = "\r\x1b[K";

/// Work that is going on until this is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Starts to wait; work that is done within `patience` is never spoken of, nor is any without it.
    pub(super) fn start(
        patience: Option<Duration>,
        what: &'static str,
        mut stream: impl Write + Send + 'static,
    ) -> Self {
        let running = patience.map(|patience| {
            let (done, wait) = mpsc::channel::<()>();
            let speaker = thread::spawn(move || {
                if wait.recv_timeout(patience) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                let _ = write!(stream, "{what}…").and_then(|()| stream.flush());
                let _ = wait.recv();
                let _ = write!(stream, "{ERASE}").and_then(|()| stream.flush());
            });
            (done, speaker)
        });
        Self { running }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, speaker)) = self.running.take() {
            drop(done);
            // A speaker that panicked has nothing more to say.
            let _ = speaker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::Receiver;

    /// A terminal that hands over what is written to it.
    struct Terminal(Sender<String>);

    impl Write for Terminal {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            let shown = String::from_utf8_lossy(text).into_owned();
            self.0.send(shown).map_err(std::io::Error::other)?;
            Ok(text.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn working(patience: Option<Duration>) -> (Progress, Receiver<String>) {
        let (shown, seen) = mpsc::channel();
        (Progress::start(patience, "planning", Terminal(shown)), seen)
    }

    #[test]
    fn long_work_is_named_and_the_line_is_taken_back() {
        let (progress, seen) = working(Some(Duration::ZERO));
        let mut said = String::new();
        while !said.ends_with('…') {
            said += &seen.recv().unwrap();
        }
        assert_eq!(said, "planning…");
        drop(progress);
        assert_eq!(seen.iter().collect::<String>(), ERASE);
    }

    #[test]
    fn short_work_and_work_without_a_terminal_say_nothing() {
        for patience in [None, Some(Duration::from_secs(3600))] {
            let (progress, seen) = working(patience);
            drop(progress);
            assert_eq!(seen.iter().count(), 0, "{patience:?}");
        }
    }
}
