//! Who handles what.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::handler::EventHandler;

/// The handlers of a process, and the events that must reach some of them.
#[derive(Clone, Default)]
pub struct Subscriptions {
    handlers: Vec<Arc<dyn EventHandler>>,
    needed: Vec<(String, String)>,
    /// Those that this process serves, when it does not serve all.
    served: Option<BTreeSet<String>>,
    /// Events that are told to whoever wants to know, and that nobody has to handle.
    news: BTreeSet<String>,
}

/// Events would be told of which the one does not hear who has to go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// A handler is missing, or does not subscribe to what it waits for.
    #[error(
        "{event} does not reach {handler}: register a handler of that name that subscribes to it"
    )]
    Missing {
        /// The event.
        event: String,
        /// The handler.
        handler: String,
    },
    /// Two handlers would count as one: what one has handled, the other one would not get.
    #[error("two handlers are named {0}: give each its own name")]
    Twice(String),
}

impl std::fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.handlers.iter().map(|handler| handler.name());
        f.debug_list().entries(names).finish()
    }
}

impl Subscriptions {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler.
    #[must_use]
    pub fn with(mut self, handler: Arc<dyn EventHandler>) -> Self {
        self.handlers.push(handler);
        self
    }

    /// Says that `event` must reach the handler named `handler`.
    #[must_use]
    pub fn needing(mut self, event: impl Into<String>, handler: impl Into<String>) -> Self {
        self.needed.push((event.into(), handler.into()));
        self
    }

    /// Says that nobody has to handle `event`.
    #[must_use]
    pub fn with_news(mut self, event: impl Into<String>) -> Self {
        self.news.insert(event.into());
        self
    }

    /// Says that this process serves the handlers of these names only; the others are served elsewhere.
    #[must_use]
    pub fn serving(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.served = Some(names.into_iter().collect());
        self
    }

    /// The handlers that this process serves.
    pub fn served(&self) -> impl Iterator<Item = &Arc<dyn EventHandler>> {
        let is_served = |handler: &&Arc<dyn EventHandler>| self.serves(handler.name());
        self.handlers.iter().filter(is_served)
    }

    /// Whether this process serves a handler of that name.
    #[must_use]
    pub fn serves(&self, name: &str) -> bool {
        self.served
            .as_ref()
            .is_none_or(|served| served.contains(name))
    }

    /// Whether others serve some of the handlers.
    #[must_use]
    pub fn is_split(&self) -> bool {
        self.served.is_some()
    }

    /// All handlers, also those that are served elsewhere.
    #[must_use]
    pub fn handlers(&self) -> &[Arc<dyn EventHandler>] {
        &self.handlers
    }

    /// The handler of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<dyn EventHandler>> {
        self.handlers.iter().find(|handler| handler.name() == name)
    }

    /// Those that handle events of this kind.
    pub fn of<'s>(
        &'s self,
        event_type: &'s str,
    ) -> impl Iterator<Item = &'s Arc<dyn EventHandler>> {
        let handles = move |handler: &&Arc<dyn EventHandler>| {
            let mut events = handler.subscriptions().into_iter();
            events.any(|event| event == event_type)
        };
        self.handlers.iter().filter(handles)
    }

    /// Whether nobody has to handle events of this kind.
    #[must_use]
    pub fn is_news(&self, event_type: &str) -> bool {
        self.news.contains(event_type)
    }

    /// Whether anybody handles events of this kind, or nobody has to.
    #[must_use]
    pub fn knows(&self, event_type: &str) -> bool {
        self.is_news(event_type) || self.of(event_type).next().is_some()
    }

    /// Checks that what must be handled is.
    ///
    /// # Errors
    /// See [`Unheard`].
    pub fn check(&self) -> Result<(), Unheard> {
        for (at, handler) in self.handlers.iter().enumerate() {
            let mut others = self.handlers[..at].iter();
            if others.any(|other| other.name() == handler.name()) {
                return Err(Unheard::Twice(handler.name().to_owned()));
            }
        }
        for (event, handler) in &self.needed {
            if !self.of(event).any(|found| found.name() == handler) {
                return Err(Unheard::Missing {
                    event: event.clone(),
                    handler: handler.clone(),
                });
            }
        }
        Ok(())
    }

    /// One line for each handler: its name, the events that it handles, and whether that is done elsewhere.
    pub fn summary(&self) -> impl Iterator<Item = String> {
        self.handlers.iter().map(|handler| {
            let (name, events) = (handler.name(), handler.subscriptions().join(", "));
            match self.serves(name) {
                true => format!("{name} <- {events}"),
                false => format!("{name} <- {events} (by another process)"),
            }
        })
    }
}
