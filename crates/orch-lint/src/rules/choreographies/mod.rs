//! Choreographed sagas: who handles their events, and which of them reach nobody who has to go on.
//!
//! ```text
//!   hearing   impl EventHandler for T: its name, and what it subscribes to
//!   choirs    setup.choreography(&sagas)?.handler(..): who is registered, by the input of the saga
//! ```
//!
//! What must reach whom is worked out from the plan and the names of events (`sagas::names`), as the runtime does
//! when a service starts. Handlers belong to a saga by its input: `Sagas<I>`.

mod choirs;
mod hearing;
mod subscription;

use std::collections::HashSet;

use super::sagas::{EventNames, Need, Plan, Sagas, Told, is_handler_of};
use super::{At, Check};
use crate::model::DefId;
use crate::syntax::{Pos, Variant};

use choirs::{Choir, Choirs, Registered};
use hearing::Handler;
use subscription::Subscription;

/// An event that does not reach who has to hear of it.
pub(super) struct Unheard {
    /// What was needed.
    pub(super) need: Need,
    /// Where that is to be put right.
    pub(super) at: At,
    /// Whether a handler of that name is registered.
    pub(super) is_registered: bool,
    /// What has it hear of the event.
    subscription: Option<Subscription>,
}

impl Unheard {
    /// Says it, with what comes of it; of a handler that is missing once only, as `missing` knows.
    pub(super) fn flag(&self, check: &mut Check<'_, '_>, missing: &mut Missing, harm: Harm) {
        let Self { need, at, .. } = self;
        let (event, handler) = (&need.event, &need.handler);
        if self.is_registered {
            let message = format!("`{handler}` does not hear of `{event}`{}", harm.deaf);
            let flagged = check
                .flag(at.clone(), message)
                .help(format!("have it subscribe to `{event}`"));
            if let Some(subscription) = self.subscription.clone() {
                flagged.unsafe_fix(subscription.title(), move |source| {
                    subscription.written(source)
                });
            }
        } else if missing.insert((handler.clone(), at.path.clone(), at.span.start)) {
            let message = format!("`{event}` reaches no `{handler}`{}", harm.missing);
            check.flag(at.clone(), message).help(
                "register a handler with that name, or all of them with `.handlers_of(&sagas)`",
            );
        }
    }
}

/// What comes of an event that is not heard, as the end of a sentence.
pub(super) struct Harm {
    /// The handler is there, and does not subscribe.
    pub(super) deaf: String,
    /// The handler is not there.
    pub(super) missing: String,
}

/// Handlers that were said to be missing, and where.
pub(super) type Missing = HashSet<(String, String, Pos)>;

/// What is known of all choreographed sagas.
pub(super) struct Choreographies<'w, 'a> {
    check: &'w Check<'w, 'a>,
    handlers: Vec<Handler<'a>>,
    choirs: Choirs<'a>,
    sagas: Sagas<'a>,
}

/// What is wrong, and what cannot be told.
#[derive(Default)]
pub(super) struct Verdicts {
    /// Events that do not reach who has to hear of them.
    pub(super) unheard: Vec<Unheard>,
    /// Needs that may be met, and why that is not certain.
    pub(super) unclear: Vec<(Need, At, String)>,
    /// Sagas of which nothing can be said, and why.
    pub(super) unread: Vec<(At, &'static str)>,
}

impl<'w, 'a> Choreographies<'w, 'a> {
    /// Reads them; `None` when there are none.
    pub(super) fn of(check: &'w Check<'w, 'a>) -> Option<Self> {
        let handlers = hearing::all(check);
        let choirs = choirs::all(check);
        if handlers.is_empty() && choirs.list.is_empty() {
            return None;
        }
        Some(Choreographies {
            check,
            handlers,
            choirs,
            sagas: Sagas::of(check),
        })
    }

    /// Compares what is heard with what has to be.
    pub(super) fn verdicts(&self) -> Verdicts {
        let mut verdicts = Verdicts::default();
        for choir in &self.choirs.list {
            if choir.has_usual {
                continue;
            }
            match self.needs(choir.input) {
                Ok(needs) => needs
                    .into_iter()
                    .for_each(|need| self.judge(choir, need, &mut verdicts)),
                Err(why) => verdicts.unread.push((choir.at.clone(), why)),
            }
        }
        verdicts
    }

    /// The plan and the names of the saga with an input.
    fn script(&self, input: DefId) -> Result<(&Plan<'a>, &EventNames<'a>), &'static str> {
        let wirings = self.sagas.wirings.iter();
        let own: Vec<_> = wirings.filter(|of| of.input == Some(input)).collect();
        let [wiring] = own.as_slice() else {
            return Err("the steps of its saga are not put together in one function");
        };
        let Told::Names(names) = &wiring.told else {
            return Err("the names of its events are not written where its steps are");
        };
        let plan = self.sagas.plan(wiring);
        Ok((plan.ok_or("the plan of its saga is not known")?, names))
    }

    fn needs(&self, input: DefId) -> Result<Vec<Need>, &'static str> {
        let (plan, names) = self.script(input)?;
        names
            .needs(plan)
            .ok_or("the plan of its saga is not written out")
    }

    fn judge(&self, choir: &Choir<'a>, need: Need, verdicts: &mut Verdicts) {
        let mut doubt = choir.doubt.or(self.choirs.doubt);
        if self.check.has_gaps() {
            doubt = doubt.or(Some("a file could not be parsed"));
        }
        let mut deaf = None;
        for registered in &choir.registered {
            let id = match registered {
                Registered::Step(step) if is_handler_of(&need, step) => return,
                Registered::Usual(name) if *name == need.handler => return,
                Registered::Step(_) | Registered::Usual(_) => continue,
                Registered::Own(id) => *id,
            };
            let Some(handler) = self.handlers.iter().find(|of| of.id == id) else {
                doubt = doubt.or(Some("what a handler subscribes to cannot be read"));
                continue;
            };
            match (handler.name, handler.hears(&need.event)) {
                (Some(name), _) if name != need.handler => {}
                (Some(_), Some(true)) => return,
                (Some(_), Some(false)) => deaf = Some(handler),
                (None, Some(false)) => {
                    doubt = doubt.or(Some("the name of a handler cannot be read"));
                }
                (_, _) => doubt = doubt.or(Some("what a handler subscribes to cannot be read")),
            }
        }
        let at = deaf.map_or_else(|| choir.at.clone(), |handler| handler.at.clone());
        match (deaf, doubt) {
            (None, Some(why)) => verdicts.unclear.push((need, at, why.to_owned())),
            (_, _) => verdicts.unheard.push(Unheard {
                at,
                is_registered: deaf.is_some(),
                subscription: deaf
                    .and_then(|of| of.subscription(self.check.workspace, &need.event)),
                need,
            }),
        }
    }

    /// The variants of enums of events that nobody subscribes to, of those enums of which some handler hears one
    /// and that are not about a saga; nothing when somebody may subscribe to anything.
    pub(super) fn unheard_variants(&self) -> Vec<(DefId, &'a Variant)> {
        let workspace = self.check.workspace;
        let is_read = |of: &Handler<'_>| of.heard.is_some();
        if !self.handlers.iter().all(is_read) || self.check.has_gaps() {
            return Vec::new();
        }
        let mut enums: Vec<DefId> = self.handlers.iter().flat_map(Handler::enums).collect();
        enums.sort();
        enums.dedup();
        let mut found = Vec::new();
        for id in enums {
            let crate::syntax::ItemKind::Enum(_, variants) = &workspace.def(id).item.kind else {
                continue;
            };
            let named = variants.iter().map(|variant| {
                let text = hearing::text_of(workspace, id, &variant.name.text)?;
                Some((variant, text))
            });
            let Some(named) = named.collect::<Option<Vec<_>>>() else {
                continue;
            };
            if named.iter().any(|(_, text)| self.may_be_of_saga(text)) {
                continue;
            }
            let is_heard = |text: &str| {
                let mut handlers = self.handlers.iter();
                handlers.any(|handler| handler.hears(text) == Some(true))
            };
            let silent = named.into_iter().filter(|(_, text)| !is_heard(text));
            found.extend(silent.map(|(variant, _)| (id, variant)));
        }
        found
    }

    /// Whether a saga may tell of an event: it does, or the names of its events are not known.
    fn may_be_of_saga(&self, event: &str) -> bool {
        self.sagas.wirings.iter().any(|wiring| {
            let told = match &wiring.told {
                Told::Nothing => return false,
                Told::Unclear => return true,
                Told::Names(names) => names,
            };
            let plan = self.sagas.plan(wiring);
            plan.is_none_or(|plan| told.has(event, plan))
        })
    }
}
