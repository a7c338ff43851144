//! ORC802.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::layers::Layer;
use crate::model::{ModuleId, Reference, Step, Target, Workspace};

pub(super) static RULE: Rule = Rule {
    code: "ORC802",
    name: "module-cycle",
    severity: Severity::Warning,
    status: Status::Stable,
    docs: "\
## What it does
Finds modules beside each other that use each other in a circle, where each of them holds an
orchestrator, a command, an entity, a repository, a gateway or a controller. Shows the shortest
circle, and at most a hundred. What a module and the one around it use of each other is no circle, nor
is it one that a gateway takes the command of an operation whose orchestrator calls it.

## Why is this bad?
Domains that use each other cannot be understood, tested or taken out one by one: a change in how
refunds are sent becomes a change in how payments are taken.

## Example
```rust
// src/payment/orchestrator.rs
use crate::refund::gateway::RefundGateway;
// src/refund/orchestrator.rs
use crate::payment::generated::command::PaymentCommand;
```
Use instead:
```rust
// src/refund/orchestrator.rs
use crate::shared::OrderId;
```
",
    check,
};

/// No project mends more at once.
const MOST: usize = 100;

/// The modules beside each other that a module uses, and a place of each use.
type Edges<'w> = BTreeMap<ModuleId, BTreeMap<ModuleId, &'w Reference>>;

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    if workspace.runtime_impls("Orchestrator").next().is_none() {
        return;
    }
    let edges = trimmed(edges(workspace));
    let mut shown: HashSet<ModuleId> = HashSet::new();
    for start in edges.keys() {
        if shown.contains(start) || check.found.len() == MOST {
            continue;
        }
        let circle = shortest(&edges, *start);
        // One circle of a tangle is enough: mending it changes the others.
        let is_apart = |circle: &Vec<ModuleId>| circle.iter().all(|of| !shown.contains(of));
        if let Some(circle) = circle.filter(is_apart) {
            shown.extend(&circle);
            report(check, &edges, &circle);
        }
    }
}

/// What the modules that hold parts of orchestrations use of those beside them.
fn edges<'w>(workspace: &'w Workspace<'_>) -> Edges<'w> {
    let mut holders: HashSet<ModuleId> = HashSet::new();
    let mut more_than_gateways: HashSet<ModuleId> = HashSet::new();
    for (id, layer) in workspace.layers() {
        let around = || workspace.ancestors(workspace.def(id).module);
        holders.extend(around());
        if layer != Layer::Gateway {
            more_than_gateways.extend(around());
        }
    }
    let is_gateway = |of: &ModuleId| holders.contains(of) && !more_than_gateways.contains(of);
    let mut edges: Edges<'_> = BTreeMap::new();
    for reference in workspace.references() {
        let Target::Item(target) = reference.target else {
            continue;
        };
        if reference.test || reference.shadowed {
            continue;
        }
        let to = workspace.def(target).module;
        let Some((mut from, mut to)) = beside(workspace, reference.module, to) else {
            continue;
        };
        // Operations share a gateway: it takes the command of each, and the orchestrator of each calls it.
        if is_gateway(&from) {
            to = named(workspace, workspace.def(target).module);
        } else if is_gateway(&to) {
            from = named(workspace, reference.module);
        }
        if holders.contains(&from) && holders.contains(&to) {
            let held = edges
                .entry(from)
                .or_default()
                .entry(to)
                .or_insert(reference);
            // A path shows more than a `use`, whose place is not known.
            if held.owner.is_none() {
                *held = reference;
            }
        }
    }
    edges
}

/// The module itself, or the one around it that has a name.
fn named(workspace: &Workspace<'_>, module: ModuleId) -> ModuleId {
    let mut around = workspace.ancestors(module);
    let has_name = |at: &ModuleId| !workspace.module(*at).anonymous;
    around.find(has_name).unwrap_or(module)
}

/// The modules around two modules that stand beside each other; none when one is around the other.
fn beside(workspace: &Workspace<'_>, from: ModuleId, to: ModuleId) -> Option<(ModuleId, ModuleId)> {
    if from == to || workspace.module(from).krate != workspace.module(to).krate {
        return None;
    }
    let way = |of: ModuleId| {
        let named = workspace
            .ancestors(of)
            .filter(|at| !workspace.module(*at).anonymous);
        let mut way: Vec<ModuleId> = named.collect();
        way.reverse();
        way
    };
    let (from, to) = (way(from), way(to));
    let (from, to) = from.iter().zip(&to).find(|(a, b)| a != b)?;
    Some((*from, *to))
}

/// Without the modules that are in no circle: nothing leads to them, or nothing leads on.
fn trimmed(mut edges: Edges<'_>) -> Edges<'_> {
    loop {
        let before: usize = edges.values().map(BTreeMap::len).sum();
        let reached: HashSet<ModuleId> = edges.values().flat_map(|to| to.keys().copied()).collect();
        edges.retain(|from, to| reached.contains(from) && !to.is_empty());
        let left: HashSet<ModuleId> = edges.keys().copied().collect();
        for to in edges.values_mut() {
            to.retain(|to, _| left.contains(to));
        }
        if edges.values().map(BTreeMap::len).sum::<usize>() == before {
            return edges;
        }
    }
}

/// The shortest circle through a module, from it to the last one before it.
fn shortest(edges: &Edges<'_>, start: ModuleId) -> Option<Vec<ModuleId>> {
    let mut came: HashMap<ModuleId, ModuleId> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in edges.get(&at).into_iter().flat_map(BTreeMap::keys) {
            if *next == start {
                let back = std::iter::successors(Some(at), |at| came.get(at).copied());
                let mut circle: Vec<ModuleId> = back.collect();
                circle.reverse();
                return Some(circle);
            }
            if !came.contains_key(next) {
                came.insert(*next, at);
                queue.push_back(*next);
            }
        }
    }
    None
}

fn report(check: &mut Check<'_, '_>, edges: &Edges<'_>, circle: &[ModuleId]) {
    let Some(reference) = circle
        .get(1)
        .and_then(|second| edges.get(&circle[0])?.get(second))
    else {
        return;
    };
    let workspace = check.workspace;
    let start = workspace.module_path(circle[0]);
    let mut chain = vec![Step::named(start.as_str())];
    let closed = circle.iter().skip(1).chain(circle.first());
    chain.extend(circle.iter().zip(closed).map(|(from, to)| {
        let name = workspace.module_path(*to);
        // Of a `use` the place is not known.
        let named = edges.get(from).and_then(|edges| edges.get(to));
        match named.filter(|of| of.owner.is_some()) {
            Some(of) => Step::at(name, of.file, of.span),
            None => Step::named(name),
        }
    }));
    let at = check.at(reference.file, reference.span, start);
    let circle = Step::names(&chain).join(" → ");
    let message = format!("modules use each other in a circle: {circle}");
    let violation = check.flag(at, message);
    violation.chain = chain;
    violation.help("move what both need into a module of its own");
}
