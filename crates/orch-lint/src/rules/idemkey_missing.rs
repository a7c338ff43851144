//! ORC101.

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::RTy;
use crate::syntax::ItemKind;

pub(super) static RULE: Rule = Rule {
    code: "ORC101",
    name: "idemkey-missing",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds operation entities without a field of type `IdemKey`.

## Why is this bad?
The idempotency key is how a repeated request is recognised. Without it in the stored operation,
the second click and the retry of a client that saw a timeout each become a payment of their own.

## Example
```rust
struct PaymentOperation { op_id: OpId, owner_id: OwnerId }
```
Use instead:
```rust
struct PaymentOperation { op_id: OpId, owner_id: OwnerId, idem_key: IdemKey }
```
",
    check,
};

/// How many types of the project a key may be wrapped in.
const WRAPPERS: usize = 3;

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for operation in workspace.operations() {
        let item = workspace.def(operation.def).item;
        let ItemKind::Struct(_, fields) = &item.kind else {
            continue;
        };
        let scope = workspace.def_scope(operation.def, &[]);
        let types: Vec<RTy> = fields
            .list
            .iter()
            .map(|field| workspace.lower(&field.ty, &scope))
            .collect();
        if types
            .iter()
            .any(|ty| workspace.holds_runtime(ty, "IdemKey", WRAPPERS))
        {
            continue;
        }
        let file = workspace.file_of(operation.def);
        let at = check.at(file, item.name.span, workspace.path_of(operation.def));
        if types
            .iter()
            .any(|ty| matches!(ty, RTy::Unknown(_) | RTy::Bounds(_)))
        {
            check.unknown(&at, "one of its fields may be the idempotency key");
            continue;
        }
        let name = &item.name.text;
        check
            .flag(at, format!("`{name}` has no field of type `IdemKey`"))
            .help("add `idem_key: IdemKey`, with a unique key on its column");
    }
}
