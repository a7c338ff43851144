//! What has to hold between the parts of a spec.

use super::{Domain, Field, Operation, Spec, Type, slot};
use crate::error::{Code, Error, Result};
use crate::naming::{self, Name};
use std::collections::BTreeMap;

/// The most fields a command may have.
const MAX_FIELDS: usize = 40;

/// The longest module name whose tables and constraints fit into 63 characters.
const MAX_DOMAIN: usize = 40;

/// Types that generated code imports: nothing generated may have one of these names.
const IMPORTED: &[&str] = &[
    "ApiError",
    "BizKey",
    "BuildError",
    "Bytes",
    "Callback",
    "CallbackOutcome",
    "CallbackReceiver",
    "CallbackRefused",
    "CallbackRequest",
    "CallbackSweeper",
    "Cleaner",
    "Column",
    "Columns",
    "Command",
    "CommandError",
    "Date",
    "DateTime",
    "Decimal",
    "DecodeError",
    "Deserialize",
    "Duration",
    "Endpoint",
    "Engine",
    "EngineBuilder",
    "Entity",
    "EventId",
    "FcmClient",
    "FcmMessage",
    "Finalizer",
    "FinalizerConfig",
    "FinalizerReport",
    "Future",
    "GatewayError",
    "GatewayKind",
    "HeaderMap",
    "HistoryEntry",
    "HmacSha256",
    "HttpGateway",
    "IdemKey",
    "Idempotency",
    "Intervals",
    "InvalidSecret",
    "Json",
    "JsonFields",
    "Lookup",
    "Migration",
    "Module",
    "Money",
    "Monitor",
    "OpId",
    "OperationState",
    "OperationView",
    "Orchestrator",
    "Outcome",
    "OwnerId",
    "Page",
    "PageRequest",
    "Part",
    "Parts",
    "Probe",
    "ProtectionPolicy",
    "REDACTED",
    "Reaper",
    "ReaperConfig",
    "ReaperReport",
    "Receipt",
    "Repository",
    "Response",
    "RetryPolicy",
    "Router",
    "Row",
    "S3Client",
    "S3Object",
    "Scheduler",
    "Secret",
    "Serialize",
    "Setup",
    "SetupError",
    "SimulatedGateway",
    "SmtpClient",
    "SmtpMail",
    "SpoolSweeper",
    "State",
    "Statistics",
    "StoreError",
    "StripeCharge",
    "StripeClient",
    "StripeRefund",
    "Submission",
    "Tables",
    "Timestamp",
    "TimestampedHmacSha256",
    "TwilioClient",
    "TwilioMessage",
    "TwilioSignature",
    "Uuid",
    "Violations",
    "WalState",
    "Workers",
];

/// Types generated for every domain; `*` is the domain's name.
const DOMAIN_TYPES: &[&str] = &[
    "*Operation",
    "*OperationRepository",
    "*WriteAheadLog",
    "*WriteAheadLogRepository",
    "*Finalizer",
    "*Reaper",
    "*Gateway",
];

/// The type generated for a domain with callbacks.
const CALLBACKS_TYPE: &str = "*Callbacks";

/// Types generated for every operation; `*` is the operation's name.
const OPERATION_TYPES: &[&str] = &["*Command", "*Orchestrator", "Raw*Command"];

/// Functions that every gateway has beside one for each operation and one for its probe.
const GATEWAY: &[&str] = &["attempt_timeout", "idempotency", "new", "protection"];

/// Whether generated code imports a type of this name.
pub(crate) fn is_runtime_type(name: &str) -> bool {
    IMPORTED.contains(&name)
}

/// No two domains may be the same folder on a disk that ignores case.
pub(super) fn distinct_domain(earlier: &[Domain], name: &Name) -> Result<()> {
    match earlier
        .iter()
        .find(|domain| domain.name.collides_with(name))
    {
        None => Ok(()),
        Some(other) => {
            let (name, other) = (name.type_name(), other.name.type_name());
            let what = if name == other {
                format!("the domain `{name}` is there twice")
            } else {
                format!("the domains `{other}` and `{name}` differ only by case")
            };
            Err(Error::new(Code::NameClash, what).help(format!("use `{other}`, or another name")))
        }
    }
}

/// The name of an operation: the first of its possible names that is free in its domain.
pub(super) fn operation_name(earlier: &[Operation], event: &Name) -> Result<Name> {
    let taken = |name: &Name| earlier.iter().find(|other| other.name.collides_with(name));
    if let Some(other) = earlier
        .iter()
        .find(|other| other.event.collides_with(event))
    {
        let what = format!("the event `{}` is there twice", other.event.type_name());
        return Err(Error::new(Code::NameClash, what).help("keep one of them"));
    }
    let names = naming::operation_names(event);
    names
        .iter()
        .find(|name| taken(name).is_none())
        .cloned()
        .ok_or_else(|| {
            let what = format!(
                "the domain has an operation `{}` already",
                event.type_name()
            );
            Error::new(Code::NameClash, what).help("use another event name")
        })
}

/// No two fields may have one name, in Rust, in SQL or in JSON.
///
/// # Errors
/// Names the first field that clashes.
pub fn check_fields(fields: &[Field]) -> Result<()> {
    if fields.is_empty() {
        return Err(
            Error::new(Code::FieldForm, "a command needs at least one field")
                .help("name what identifies the call, such as `order_id:string`"),
        );
    }
    if fields.len() > MAX_FIELDS {
        let what = format!(
            "a command has at most {MAX_FIELDS} fields, not {}",
            fields.len()
        );
        return Err(Error::new(Code::FieldForm, what).help("put details into one `json` field"));
    }
    let mut taken: Vec<String> = Vec::new();
    for field in fields {
        for name in names_of(field) {
            if taken.contains(&name) {
                let what = format!("the field name `{name}` is taken by an earlier field");
                return Err(Error::new(Code::NameClash, what).help("rename one of them"));
            }
            taken.push(name);
        }
    }
    Ok(())
}

/// The column names of a field; `amount:money` is `amount_value` and `amount_currency`.
fn names_of(field: &Field) -> Vec<String> {
    let mut names = vec![field.name.clone()];
    if field.ty == Type::Money {
        names.push(format!("{}_value", field.name));
        names.push(format!("{}_currency", field.name));
    }
    if let Some(was) = &field.constraints.was {
        names.push(was.clone());
        if field.ty == Type::Money {
            names.push(format!("{was}_value"));
            names.push(format!("{was}_currency"));
        }
    }
    let camel = naming::camel_of(&field.name);
    if camel != field.name {
        names.push(camel);
    }
    names
}

/// No two domains may have one pair of tables, no two events of a domain one name in them, and no field
/// name of a domain two columns.
fn stored_names(spec: &Spec) -> Result<()> {
    let clash = |what: String| Err(Error::new(Code::NameClash, what).help("change one `was`"));
    for (index, domain) in spec.domains.iter().enumerate() {
        let mut earlier = spec.domains[..index].iter();
        if let Some(other) = earlier.find(|other| other.stored().collides_with(domain.stored())) {
            let (name, other) = (domain.name.type_name(), other.name.type_name());
            return clash(format!(
                "the domains `{other}` and `{name}` would both have the tables of `{}`",
                domain.stored().type_name()
            ));
        }
        let mut fields: BTreeMap<&str, &str> = BTreeMap::new();
        for (index, operation) in domain.operations.iter().enumerate() {
            let mut earlier = domain.operations[..index].iter();
            if let Some(other) = earlier.find(|other| other.stored() == operation.stored()) {
                let (event, other) = (operation.event.type_name(), other.event.type_name());
                return clash(format!(
                    "the events `{other}` and `{event}` would both be stored as `{}`",
                    operation.stored().type_name()
                ));
            }
            for field in &operation.fields {
                let known = *fields.entry(&field.name).or_insert(field.stored());
                if known != field.stored() {
                    let (name, stored) = (&field.name, field.stored());
                    return clash(format!(
                        "the field `{name}` is stored as `{known}` and as `{stored}`"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Modules of the owner's own beside those of domains and sagas.
fn own_modules(spec: &Spec) -> Result<()> {
    let domains = spec.domains.iter().map(|domain| domain.name.module());
    let sagas = spec.sagas.iter().map(|saga| saga.name.module());
    let taken: Vec<&str> = domains
        .chain(sagas)
        .chain(["auth", "lib", "main"])
        .collect();
    let Some(module) = spec
        .modules
        .iter()
        .find(|module| taken.contains(&module.as_str()))
    else {
        return Ok(());
    };
    let what = format!("the module `{module}` of your own is one that is generated, too");
    Err(Error::new(Code::NameClash, what).help("give it another name"))
}

/// What has to hold across domains.
pub(super) fn spec(spec: &Spec) -> Result<()> {
    stored_names(spec)?;
    own_modules(spec)?;
    let mut types: Vec<(String, String)> = Vec::new();
    let mut routes: Vec<(String, &str)> = Vec::new();
    for domain in &spec.domains {
        check_length(domain)?;
        gateway_functions(domain)?;
        slot::check(domain)?;
        callbacks_migration(domain, &spec.domains)?;
        let first_of_domain = types.len();
        for (name, owner) in generated_types(domain) {
            if is_runtime_type(&name) {
                let what = format!("{owner} would be the type `{name}`, which the runtime has");
                return Err(Error::new(Code::NameClash, what).help("use another name"));
            }
            let clash = types[first_of_domain..]
                .iter()
                .find(|(other, _)| other.eq_ignore_ascii_case(&name));
            if let Some((_, other)) = clash {
                let what = format!("{other} and {owner} would both be the type `{name}`");
                return Err(Error::new(Code::NameClash, what).help("rename one of them"));
            }
            types.push((name, owner));
        }
        for operation in &domain.operations {
            let route = operation.name.route();
            let event = operation.event.type_name();
            if let Some((_, other)) = routes.iter().find(|(taken, _)| *taken == route) {
                let what = format!("{other} and {event} would both be served at `/api/{route}`");
                return Err(Error::new(Code::NameClash, what).help("use a more exact event name"));
            }
            routes.push((route, event));
        }
    }
    for saga in &spec.sagas {
        let (route, name) = (saga.name.route(), saga.name.type_name());
        if let Some((_, other)) = routes.iter().find(|(taken, _)| *taken == route) {
            let what =
                format!("{other} and the saga {name} would both be served at `/api/{route}`");
            return Err(Error::new(Code::NameClash, what).help("give the saga another name"));
        }
        routes.push((route, name));
    }
    Ok(())
}

/// No migration for callbacks may have the name of another domain's migration.
fn callbacks_migration(domain: &Domain, all: &[Domain]) -> Result<()> {
    let inbox = format!("{}_callbacks", domain.stored().module());
    let other = all.iter().find(|other| other.stored().module() == inbox);
    let Some(other) = other.filter(|_| domain.callbacks) else {
        return Ok(());
    };
    let (name, other) = (domain.name.type_name(), other.name.type_name());
    let what = format!("the callbacks of {name} and the domain {other} would be one migration");
    Err(Error::new(Code::NameClash, what).help(format!("rename the domain {other}")))
}

/// No two functions of a gateway may have one name.
fn gateway_functions(domain: &Domain) -> Result<()> {
    let mut taken: Vec<String> = GATEWAY.iter().map(|name| (*name).to_owned()).collect();
    for operation in &domain.operations {
        let module = operation.name.module();
        for name in [module.to_owned(), format!("probe_{module}")] {
            if taken.contains(&name) {
                let event = operation.event.type_name();
                let what =
                    format!("the gateway would have two functions `{name}`, one for {event}");
                return Err(Error::new(Code::NameClash, what).help("use another event name"));
            }
            taken.push(name);
        }
    }
    Ok(())
}

/// Whether a gateway has a function of this name whatever its operations are.
#[cfg(test)]
pub(crate) fn is_gateway_function(name: &str) -> bool {
    GATEWAY.contains(&name)
}

fn check_length(domain: &Domain) -> Result<()> {
    let module = domain.name.module();
    if module.len() <= MAX_DOMAIN {
        return Ok(());
    }
    let what = format!(
        "`{module}` is too long for a domain: its tables need at most {MAX_DOMAIN} characters"
    );
    Err(Error::new(Code::NameForm, what).help("use a shorter name"))
}

/// Every type generated in a domain's module, with what it is generated for.
pub(crate) fn generated_types(domain: &Domain) -> Vec<(String, String)> {
    let name = domain.name.type_name();
    let callbacks = domain.callbacks.then_some(&CALLBACKS_TYPE);
    let mut types: Vec<_> = DOMAIN_TYPES
        .iter()
        .chain(callbacks)
        .map(|form| (form.replace('*', name), format!("the domain {name}")))
        .collect();
    let adapter = format!("{}{name}Gateway", domain.gateway.type_name());
    types.push((adapter, format!("the domain {name}")));
    for operation in &domain.operations {
        let name = operation.name.type_name();
        let event = operation.event.type_name();
        for form in OPERATION_TYPES {
            types.push((form.replace('*', name), format!("the event {event}")));
        }
        for field in operation
            .fields
            .iter()
            .filter(|field| !field.ty.variants().is_empty())
        {
            let owner = format!("the field {} of {event}", field.name);
            types.push((format!("{name}{}", naming::pascal_of(&field.name)), owner));
        }
    }
    types
}
