//! ORC209.

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::syntax::ExprKind;

pub(super) static RULE: Rule = Rule {
    code: "ORC209",
    name: "finalize-hook-not-called",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds orchestrators that write `finalize` and leave `HAS_FINALIZE_HOOK` at `false`.

## Why is this bad?
The runtime calls the hook only when the constant says that there is one: without, an outcome and the
final state share one commit. The code compiles and its operations complete, and what the hook was to
write, such as the order being paid, is never written.

## Example
```rust
impl Orchestrator for PaymentOrchestrator {
    async fn finalize(&self, tx: &mut HookTx<'_>, operation: &OperationView) -> Result<(), HookError> {
```
Use instead:
```rust
impl Orchestrator for PaymentOrchestrator {
    const HAS_FINALIZE_HOOK: bool = true;

    async fn finalize(&self, tx: &mut HookTx<'_>, operation: &OperationView) -> Result<(), HookError> {
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    for orchestrator in check.workspace.orchestrators() {
        let block = orchestrator.block;
        let Some((item, _)) = block.def.method("finalize") else {
            continue;
        };
        let path = format!("{}::finalize", orchestrator.name);
        let at = check.at(block.file, item.name.span, path);
        match block
            .def
            .constant("HAS_FINALIZE_HOOK")
            .map(|value| &value.kind)
        {
            Some(ExprKind::Bool(true)) => {}
            None | Some(ExprKind::Bool(false)) => {
                check
                    .flag(
                        at,
                        "`finalize` is never called: `HAS_FINALIZE_HOOK` is false",
                    )
                    .help("add `const HAS_FINALIZE_HOOK: bool = true;` to this impl");
            }
            Some(_) => check.unknown(&at, "`HAS_FINALIZE_HOOK` is not written as a literal"),
        }
    }
}
