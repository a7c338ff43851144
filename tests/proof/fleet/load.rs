//! The clients of a fleet: what is still to be sent, what was answered, and where workers listen.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::http;
use crate::seeded::Seeded;
use crate::service::poll;

/// Requests, each sent until some worker has taken it.
pub(super) struct Load {
    pub(super) requests: usize,
    next: AtomicUsize,
    answered: AtomicUsize,
    op_ids: Mutex<HashMap<String, String>>,
    workers: Mutex<Vec<Option<SocketAddr>>>,
    is_over: AtomicBool,
}

impl Load {
    pub(super) fn new(requests: usize, workers: impl Iterator<Item = SocketAddr>) -> Self {
        Self {
            requests,
            next: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            op_ids: Mutex::default(),
            workers: Mutex::new(workers.map(Some).collect()),
            is_over: AtomicBool::new(false),
        }
    }

    /// Sends one request after the other.
    pub(super) fn client(&self, seed: u64) {
        let mut chance = Seeded::new(seed);
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.requests {
                return;
            }
            let key = format!("key-{number}");
            let body = http::payment(&format!("order-{number}"));
            let op_id = poll("an answer", || self.ask(&mut chance, &key, &body));
            self.op_ids.lock().unwrap().insert(key, op_id);
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn ask(&self, chance: &mut Seeded, key: &str, body: &str) -> Option<String> {
        let to = {
            let workers = self.workers.lock().unwrap();
            workers[chance.index(workers.len())]?
        };
        let answer = http::post(to, key, body).ok()?;
        let taken = answer.status() == 202;
        assert!(taken || answer.status() >= 500, "{answer:?}");
        let op_id = taken.then(|| answer.text("opId"));
        op_id.filter(|op_id| !op_id.is_empty())
    }

    /// Clients send to `address` in place of the worker's old one; to nobody without one.
    pub(super) fn moved(&self, worker: usize, address: Option<SocketAddr>) {
        self.workers.lock().unwrap()[worker] = address;
    }

    pub(super) fn op_ids(&self) -> HashMap<String, String> {
        self.op_ids.lock().unwrap().clone()
    }

    pub(super) fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}
