//! The main job: `orch-gen <Domain> <Event> [field:type]…`.

use super::Environment;
use super::apply::{carry_out, open, print_plan};
use super::args::{Generate, Target};
use super::conflicts;
use super::facts::Facts;
use super::lint::Linting;
use super::new::{runtime_source, store};
use super::output::Output;
use super::target::{self, Place, Wish, relative};
use super::words;
use crate::apply;
use crate::disk::Real;
use crate::error::{Code, Error, Exit, Result};
use crate::inject;
use crate::model::{OperationModel, PackageModel};
use crate::naming::{self, Name, Role};
use crate::plan::Plan;
use crate::spec::{
    self, Domain, Edit, Field, GatewayKind, Given, Operation, PackageKind, Preset, RuntimeSource,
    Spec, StoreKind,
};
use std::sync::Arc;

/// What was asked for, understood.
struct Wanted {
    domain: Domain,
    /// What was named; of the rest, what is there stays.
    given: Given,
    preset: Option<Preset>,
    /// Whether a router that is served is left alone.
    no_router: bool,
}

/// Adds an operation to a package, which is made when it is not there.
pub(super) fn run(
    arguments: &Generate,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let mut wanted = understand(arguments, output)?;
    let place = place_of(arguments, &wanted, environment)?;
    let runtime = runtime_source(&arguments.runtime, environment, &place.root)?;
    let store = store(&arguments.runtime)?;
    let wish = |edit| Wish {
        trusts_vendored: edit != Edit::Unchanged && !arguments.mode.force,
        ..arguments.mode.wish()
    };
    if arguments.mode.dry_run {
        apply::pending(&Real, &place.root)?;
        let (text, edit) = edited_spec(&place, &mut wanted, runtime, store)?;
        let working = output.working("planning");
        let plan = place.plan(&Real, &text, &wish(edit))?;
        drop(working);
        return Ok(print_plan(&plan, arguments.mode.diff, output));
    }
    let is_linted = !place.new && !place.foreign && !output.is_silent();
    let facts = is_linted.then(|| Facts::of(&place.root, environment));
    let session = open(&place, output)?;
    let (text, edit) = edited_spec(&place, &mut wanted, runtime, store)?;
    let wish = Wish {
        facts: facts.as_ref().map(|facts| Arc::clone(&facts.cache)),
        ..wish(edit)
    };
    let Some(settled) = conflicts::plan(&place, &text, wish, environment, output)? else {
        return Ok(Exit::Findings);
    };
    let plan = &settled.plan;
    let linting = facts.map(|facts| Linting::of(plan, &place.root, environment, facts));
    let exit = carry_out(&session, &settled, arguments.mode.diff, output)?;
    let way = relative(&environment.folder, &place.root);
    let way = way.display().to_string();
    report(&wanted, edit, exit, plan, output);
    if let Some(linting) = linting {
        linting.report(output);
    }
    if edit != Edit::Unchanged {
        next_steps(&wanted, &text, &way, plan, output);
    }
    Ok(exit)
}

/// What adding it would do to the spec of which place; refuses what cannot be added there, and writes
/// nothing.
pub(super) fn try_out(
    arguments: &Generate,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Tried> {
    let mut wanted = understand(arguments, output)?;
    let place = place_of(arguments, &wanted, environment)?;
    let (_, edit) = edited_spec(&place, &mut wanted, None, None)?;
    let preset = wanted.preset;
    Ok(Tried {
        place,
        edit,
        preset,
    })
}

/// What adding an operation would come to.
pub(super) struct Tried {
    pub(super) place: Place,
    pub(super) edit: Edit,
    /// The fields that are taken where none are named.
    pub(super) preset: Option<Preset>,
}

fn place_of(arguments: &Generate, wanted: &Wanted, environment: &Environment) -> Result<Place> {
    let target = Target {
        out: arguments.out.clone(),
        package: arguments.package.clone(),
    };
    let new_folder = format!("{}-service", wanted.domain.name.kebab());
    target::for_generation(&Real, &target, environment, &new_folder)
}

fn understand(arguments: &Generate, output: &mut Output<'_>) -> Result<Wanted> {
    let (typed_domain, typed_event) = both_names(arguments)?;
    let domain = read_name(Role::Domain, typed_domain, output)?;
    let event = read_name(Role::Event, typed_event, output)?;
    let fields = read_fields(&arguments.fields, output)?;
    let track = arguments
        .track
        .as_deref()
        .map(spec::parse_track)
        .transpose()?;
    let gateway = arguments
        .gateway
        .as_deref()
        .map(GatewayKind::parse)
        .transpose()?;
    let given = Given {
        fields: !fields.is_empty(),
        track: track.is_some(),
        gateway: gateway.is_some(),
    };
    let name = naming::operation_names(&event).remove(0);
    let operation = Operation {
        event,
        was: None,
        name,
        track: track.unwrap_or_default(),
        fields,
    };
    let domain = Domain {
        name: domain,
        was: None,
        gateway: gateway.unwrap_or_default(),
        callbacks: arguments.callbacks,
        metrics: false,
        operations: vec![operation],
    };
    Ok(Wanted {
        domain,
        given,
        preset: None,
        no_router: arguments.no_router,
    })
}

/// Fields as they are typed.
pub(super) fn read_fields(typed: &[String], output: &mut Output<'_>) -> Result<Vec<Field>> {
    let mut fields = Vec::new();
    for text in typed {
        let (field, converted) = Field::parse(text)?;
        if let Some(typed) = converted {
            output.note(&format!("the field `{typed}` is written `{}`", field.name));
        }
        fields.push(field);
    }
    if !fields.is_empty() {
        spec::check_fields(&fields)?;
    }
    Ok(fields)
}

impl Wanted {
    /// Fills in what was not named: the gateway of a domain that is there, and a preset's fields.
    fn complete(&mut self, spec: &Spec) {
        let known = spec.domain(&self.domain.name);
        if let Some(known) = known.filter(|_| !self.given.gateway) {
            self.domain.gateway = known.gateway;
        }
        if self.given.fields {
            return;
        }
        let mut operations = std::mem::take(&mut self.domain.operations);
        for operation in &mut operations {
            let preset = Preset::of(&self.domain, operation);
            operation.fields = preset.fields();
            if !self.given.track {
                operation.track = preset.track;
            }
            self.preset = Some(preset);
        }
        self.domain.operations = operations;
    }
}

fn both_names(arguments: &Generate) -> Result<(&str, &str)> {
    match (&arguments.domain, &arguments.event) {
        (Some(domain), Some(event)) => Ok((domain, event)),
        (Some(only), None) => {
            let help = match words::nearest(only) {
                Some(near) => format!("did you mean `orch-gen {near}`?"),
                None => format!("name its event too, such as `orch-gen {only} {only}Requested`"),
            };
            let what = format!("`{}` alone says nothing to do", only.escape_debug());
            Err(Error::new(Code::Usage, what).help(help))
        }
        (None, _) => Err(Error::new(Code::Usage, "no domain and no event were given")
            .help("`orch-gen Payment PaymentRequested`, or see `orch-gen --help`")),
    }
}

fn read_name(role: Role, typed: &str, output: &mut Output<'_>) -> Result<Name> {
    let (name, typed) = Name::parse(role, typed)?;
    if let Some(typed) = typed {
        output.note(&format!("`{typed}` is written `{}`", name.type_name()));
    }
    Ok(name)
}

/// The text that `orch.toml` is to have.
fn edited_spec(
    place: &Place,
    wanted: &mut Wanted,
    runtime: Option<RuntimeSource>,
    store: Option<StoreKind>,
) -> Result<(String, Edit)> {
    let router = !wanted.no_router;
    let kind = match place.foreign {
        true => PackageKind::Existing { router },
        false => PackageKind::Service,
    };
    let text = base_text(place, kind, runtime, store)?;
    wanted.complete(&Spec::parse(&text)?);
    spec::add_operation(&text, &wanted.domain, wanted.given)
}

/// The text of `orch.toml` with this runtime and store, or that of a new one.
pub(super) fn base_text(
    place: &Place,
    kind: PackageKind,
    runtime: Option<RuntimeSource>,
    store: Option<StoreKind>,
) -> Result<String> {
    let text = match (place.spec_text(&Real)?, &runtime) {
        (None, _) => {
            let mut empty = Spec::empty(runtime.unwrap_or_default(), store.unwrap_or_default());
            empty.package = kind;
            spec::new_document(&empty)
        }
        (Some(text), None) => text,
        (Some(text), Some(runtime)) => {
            if Spec::parse(&text)?.runtime == *runtime {
                text
            } else {
                spec::set_runtime(&text, runtime)?
            }
        }
    };
    match store {
        Some(store) if Spec::parse(&text)?.store != store => spec::set_store(&text, store),
        _ => Ok(text),
    }
}

fn report(wanted: &Wanted, edit: Edit, exit: Exit, plan: &Plan, output: &mut Output<'_>) {
    let domain = &wanted.domain.name;
    let Some(operation) = wanted.domain.operations.first() else {
        return;
    };
    let event = operation.event.type_name();
    let done = match edit {
        Edit::NewDomain => format!("Added the domain {} with {event}.", domain.type_name()),
        Edit::NewOperation => format!("Added {event} to the domain {}.", domain.type_name()),
        Edit::Changed => format!("Changed {event} of the domain {}.", domain.type_name()),
        Edit::Unchanged if exit != Exit::Done => format!("{event} was there already."),
        Edit::Unchanged if plan.is_empty() => format!("{event} is there already: nothing to do."),
        Edit::Unchanged => format!("{event} was there already; the tree matches orch.toml again."),
    };
    output.say(&format!("\n{done}"));
    if let (Some(preset), Edit::NewDomain | Edit::NewOperation) = (wanted.preset, edit) {
        output.say(&format!(
            "No fields were given: the {} preset was used:",
            preset.name
        ));
        for field in preset.texts() {
            output.say(&format!("  {field}"));
        }
    }
}

fn next_steps(wanted: &Wanted, text: &str, way: &str, plan: &Plan, output: &mut Output<'_>) {
    let Some((package, operation)) = in_the_model(wanted, text, plan) else {
        return;
    };
    output.say("\nNext:");
    if way != "." {
        output.say(&format!("  cd {way}"));
    }
    if package.kind != PackageKind::Service {
        return in_a_program(&package, wanted, plan, output);
    }
    output.say("  cargo run -- --simulate");
    output.say(&format!(
        "  curl -i localhost:3000/api/{} \\",
        operation.route()
    ));
    output.say("    -H 'Content-Type: application/json' -H 'Idempotency-Key: try-1' \\");
    output.say(&format!(
        "    -d '{}'",
        operation.sample_json().replace('\'', "'\\''")
    ));
    output.say("  cargo test");
}

/// What is left to do in a package that has a program of its own.
fn in_a_program(package: &PackageModel, wanted: &Wanted, plan: &Plan, output: &mut Output<'_>) {
    output.say("  cargo test");
    let domain = wanted.domain.name.screaming();
    output.say(&format!(
        "  set {domain}_GATEWAY_URL to the provider's address"
    ));
    if !plan.has_router() {
        output.say("  start the operations in your program, and serve their API:");
        for line in inject::router_lines(&package.wiring()) {
            output.say(&format!("    {line}"));
        }
    }
}

/// The package and the operation as the spec names them now.
fn in_the_model(
    wanted: &Wanted,
    text: &str,
    plan: &Plan,
) -> Option<(PackageModel, OperationModel)> {
    let spec = Spec::parse(text).ok()?;
    let package = PackageModel::new(&spec, &plan.place);
    let event = &wanted.domain.operations.first()?.event;
    let operation = package
        .operations()
        .find(|(d, o)| d.name == wanted.domain.name && o.event == *event)
        .map(|(_, o)| o.clone())?;
    Some((package, operation))
}
