//! ORC804.

use std::collections::{HashMap, HashSet};

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::{DefId, RTy, Target, Workspace};
use crate::syntax::ItemKind;

pub(super) static RULE: Rule = Rule {
    code: "ORC804",
    name: "missing-test",
    severity: Severity::Warning,
    status: Status::Stable,
    docs: "\
## What it does
Finds orchestrators, commands and gateways that no test names: neither a module that is compiled
for tests only, nor a test target, nor a function or constant that either of these uses, be it one of
a type's own.

## Why is this bad?
What happens to an answer that never came, or came twice, is decided in a few lines that no
ordinary day runs. Without a test, the first one to run them is a customer.

## Example
```rust
pub struct RefundOrchestrator<G> { gateway: G }
```
Use instead:
```rust
#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn a_lost_answer_refunds_once() {
        let orchestrator = super::RefundOrchestrator::new(scripted());
    }
}
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let components = components(workspace);
    if components.is_empty() || check.has_gaps() {
        return;
    }
    let tested = Tested::of(workspace);
    for (id, noun) in components {
        let name = &workspace.def(id).item.name;
        let at = check.at(workspace.file_of(id), name.span, workspace.path_of(id));
        if tested.items.contains(&id) {
            continue;
        }
        if tested.words.contains(name.text.as_str()) {
            let message = format!(
                "cannot tell whether a test uses `{}`: a macro does",
                name.text
            );
            check.unknown(&at, message);
            continue;
        }
        check
            .flag(at, format!("no test names the {noun} `{}`", name.text))
            .help("write one that drives it through a refusal, a lost answer and a crash");
    }
}

/// What should have a test, in the order of declaration.
fn components(workspace: &Workspace<'_>) -> Vec<(DefId, &'static str)> {
    let mut found: Vec<(DefId, &'static str)> = Vec::new();
    if workspace.runtime_impls("Orchestrator").next().is_none() {
        return found;
    }
    let blocks = workspace.runtime_impls("Orchestrator");
    found.extend(blocks.filter_map(|block| match workspace.self_type(block) {
        RTy::Local(id, _) => Some((id, "orchestrator")),
        _ => None,
    }));
    found.extend(workspace.commands().into_iter().map(|id| (id, "command")));
    for port in workspace.gateways() {
        let blocks = workspace.impls_by_trait(port).filter(|block| !block.test);
        found.extend(blocks.filter_map(|block| match workspace.self_type(block) {
            RTy::Local(id, _) => Some((id, "gateway")),
            _ => None,
        }));
    }
    found.sort();
    found.dedup_by_key(|(id, _)| *id);
    found.retain(|(id, _)| !workspace.def(*id).test);
    found
}

/// What tests name, themselves or through functions, constants and the functions of types.
struct Tested<'w> {
    items: HashSet<DefId>,
    words: HashSet<&'w str>,
}

impl<'w> Tested<'w> {
    fn of(workspace: &'w Workspace<'_>) -> Self {
        let mut tested = Tested {
            items: HashSet::new(),
            words: HashSet::new(),
        };
        let mut uses: HashMap<DefId, Vec<DefId>> = HashMap::new();
        let mut uses_of_type: HashMap<DefId, Vec<DefId>> = HashMap::new();
        let mut queue = Vec::new();
        for reference in workspace.references() {
            match (&reference.target, reference.owner) {
                (Target::Item(id), _) if reference.test => queue.push(*id),
                (Target::Item(id), Some(owner)) => {
                    if reference.associated {
                        uses_of_type.entry(owner).or_default().push(*id);
                    }
                    uses.entry(owner).or_default().push(*id);
                }
                (Target::Word(word), _) if reference.test => {
                    tested.words.insert(word);
                }
                _ => {}
            }
        }
        while let Some(id) = queue.pop() {
            if !tested.items.insert(id) {
                continue;
            }
            let used = match &workspace.def(id).item.kind {
                ItemKind::Fn(_) | ItemKind::Const(..) | ItemKind::Alias(..) => uses.get(&id),
                // Which of its functions a test calls is not asked.
                ItemKind::Struct(..) | ItemKind::Enum(..) => uses_of_type.get(&id),
                _ => None,
            };
            queue.extend(used.into_iter().flatten());
        }
        tested
    }
}
