//! The order to stop, handed to every loop.

use tokio::sync::watch;

/// Gives the order.
#[derive(Debug)]
pub struct ShutdownSignal(watch::Sender<bool>);

/// Receives the order; clones receive the same one.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// A signal and what listens to it. Dropping the signal is an order too.
    #[must_use]
    pub fn new() -> (ShutdownSignal, Self) {
        let (signal, shutdown) = watch::channel(false);
        (ShutdownSignal(signal), Self(shutdown))
    }

    /// Ends when the order was given.
    pub async fn requested(&mut self) {
        drop(self.0.wait_for(|stop| *stop).await);
    }

    /// Whether the order was given.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }
}

impl ShutdownSignal {
    /// Orders every loop to stop.
    pub fn request(&self) {
        self.0.send_replace(true);
    }
}
