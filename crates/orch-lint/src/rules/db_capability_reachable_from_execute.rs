//! ORC003.

use std::collections::HashMap;

use super::{At, Check, Rule, Status, execute};
use crate::finding::Severity;
use crate::load::FileId;
use crate::model::capability::Reach;
use crate::model::infer::Walker;
use crate::model::orchestration::OrchestratorImpl;
use crate::model::{DefId, RTy, Res, Scope, Step, Workspace};
use crate::syntax::{Body, ExprKind, Field, ItemKind, Pat, PatKind, Span};

pub(super) static RULE: Rule = Rule {
    code: "ORC003",
    name: "db-capability-reachable-from-execute",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds orchestrators that can reach a database: through a field, a gateway, a parameter of `execute`
or a `static`, however many types lie between.

## Why is this bad?
What can be reached will be used, if not today then in the next change. A query inside `execute`
takes a connection while the provider is slow, and what it writes is not part of the outcome. An
orchestrator that has no database cannot break this.

## Example
```rust
struct PaymentOrchestrator { gateway: StripeGateway }
struct StripeGateway { client: JsonClient, audit: AuditRepo }
struct AuditRepo { pool: PgPool }
```
Use instead:
```rust
struct PaymentOrchestrator { gateway: StripeGateway }
struct StripeGateway { client: JsonClient }
```
Record what is worth keeping in the `Outcome`; the runtime stores it.
",
    check,
};

const HELP: &str = "give the orchestrator gateways only; the runtime stores what `execute` returns";

fn check(check: &mut Check<'_, '_>) {
    for orchestrator in check.workspace.orchestrators() {
        own_fields(check, &orchestrator);
        parameters(check, &orchestrator);
        statics(check, &orchestrator);
    }
    statics_beyond(check);
}

/// `name` is what the orchestrator has, in `file` at `at`, and what the way begins with.
fn report(check: &mut Check<'_, '_>, file: FileId, at: At, name: &str, reach: Reach) {
    match reach {
        Reach::No => {}
        Reach::Unknown(why) => {
            for why in why {
                check.unknown(
                    &at,
                    format!("`{name}` may reach a database: cannot look into {why}"),
                );
            }
        }
        Reach::Yes(mut steps, mut last) => {
            last.place.get_or_insert((file, at.span));
            steps.insert(0, Step::at(name, file, at.span));
            let chain = Reach::chain(&steps, &last);
            let violation = check.flag(at, format!("`execute` can reach a database: {chain}"));
            violation.help(HELP);
            violation.chain = steps;
            violation.chain.push(last);
        }
    }
}

/// The fields of the orchestrator itself.
fn own_fields<'a>(check: &mut Check<'_, 'a>, orchestrator: &OrchestratorImpl<'_, 'a>) {
    let workspace = check.workspace;
    let ty = workspace.self_type(orchestrator.block);
    let RTy::Local(id, args) = &ty else {
        let file = orchestrator.block.file;
        let at = check.at(file, orchestrator.span, orchestrator.name.as_str());
        report(check, file, at, &orchestrator.name, workspace.reach(&ty));
        return;
    };
    let scope = workspace.def_scope(*id, args);
    let owner = workspace.def(*id).item.name.text.as_str();
    match &workspace.def(*id).item.kind {
        ItemKind::Struct(_, fields) => each_field(check, *id, owner, &fields.list, &scope),
        ItemKind::Enum(_, variants) => {
            for variant in variants {
                let owner = format!("{owner}::{}", variant.name.text);
                each_field(check, *id, &owner, &variant.fields.list, &scope);
            }
        }
        _ => {}
    }
}

fn each_field<'a>(
    check: &mut Check<'_, 'a>,
    id: DefId,
    owner: &str,
    fields: &[Field],
    scope: &Scope<'a>,
) {
    let workspace = check.workspace;
    for field in fields.iter().filter(|field| !field.attrs.test_only) {
        let reach = workspace.reach(&workspace.lower(&field.ty, scope));
        let item = format!("{}::{}", workspace.path_of(id), field.name.text);
        let file = workspace.file_of(id);
        let at = check.at(file, field.ty.span, item);
        report(
            check,
            file,
            at,
            &format!("{owner}.{}", field.name.text),
            reach,
        );
    }
}

/// The parameters of `execute`.
fn parameters<'a>(check: &mut Check<'_, 'a>, orchestrator: &OrchestratorImpl<'_, 'a>) {
    let workspace = check.workspace;
    let Some((function, _)) = orchestrator.execute else {
        return;
    };
    let scope = workspace.impl_scope(orchestrator.block).in_fn(function);
    let file = orchestrator.block.file;
    for param in &function.params {
        let reach = workspace.reach(&workspace.lower(&param.ty, &scope));
        let at = check.at(
            file,
            param.ty.span,
            format!("{}::execute", orchestrator.name),
        );
        report(
            check,
            file,
            at,
            &format!("execute({})", name_of(&param.pat)),
            reach,
        );
    }
}

fn name_of(pat: &Pat) -> &str {
    match &pat.kind {
        PatKind::Bind { name, .. } => &name.text,
        _ => "_",
    }
}

/// Statics and constants that the body of `execute` names.
fn statics<'a>(check: &mut Check<'_, 'a>, orchestrator: &OrchestratorImpl<'_, 'a>) {
    let workspace = check.workspace;
    let Some((function, _)) = orchestrator.execute else {
        return;
    };
    let Some(body) = &function.body else {
        return;
    };
    let mut used: Vec<(Span, DefId)> = Vec::new();
    let scope = workspace.impl_scope(orchestrator.block);
    Walker::new(workspace, &scope, function).block(body, &mut |walker, expr| {
        if let ExprKind::Path(path) = &expr.kind
            && let Res::Def(id) = walker.resolve(path)
        {
            used.push((path.span, id));
        }
    });
    let file = orchestrator.block.file;
    for (span, id) in used {
        if let ItemKind::Static(ty, _) | ItemKind::Const(ty, _) = &workspace.def(id).item.kind {
            let scope = Scope::of_module(workspace.def(id).module);
            let reach = workspace.reach(&workspace.lower(ty, &scope));
            let at = check.at(file, span, format!("{}::execute", orchestrator.name));
            report(check, file, at, &workspace.def(id).item.name.text, reach);
        }
    }
}

/// Statics and constants that functions name which an `execute` gets to.
fn statics_beyond(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    if workspace.orchestrators().is_empty() {
        return;
    }
    let kept = kept(workspace);
    if kept.is_empty() {
        return;
    }
    let names: Vec<&str> = kept.values().map(|(name, _)| *name).collect();
    let names_one = |body: &Body| body.mentions(&names).then_some(());
    let found = execute::each_beyond_knowing(
        check,
        |_| Vec::new(),
        names_one,
        |(), walker, expr| match &expr.kind {
            ExprKind::Path(path) => match walker.resolve(path) {
                Res::Def(id) => kept.contains_key(&id).then_some(id),
                _ => None,
            },
            _ => None,
        },
    );
    for found in found {
        let (name, (steps, last)) = &kept[&found.what];
        let within = found.within();
        if found.perhaps {
            let message = format!("may call `{within}`, which reaches a database: `{name}`");
            check.unknown(&found.at, message);
            continue;
        }
        let way: Vec<Step> = [Step::named(*name)]
            .into_iter()
            .chain(steps.clone())
            .collect();
        let chain = Reach::chain(&way, last);
        let message = format!("`execute` can reach a database in `{within}`: {chain}");
        let violation = check.flag(found.at.clone(), message);
        violation.help(HELP);
        violation.chain = found.chain_to(*name);
        violation.chain.extend(steps.iter().cloned());
        violation.chain.push(last.clone());
    }
}

/// The statics and constants that reach a database: their names, and the way there.
fn kept<'w>(workspace: &'w Workspace<'_>) -> HashMap<DefId, (&'w str, (Vec<Step>, Step))> {
    let all = workspace.def_ids().filter_map(|id| {
        let def = workspace.def(id);
        let (ItemKind::Static(ty, _) | ItemKind::Const(ty, _)) = &def.item.kind else {
            return None;
        };
        match workspace.reach(&workspace.lower(ty, &Scope::of_module(def.module))) {
            Reach::Yes(steps, last) => Some((id, (def.item.name.text.as_str(), (steps, last)))),
            Reach::No | Reach::Unknown(_) => None,
        }
    });
    all.collect()
}
