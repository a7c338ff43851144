//! Hints between processes that there is due work, so that none has to ask often.
//!
//! A process that leaves work for others says so once for everything it left in the last moment, by a
//! `NOTIFY` of its own that holds no operation. One connection per process listens. A hint may be lost,
//! as through a pooler: each process looks by itself, too.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::Link;

/// The channel of all domains; the payload names them.
const CHANNEL: &str = "orch_due";
/// Hints of this time share one notification.
const GATHER: Duration = Duration::from_millis(10);
/// Pause before a lost listener tries again.
const RETRY: Duration = Duration::from_secs(1);

/// Sends and receives hints.
#[derive(Debug)]
pub(super) struct Hints {
    link: Link,
    shared: Arc<Shared>,
    tasks: Mutex<Vec<AbortHandle>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Domains with work that was left for others.
    left: Mutex<BTreeSet<&'static str>>,
    any_left: Notify,
    /// Who in this process waits for work of which domain.
    waiting: Mutex<HashMap<&'static str, Arc<Notify>>>,
}

impl Hints {
    pub(super) fn new(link: Link) -> Self {
        Self {
            link,
            shared: Arc::default(),
            tasks: Mutex::default(),
        }
    }

    /// Tells the other processes, soon.
    pub(super) fn give(&self, domain: &'static str) {
        self.start();
        lock(&self.shared.left).insert(domain);
        self.shared.any_left.notify_one();
    }

    /// Ends when another process left work of `domain`.
    pub(super) async fn wait(&self, domain: &'static str) {
        self.start();
        let waiting = Arc::clone(lock(&self.shared.waiting).entry(domain).or_default());
        waiting.notified().await;
    }

    /// Begins to send and to listen, once.
    fn start(&self) {
        let mut tasks = lock(&self.tasks);
        if tasks.is_empty() {
            let sending = send(self.link.clone(), Arc::clone(&self.shared));
            let listening = listen(self.link.clone(), Arc::clone(&self.shared));
            tasks.push(tokio::spawn(sending).abort_handle());
            tasks.push(tokio::spawn(listening).abort_handle());
        }
    }
}

impl Drop for Hints {
    fn drop(&mut self) {
        for task in lock(&self.tasks).drain(..) {
            task.abort();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a pause that no promise depends on, and that tests need not wind"
)]
async fn send(link: Link, shared: Arc<Shared>) {
    loop {
        shared.any_left.notified().await;
        tokio::time::sleep(GATHER).await;
        let left = std::mem::take(&mut *lock(&shared.left));
        let domains = left.into_iter().collect::<Vec<_>>().join(",");
        let sent = async {
            let mut session = link.session("hint").await?;
            let sent = sqlx::query("select pg_notify($1, $2)")
                .persistent(!link.wrapped)
                .bind(CHANNEL)
                .bind(&domains)
                .execute(session.connection());
            sent.await.map_err(super::postgres_error("hint"))?;
            session.end("hint").await
        };
        if let Err(error) = sent.await {
            tracing::debug!(%error, domains, "a hint was not sent");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a pause that no promise depends on, and that tests need not wind"
)]
async fn listen(link: Link, shared: Arc<Shared>) {
    loop {
        if let Err(error) = listen_once(&link, &shared).await {
            tracing::debug!(%error, "hints are not heard; due work is looked for instead");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn listen_once(link: &Link, shared: &Shared) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(&link.pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // `None`: the connection was lost, and hints with it.
        let Some(hint) = listener.try_recv().await? else {
            return Ok(());
        };
        let waiting = lock(&shared.waiting);
        for domain in hint.payload().split(',') {
            if let Some(waiting) = waiting.get(domain) {
                waiting.notify_one();
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
