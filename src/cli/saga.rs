//! `orch-gen generate saga <Saga> [field:type]… --step …`: several operations, and work in our own database,
//! as one.

use super::Environment;
use super::apply::{carry_out, open, print_plan};
use super::args::{Mode, PackageOption, Runtime, Target};
use super::conflicts;
use super::generate::{base_text, read_fields};
use super::new::{runtime_source, store};
use super::output::Output;
use super::target::{self, Place, relative};
use crate::apply;
use crate::disk::Real;
use crate::error::{Code, Error, Exit, Result};
use crate::model::{PackageModel, SagaModel};
use crate::naming::{Name, Role};
use crate::plan::Plan;
use crate::spec::saga::{self, Saga, Step, TimeBudget};
use crate::spec::{self, Field, PackageKind, RuntimeSource, Spec, StoreKind};
use clap::Args;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
A step is work in your own database, or NAME=Domain.Event: an operation of
orch.toml. Behind its name, each after a comma:
  undo=Domain.Event   the operation that takes it back
  none=REASON         nothing does, and why; goes last
  after=A+B           the steps that it comes after; `after=` begins at once
  optional            the saga goes on when it fails
  time_budget=TIME    after which no attempt at it starts; the rest is undone
  max_attempts=N      how often it is tried, in place of its domain's policy
  backoff_base=TIME   the first pause between two attempts, and the
  backoff_cap=TIME    longest; these four with undo_ are about its undo=
  event=, failure=    what its events are called, for --choreography

Example:
  orch-gen generate saga OrderCreation --step reserve_inventory \\
    --step pay=Payment.PaymentRequested,undo=Payment.RefundRequested \\
    --step pack,after=reserve_inventory \\
    --step ship=Parcel.ParcelRequested,after=pay+pack,time_budget=5m,none=-";
pub(super) const CHOREOGRAPHY_EXAMPLES: &str = "\
The same as `orch-gen generate saga --choreography`: see `--help` there. With
SAGA_PATTERN_MODE=choreography, handlers that hear of events move new sagas on.

Example:
  orch-gen generate choreography Purchase --step validate_user \\
    --step grant_item --step notify=Notification.NotificationSent,none=-";

/// A saga, and its steps.
#[derive(Debug, Args)]
pub(super) struct GenerateSaga {
    /// The saga in PascalCase, such as OrderCreation
    #[arg(value_name = "Saga")]
    pub(super) saga: String,
    /// The fields of its input [default: what its steps need]
    #[arg(value_name = "field:type")]
    pub(super) fields: Vec<String>,
    /// A step, after the one before: NAME[=Domain.Event,undo=Domain.Event]
    #[arg(long = "step", value_name = "STEP")]
    pub(super) steps: Vec<String>,
    /// Also write handlers that hear of events: SAGA_PATTERN_MODE decides
    #[arg(long)]
    pub(super) choreography: bool,
    /// For how long its steps may begin, such as 30m [default: 1h]
    #[arg(long, value_name = "TIME")]
    pub(super) time_budget: Option<String>,
    /// The package's folder; made when it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "package")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) runtime: Runtime,
    #[command(flatten)]
    pub(super) package: PackageOption,
    #[command(flatten)]
    pub(super) mode: Mode,
}

/// The fields of a saga whose steps need none.
const GENERAL: [&str; 2] = ["biz_key:string:max=255", "payload:json"];

/// What was asked for, read as far as it can be without the package.
struct Wanted<'a> {
    name: Name,
    fields: Vec<Field>,
    time_budget: Option<TimeBudget>,
    choreography: bool,
    steps: &'a [String],
}

/// Adds a saga to a package, which is made when it is not there.
pub(super) fn run(
    arguments: &GenerateSaga,
    choreographed: bool,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let wanted = understand(arguments, choreographed, output)?;
    let target = Target {
        out: arguments.out.clone(),
        package: arguments.package.clone(),
    };
    let new_folder = format!("{}-service", wanted.name.kebab());
    let place = target::for_generation(&Real, &target, environment, &new_folder)?;
    let runtime = runtime_source(&arguments.runtime, environment, &place.root)?;
    let store = store(&arguments.runtime)?;
    let wish = arguments.mode.wish();
    if arguments.mode.dry_run {
        apply::pending(&Real, &place.root)?;
        let (text, _, _) = edited(&place, &wanted, runtime, store)?;
        let working = output.working("planning");
        let plan = place.plan(&Real, &text, &wish)?;
        drop(working);
        return Ok(print_plan(&plan, arguments.mode.diff, output));
    }
    let session = open(&place, output)?;
    let (text, saga, is_new) = edited(&place, &wanted, runtime, store)?;
    let Some(settled) = conflicts::plan(&place, &text, wish, environment, output)? else {
        return Ok(Exit::Findings);
    };
    let exit = carry_out(&session, &settled, arguments.mode.diff, output)?;
    let name = saga.name.type_name();
    if is_new {
        output.say(&format!("\nAdded the saga {name}."));
        if wanted.fields.is_empty() {
            output.say("No fields were given: it has those that its steps need:");
            for field in &saga.fields {
                output.say(&format!("  {field}"));
            }
        }
        let way = relative(&environment.folder, &place.root);
        next_steps(
            &saga,
            &text,
            &way.display().to_string(),
            &settled.plan,
            output,
        );
    } else if settled.plan.is_empty() {
        output.say(&format!("\n{name} is there already: nothing to do."));
    }
    Ok(exit)
}

fn understand<'a>(
    arguments: &'a GenerateSaga,
    choreographed: bool,
    output: &mut Output<'_>,
) -> Result<Wanted<'a>> {
    let (name, converted) = Name::parse(Role::Saga, &arguments.saga)?;
    if let Some(typed) = converted {
        output.note(&format!("`{typed}` is written `{}`", name.type_name()));
    }
    if arguments.steps.is_empty() {
        let what = format!("the saga `{}` has no step", name.type_name());
        let help = "name them in their order: `--step reserve_inventory --step pay=Payment.PaymentRequested,undo=…`";
        return Err(Error::new(Code::Usage, what).help(help));
    }
    let fields = read_fields(&arguments.fields, output)?;
    let time_budget = arguments.time_budget.as_deref().map(TimeBudget::parse);
    Ok(Wanted {
        name,
        fields,
        time_budget: time_budget.transpose()?,
        choreography: arguments.choreography || choreographed,
        steps: &arguments.steps,
    })
}

/// The text that `orch.toml` is to have, the saga, and whether it is new.
fn edited(
    place: &Place,
    wanted: &Wanted<'_>,
    runtime: Option<RuntimeSource>,
    store: Option<StoreKind>,
) -> Result<(String, Saga, bool)> {
    let kind = match place.foreign {
        true => PackageKind::Existing { router: true },
        false => PackageKind::Service,
    };
    let text = base_text(place, kind, runtime, store)?;
    let domains = Spec::parse(&text)?.domains;
    let mut steps: Vec<Step> = Vec::new();
    for typed in wanted.steps {
        steps.push(Step::typed(typed, steps.last(), &domains)?);
    }
    let mut fields = wanted.fields.clone();
    if fields.is_empty() {
        fields = saga::fields(&steps, &domains);
    }
    if fields.is_empty() {
        let general = GENERAL.iter().map(|text| Ok(Field::parse(text)?.0));
        fields = general.collect::<Result<_>>()?;
    }
    let saga = Saga {
        name: wanted.name.clone(),
        fields,
        time_budget: wanted.time_budget,
        choreography: wanted.choreography,
        tells: Vec::new(),
        steps,
    };
    let (text, is_new) = spec::add_saga(&text, &saga)?;
    Ok((text, saga, is_new))
}

fn next_steps(saga: &Saga, text: &str, way: &str, plan: &Plan, output: &mut Output<'_>) {
    let Ok(spec) = Spec::parse(text) else {
        return;
    };
    let package = PackageModel::new(&spec, &plan.place);
    let model = package.sagas.iter().find(|model| model.name == saga.name);
    let Some(model) = model else {
        return;
    };
    output.say("\nNext:");
    if way != "." {
        output.say(&format!("  cd {way}"));
    }
    for path in to_write(model) {
        output.say(&format!("  write {path}"));
    }
    output.say("  orch-gen plan --graph");
    output.say("  cargo test");
    if package.kind == PackageKind::Service {
        output.say("  cargo run -- --simulate");
        let route = model.input.route();
        output.say(&format!("  curl -i localhost:3000/api/{route} \\"));
        output.say("    -H 'Content-Type: application/json' -H 'Idempotency-Key: try-1' \\");
        let sample = model.input.sample_json().replace('\'', "'\\''");
        output.say(&format!("    -d '{sample}'"));
    }
}

/// The files of steps that do nothing yet: work in our own database.
fn to_write(saga: &SagaModel) -> impl Iterator<Item = String> {
    let steps = saga.steps.iter().filter(|step| step.call.is_none());
    steps.map(|step| format!("{}/steps/{}.rs", saga.folder(), step.name))
}
