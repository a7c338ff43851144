//! What a person reads in the log.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use orch_runtime::tracing::subscriber::{DefaultGuard, set_default};

use super::*;

/// Keeps what is logged on this thread while a test runs.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn kept() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (lines, set_default(subscriber))
    }

    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_handler_says_what_it_does_in_which_transaction() {
    let mut shop = shop(3, 0);
    let (lines, _guard) = Lines::kept();
    let id = shop.order("a").await;
    shop.settle(&id).await;
    shop.deliver().await;
    let log = lines.text();
    for line in [
        format!("[ReserveHandler] OrderInitiated: transaction {id} begins"),
        format!("[ReserveHandler] OrderInitiated: transaction {id} done (duration: "),
        format!("[CompensationHandler] PackFailed: transaction {id} done (duration: "),
    ] {
        assert!(log.contains(&line), "{line} is missing in {log}");
    }
}

#[tokio::test]
async fn a_failure_is_a_warning_with_its_reason() {
    let shop = shop(3, 3);
    let id = shop.order("a").await;
    let mut strange = event(&shop, &id, "OrderInitiated").await;
    strange.transaction_id = SagaId::new("TXN_nobody").unwrap();
    let (lines, _guard) = Lines::kept();
    hand(&shop, "ReserveHandler", &strange).await.unwrap_err();
    let log = lines.text();
    let begin = "[ReserveHandler] OrderInitiated: transaction TXN_nobody failed (duration: ";
    let line = log.lines().find(|found| found.contains(begin));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("WARN"), "{line}");
    assert!(line.contains("ms): there is no saga TXN_nobody"), "{line}");
}

/// An event that is not handled is a handler that is not there: the first thing to look at is the start.
#[tokio::test]
async fn the_start_says_who_handles_what_and_for_whom() {
    for (pattern, mode) in [
        (
            SagaPattern::Choreography,
            "Activating choreography handlers",
        ),
        (
            SagaPattern::Orchestration,
            "Choreography handlers DISABLED for new sagas",
        ),
    ] {
        let shop = Shop::of(pattern, 3, 3);
        let (lines, _guard) = Lines::kept();
        let (signal, shutdown) = Shutdown::new();
        signal.request();
        Choreography::of(&shop.sagas).unwrap().run(shutdown).await;
        let log = lines.text();
        for line in [
            &format!("Saga module initialised: mode {pattern}, bus in-process"),
            mode,
            "All 6 handlers registered:",
            "ReserveHandler <- OrderInitiated",
            "ConfirmHandler <- PaySucceeded, PackSucceeded",
            "CompensationHandler <- ItemReservationFailed, PayFailed, PackFailed, OrderStopped",
            "ToleratedFailureHandler <- ConfirmFailed, ConfirmInDoubt",
        ] {
            assert!(log.contains(line), "{line} is missing in {log}");
        }
    }
}
