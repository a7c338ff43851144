//! ORC805.

use super::{At, Check, Rule, Status};
use crate::finding::Severity;
use crate::syntax::Span;

pub(super) static RULE: Rule = Rule {
    code: "ORC805",
    name: "generated-code-drift",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds generated files whose text is not the one that `orch.lock` records. Line ends do not count. A
lock that cannot be read decides nothing. Vendored crates are what `orch-gen check` looks at.

## Why is this bad?
Generated files hold the guarantees: the unique key, the fence, the checks of a command. An edit in
one is lost at the next `orch-gen apply`, or keeps a later version from mending what is wrong in it.

## Example
```rust
// src/payment/generated/command.rs, edited by hand
pub fn set_amount(&mut self, amount: Money) {
    self.amount = amount;
}
```
Use instead:
```toml
fields = [\"order_id:string:max=64\", \"amount:money:min=0.01\"]
```

## Why there is no fix
`orch-gen apply` is the fix: it knows the text that was generated. The linter knows only that the text is
another one.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let loaded = check.workspace.loaded;
    for (path, lock) in &loaded.locks().edited {
        let at = place(check, path);
        check
            .flag(
                at,
                format!("this file is generated, and was edited since: see `{lock}`"),
            )
            .help(
                "take the edit back with `orch-gen apply`, and change orch.toml or your own files",
            );
    }
    for (lock, why) in &loaded.locks().damaged {
        let at = At {
            path: lock.clone(),
            span: Span::file_start(),
            item: String::new(),
        };
        check.unknown(&at, format!("cannot tell what is generated: {why}"));
    }
}

/// The first item of a file that has a name, or its start.
fn place(check: &Check<'_, '_>, path: &str) -> At {
    let loaded = check.workspace.loaded;
    let known = loaded.find(path).and_then(|id| loaded.files[id.0].known());
    let mut items = known.iter().flat_map(|facts| &facts.items);
    let first = items.find(|item| !item.name.text.is_empty());
    At {
        path: path.into(),
        span: first.map_or_else(Span::file_start, |item| item.name.span),
        item: String::new(),
    }
}
