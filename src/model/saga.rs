//! Sagas as templates see them.

use super::{FieldModel, OperationModel};
use crate::naming::{self, Name};
use crate::schema;
use crate::spec::saga::{self, Compensation, Origin, Saga, Step, Way};
use crate::spec::{Domain, GatewayKind, Operation, StoreKind, Track};

/// A saga: one module, one pair of tables, and what its steps do.
#[derive(Debug, Clone)]
pub struct SagaModel {
    /// Its name in every form.
    pub name: Name,
    /// What it is asked to do, as a command of its own.
    pub input: OperationModel,
    /// For how many seconds its steps may begin, where it says so.
    pub time_budget: Option<u64>,
    /// Whether it can also be choreographed.
    pub choreography: bool,
    /// The fields of its input that its events carry, as they are in JSON.
    pub tells: Vec<String>,
    /// Its steps in the order of `orch.toml`.
    pub steps: Vec<StepModel>,
}

/// One step of a saga.
#[derive(Debug, Clone)]
pub struct StepModel {
    /// `process_payment`: its name, and its module.
    pub name: String,
    /// The steps that it comes after.
    pub after: Vec<String>,
    /// The operation that it is; `None` for work in our own database.
    pub call: Option<CallModel>,
    /// The operation that takes it back.
    pub undo: Option<CallModel>,
    /// Why nothing takes it back, where nothing does.
    pub not_undone: Option<String>,
    /// Whether the saga goes on when it fails.
    pub optional: bool,
    /// How often and for how long its operations are tried, where it says so itself.
    pub limits: saga::StepLimits,
    /// The event that tells that it happened.
    pub event: String,
    /// The event that tells that it did not.
    pub failure: String,
    /// The event that tells that nobody knows.
    pub in_doubt: String,
    /// The fields of its result that its events carry.
    pub tells: Vec<String>,
}

/// An operation that a step asks for.
#[derive(Debug, Clone)]
pub struct CallModel {
    /// `payment`: the module of its domain.
    pub domain: String,
    /// `payment`: what the tables of its domain begin with.
    pub tables: String,
    /// `payment::refund`: where its command is.
    pub path: String,
    /// `Refund`.
    pub name: String,
    /// `Payment.RefundRequested`.
    pub title: String,
    /// The fields of its command, and where each comes from.
    pub arguments: Vec<Argument>,
}

/// One field of a step's command.
#[derive(Debug, Clone)]
pub struct Argument {
    /// The field of the command.
    pub field: FieldModel,
    /// Where its value comes from.
    pub origin: Source,
}

/// Where the value of a field comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A field of the saga's input.
    Input(Box<FieldModel>),
    /// The provider's name for what is undone.
    Reference,
    /// The step's own key.
    Key,
    /// Nowhere.
    Nothing,
}

impl SagaModel {
    pub(super) fn new(saga: &Saga, domains: &[Domain]) -> Self {
        let input = input(saga);
        let steps = saga.steps.iter();
        let steps = steps.map(|step| StepModel::new(step, saga, &input, domains));
        Self {
            name: saga.name.clone(),
            steps: steps.collect(),
            choreography: saga.choreography,
            tells: tells(saga, &input),
            time_budget: saga.time_budget.map(saga::TimeBudget::seconds),
            input,
        }
    }

    /// `order_creation`.
    #[must_use]
    pub fn module(&self) -> &str {
        self.name.module()
    }

    /// `src/order_creation`.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("src/{}", self.module())
    }

    /// `order_creation_saga`: what the names of its tables begin with.
    #[must_use]
    pub fn tables_name(&self) -> String {
        format!("{}_saga", self.module())
    }

    /// The domains that serve its steps, as the names of their tables, each once and in order.
    #[must_use]
    pub fn served_by(&self) -> Vec<&CallModel> {
        let steps = self.steps.iter();
        let calls = steps.flat_map(|step| step.call.iter().chain(&step.undo));
        let mut domains: Vec<&CallModel> = calls.collect();
        domains.sort_by(|a, b| a.tables.cmp(&b.tables));
        domains.dedup_by(|a, b| a.tables == b.tables);
        domains
    }

    /// What its tables have to hold, in the SQL of `store`.
    pub(super) fn tables(&self, store: StoreKind) -> schema::Wanted {
        let columns = self.input.columns().into_iter();
        schema::Wanted {
            kind: schema::Kind::Saga,
            module: self.tables_name(),
            events: Vec::new(),
            columns: columns
                .map(|column| schema::Column {
                    name: column.sql(),
                    sql: column.kind(store).to_owned(),
                    filled_by: Vec::new(),
                })
                .collect(),
            inbox: self.choreography,
        }
    }
}

/// What a saga is asked to do: a command without a provider.
fn input(saga: &Saga) -> OperationModel {
    let event = Name::of(&format!("{}Initiated", saga.name.type_name()));
    let operation = Operation {
        event,
        was: None,
        name: saga.name.clone(),
        track: Track::default(),
        fields: saga.fields.clone(),
    };
    let domain = Domain {
        name: saga.name.clone(),
        was: None,
        gateway: GatewayKind::Http,
        callbacks: false,
        metrics: false,
        operations: Vec::new(),
    };
    OperationModel::new(&domain, &operation)
}

impl StepModel {
    fn new(step: &Step, saga: &Saga, input: &OperationModel, domains: &[Domain]) -> Self {
        let call = |callee: &saga::Callee, way| {
            let (domain, operation) = saga::called(domains, callee)?;
            let model = OperationModel::new(domain, operation);
            let fields = operation.fields.iter().zip(&model.fields);
            let arguments = fields.map(|(field, model)| {
                let names = saga::names(&step.name, domain, field);
                let origin = saga::origin(&saga.fields, &names, field, way);
                Argument {
                    field: model.clone(),
                    origin: source(origin, input),
                }
            });
            Some(CallModel {
                domain: domain.name.module().to_owned(),
                tables: domain.stored().module().to_owned(),
                path: model.module_path(),
                name: model.type_name().to_owned(),
                title: callee.to_string(),
                arguments: arguments.collect(),
            })
        };
        let (undo, not_undone) = match &step.compensation {
            Compensation::Code => (None, None),
            Compensation::Operation(undo) => (call(undo, Way::Undo), None),
            Compensation::None(reason) => (None, Some(reason.clone())),
        };
        Self {
            name: step.name.clone(),
            after: step.after.clone(),
            call: step.call.as_ref().and_then(|callee| call(callee, Way::Do)),
            undo,
            not_undone,
            optional: step.optional,
            limits: step.limits,
            event: step.event(),
            failure: step.failure(),
            in_doubt: step.in_doubt(),
            tells: step.told.tells.clone(),
        }
    }

    /// `ReserveInventory`.
    #[must_use]
    pub fn type_name(&self) -> String {
        naming::pascal_of(&self.name)
    }
}

fn tells(saga: &Saga, input: &OperationModel) -> Vec<String> {
    let told = saga.tells.iter().filter_map(|name| {
        let at = saga.fields.iter().position(|field| field.name == *name)?;
        Some(input.fields[at].stored_json())
    });
    told.collect()
}

/// A spec that was read has an origin for each field.
fn source(origin: Option<Origin>, input: &OperationModel) -> Source {
    match origin {
        Some(Origin::Input(at)) => Source::Input(Box::new(input.fields[at].clone())),
        Some(Origin::Reference) => Source::Reference,
        Some(Origin::Key) => Source::Key,
        Some(Origin::Nothing) | None => Source::Nothing,
    }
}
