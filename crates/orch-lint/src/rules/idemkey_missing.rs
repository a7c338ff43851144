//! ORC101.

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::orchestration::OperationEntity;
use crate::model::{DefId, RTy};
use crate::syntax::{ItemKind, Path};

pub(super) static RULE: Rule = Rule {
    code: "ORC101",
    name: "idemkey-missing",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds operation entities without a field of type `IdemKey`. A struct that only sounds like one and derives
what answers and parts of rows derive, or stands beside an entity of operations, is undecided.

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

/// Derives of what is answered, asked, or read from rows: not all of an operation need be in it.
const VIEWS: &[&str] = &[
    "Deserialize",
    "FromQueryResult",
    "FromRow",
    "JsonSchema",
    "Queryable",
    "QueryableByName",
    "Selectable",
    "Serialize",
    "SimpleObject",
    "ToSchema",
];

/// How many types of the project a key may be wrapped in.
const WRAPPERS: usize = 3;

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let operations = workspace.operations();
    let stored = operations.iter().filter(|of| !of.is_guess);
    let stored: Vec<DefId> = stored.map(|of| of.def).collect();
    for operation in operations {
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
        if operation.is_guess && may_be_view(check, &operation, &stored) {
            check.unknown(
                &at,
                "it may be a part of an operation, or what is said of one",
            );
            continue;
        }
        let name = &item.name.text;
        check
            .flag(at, format!("`{name}` has no field of type `IdemKey`"))
            .help("add `idem_key: IdemKey`, with a unique key on its column");
    }
}

/// Whether something else is stored as the operation that a struct is named after, as far as can be seen.
fn may_be_view(check: &Check<'_, '_>, of: &OperationEntity<'_>, stored: &[DefId]) -> bool {
    let workspace = check.workspace;
    let def = workspace.def(of.def);
    let mut derived = def.item.attrs.derives.iter().filter_map(Path::last);
    let is_derived = derived.any(|last| VIEWS.contains(&last.name.text.as_str()));
    let domain = |id: DefId| workspace.domains_around(workspace.def(id).module).next();
    is_derived || stored.iter().any(|other| domain(*other) == domain(of.def))
}
