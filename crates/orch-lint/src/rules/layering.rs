//! ORC801.

use std::collections::{HashMap, HashSet};

use rustc_hash::FxHashMap;

use super::{Check, Rule, Status, handler_state, held_clients};
use crate::finding::Severity;
use crate::model::layers::Layer;
use crate::model::{DefId, Reference, Step, Target, Workspace};
use crate::syntax::ItemKind;

pub(super) static RULE: Rule = Rule {
    code: "ORC801",
    name: "layering",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds items that use a layer they must not: commands, entities, gateways and orchestrators that use
repositories or controllers, and repositories that use controllers or orchestrators; commands,
entities and gateways that use a store of the runtime; handlers of events that use other handlers of events,
gateways, orchestrators or controllers.
Directly, or through functions and constants that have no layer. As a warning, it also finds handlers of events
that keep something in memory between events: a lock, a cell or an atomic among what they hold.

What an item is decides its layer, not its file: the runtime's traits it implements, the runtime's
types it holds, the extractors and answers it takes and gives. Everything else has no layer. Commands, entities
and repositories that hold a client of a cache or a queue are warnings, too.

## Why is this bad?
A gateway that reads a table while it calls cannot be tried against a provider alone, and a call
that depends on rows of another transaction gives another outcome each time it is retried. A handler that
calls another one does two things in one commit, and fails when the other one does; one that calls a provider
does so again whenever its commit fails, and nothing was written down before; what it keeps in memory
is gone after a restart, and other processes that handle the same events never had it.

## Example
```rust
impl Orchestrator for PaymentOrchestrator {
    async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
        let earlier = PaymentOperationRepository::new(&self.engine);
    }
}
```
Use instead:
```rust
impl Orchestrator for PaymentOrchestrator {
    async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
        settle(self.gateway.payment(op_id, command).await)
    }
}
```
",
    check,
};

/// What the items of a project use outside tests, by the item.
type Uses<'w> = HashMap<DefId, Vec<&'w Reference>>;

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let has = |name| workspace.runtime_impls(name).next().is_some();
    if !has("Orchestrator") && !has("EventHandler") {
        return;
    }
    let layers = workspace.layers();
    let mut uses: Uses<'_> = HashMap::new();
    for reference in workspace.references() {
        if let Some(owner) = reference
            .owner
            .filter(|_| !reference.test && !reference.shadowed)
        {
            uses.entry(owner).or_default().push(reference);
        }
    }
    let mut layered: Vec<(DefId, Layer)> = layers.iter().map(|(id, layer)| (*id, *layer)).collect();
    layered.sort_by_key(|(id, _)| *id);
    let rows = |(_, layer): &&(DefId, Layer)| matches!(layer, Layer::Data | Layer::Repository);
    let layered_data: Vec<(DefId, Layer)> = layered.iter().filter(rows).copied().collect();
    for (id, layer) in layered {
        let mut search = Search {
            workspace,
            start: id,
            layers: &layers,
            uses: &uses,
            seen: HashSet::new(),
            found: Vec::new(),
        };
        search.from(id, layer, &mut Vec::new());
        for found in search.found {
            report(check, id, layer, &found);
        }
    }
    for (id, layer) in layered_data {
        for client in held_clients::of(check, id) {
            let name = &workspace.def(id).item.name.text;
            let message = format!(
                "`{name}` is {} and holds a client of `{}`",
                layer.noun(),
                client.of
            );
            let at = check.at(client.file, client.span, workspace.path_of(id));
            let violation = check.flag(at, message);
            violation.severity = Severity::Warning;
            violation.help("use caches and queues in the service that calls this");
        }
    }
    for state in handler_state::all(check) {
        let name = &workspace.def(state.handler).item.name.text;
        let message = format!("`{name}` handles events and keeps a `{}`", state.what);
        let at = check.at(state.file, state.span, workspace.path_of(state.handler));
        let violation = check.flag(at, message);
        violation.severity = Severity::Warning;
        violation.help("keep it in the database, in the transaction that the handler is given");
    }
}

/// A use of a layer that is not allowed.
struct Found<'w> {
    first: &'w Reference,
    /// The functions between, and what is used at last, each where it is named.
    steps: Vec<Step>,
    what: &'static str,
}

struct Search<'s, 'w, 'a> {
    workspace: &'w Workspace<'a>,
    /// Whose uses these are.
    start: DefId,
    layers: &'s FxHashMap<DefId, Layer>,
    uses: &'s Uses<'w>,
    seen: HashSet<Target>,
    found: Vec<Found<'w>>,
}

impl<'w> Search<'_, 'w, '_> {
    /// Looks at everything that an item uses; `way` leads to it.
    fn from(&mut self, id: DefId, layer: Layer, way: &mut Vec<(DefId, &'w Reference)>) {
        let uses = self.uses;
        for reference in uses.get(&id).into_iter().flatten() {
            if !self.seen.insert(reference.target.clone()) {
                continue;
            }
            let first = way.first().map_or(*reference, |(_, first)| *first);
            match &reference.target {
                Target::Item(target) => match self.layers.get(target) {
                    Some(other) if *target != self.start && !layer.may_use(*other) => {
                        let last = self.workspace.def(*target).item.name.text.to_string();
                        self.add(first, way, (last, reference), other.noun());
                    }
                    Some(_) => {}
                    None if self.passes_on(*target) => {
                        way.push((*target, reference));
                        self.from(*target, layer, way);
                        way.pop();
                    }
                    None => {}
                },
                // What an orchestrator can reach of the runtime's own is ORC003.
                Target::Store(name) if matches!(layer, Layer::Data | Layer::Gateway) => {
                    self.add(first, way, (name.clone(), reference), "a store");
                }
                Target::Store(_) | Target::Word(_) => {}
            }
        }
    }

    fn add(
        &mut self,
        first: &'w Reference,
        way: &[(DefId, &Reference)],
        (last, named): (String, &Reference),
        what: &'static str,
    ) {
        let step = |name, of: &Reference| Step::at(name, of.file, of.span);
        let between = way.iter();
        let between = between.map(|(id, of)| step(self.workspace.path_of(*id), of));
        let steps = between.chain([step(last, named)]).collect();
        self.found.push(Found { first, steps, what });
    }

    /// Whether who names an item uses all that the item names.
    fn passes_on(&self, id: DefId) -> bool {
        let kind = &self.workspace.def(id).item.kind;
        matches!(
            kind,
            ItemKind::Fn(_) | ItemKind::Const(..) | ItemKind::Alias(..)
        )
    }
}

fn report(check: &mut Check<'_, '_>, id: DefId, layer: Layer, found: &Found<'_>) {
    let name = &check.workspace.def(id).item.name;
    let last = found.steps.last().map_or("", |step| step.name.as_str());
    let message = format!(
        "`{}` is {} and uses `{last}`, {}",
        name.text,
        layer.noun(),
        found.what
    );
    let at = check.at(
        found.first.file,
        found.first.span,
        check.workspace.path_of(id),
    );
    let chain = match found.steps.len() {
        1 => Vec::new(),
        _ => {
            let first = Step::at(name.text.as_str(), check.workspace.file_of(id), name.span);
            std::iter::once(first).chain(found.steps.clone()).collect()
        }
    };
    let violation = check.flag(at, message);
    violation.chain = chain;
    violation.help(match layer {
        Layer::Repository => "let the caller of the repository do this",
        Layer::EventHandler => {
            "tell of an event that another handler subscribes to, or begin an operation by a step"
        }
        _ => "do this where the command is accepted or the operation is read, not in here",
    });
}
