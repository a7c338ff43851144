//! Domains and operations as templates see them.

use super::field::{ADDRESSES, NUMBERS};
use super::{Column, FieldModel};
use crate::naming::Name;
use crate::schema;
use crate::spec::{Domain, GatewayKind, Operation, Slot, StoreKind, Track};
use std::collections::BTreeSet;

/// A domain: one module, one pair of tables, one gateway.
#[derive(Debug, Clone)]
pub struct DomainModel {
    /// Its name in every form.
    pub name: Name,
    /// The name of its tables and metrics in every form.
    pub stored: Name,
    /// How it reaches its provider.
    pub gateway: GatewayKind,
    /// Whether its provider reports by callbacks.
    pub callbacks: bool,
    /// Whether a dashboard and alerts are written for it.
    pub metrics: bool,
    /// Its operations in the order of `orch.toml`.
    pub operations: Vec<OperationModel>,
}

/// One external call.
#[derive(Debug, Clone)]
pub struct OperationModel {
    /// Its name in every form: `Payment` of `PaymentRequested`.
    pub name: Name,
    /// Its event in every form.
    pub event: Name,
    /// The event's name in the tables in every form.
    pub stored: Name,
    /// The name of its domain.
    pub domain: Name,
    /// Whether it is named like its domain and so lives at the domain's root.
    pub is_root: bool,
    /// What it keeps beside its state.
    pub track: Track,
    /// The fields of its command.
    pub fields: Vec<FieldModel>,
    /// Whether it gives back what an earlier call took.
    pub is_refund: bool,
    /// The slots of its gateway that are filled, each with the position of its field.
    slots: Vec<(&'static str, usize)>,
}

impl DomainModel {
    pub(super) fn new(domain: &Domain) -> Self {
        let operations = domain.operations.iter();
        Self {
            name: domain.name.clone(),
            stored: domain.stored().clone(),
            gateway: domain.gateway,
            callbacks: domain.callbacks,
            metrics: domain.metrics,
            operations: operations.map(|o| OperationModel::new(domain, o)).collect(),
        }
    }

    /// `Payment`.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.name.type_name()
    }

    /// `payment`.
    #[must_use]
    pub fn module(&self) -> &str {
        self.name.module()
    }

    /// `payment`: what its tables begin with, and its label in metrics.
    #[must_use]
    pub fn tables_name(&self) -> &str {
        self.stored.module()
    }

    /// `PAYMENT`, as in `PAYMENT_GATEWAY_URL`.
    #[must_use]
    pub fn screaming(&self) -> String {
        self.name.screaming()
    }

    /// `file upload`, for prose.
    #[must_use]
    pub fn prose(&self) -> String {
        self.name.prose()
    }

    /// `src/payment`.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("src/{}", self.module())
    }

    /// `payment_operations`.
    #[must_use]
    pub fn operations_table(&self) -> String {
        format!("{}_operations", self.tables_name())
    }

    /// `payment_write_ahead_logs`.
    #[must_use]
    pub fn wal_table(&self) -> String {
        format!("{}_write_ahead_logs", self.tables_name())
    }

    /// What its tables have to hold, in the SQL of `store`.
    pub(super) fn tables(&self, store: StoreKind) -> schema::Wanted {
        let columns = self.columns().into_iter();
        schema::Wanted {
            kind: schema::Kind::Domain,
            module: self.tables_name().to_owned(),
            events: self
                .operations
                .iter()
                .map(OperationModel::event_type)
                .collect(),
            columns: columns
                .map(|column| schema::Column {
                    name: column.sql(),
                    sql: column.kind(store).to_owned(),
                    filled_by: self.events_that_fill(&column),
                })
                .collect(),
            inbox: self.callbacks,
        }
    }

    /// The events whose commands always have a value for a column.
    fn events_that_fill(&self, column: &Column) -> Vec<String> {
        let fills = |operation: &&OperationModel| {
            let columns = operation.columns();
            columns
                .iter()
                .any(|own| own.name == column.name && !own.nullable)
        };
        let operations = self.operations.iter().filter(fills);
        operations.map(OperationModel::event_type).collect()
    }

    /// `/api/payments/callbacks`, where its provider reports.
    #[must_use]
    pub fn callbacks_path(&self) -> String {
        format!("/api/{}/callbacks", self.name.route())
    }

    /// `/api/file-uploads`, below which contents are uploaded.
    #[must_use]
    pub fn contents_path(&self) -> String {
        format!("/api/{}", self.name.route())
    }

    /// `HttpPaymentGateway`, the adapter to its provider.
    #[must_use]
    pub fn adapter(&self) -> String {
        format!("{}{}Gateway", self.gateway.type_name(), self.type_name())
    }

    /// The operation named like the domain.
    #[must_use]
    pub fn root_operation(&self) -> Option<&OperationModel> {
        self.operations.iter().find(|operation| operation.is_root)
    }

    /// Operations with a folder of their own.
    pub fn other_operations(&self) -> impl Iterator<Item = &OperationModel> {
        self.operations
            .iter()
            .filter(|operation| !operation.is_root)
    }

    /// The typed columns of all its commands: each name once.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        for column in self.operations.iter().flat_map(OperationModel::columns) {
            if !columns.iter().any(|known| known.name == column.name) {
                columns.push(column);
            }
        }
        columns
    }
}

impl OperationModel {
    pub(super) fn new(domain: &Domain, operation: &Operation) -> Self {
        let name = &operation.name;
        let filled = |slot: &Slot| Some((slot.name, slot.field_of(&operation.fields)?));
        let slots: Vec<_> = operation
            .slots(domain.gateway)
            .iter()
            .filter_map(filled)
            .collect();
        let mut fields: Vec<FieldModel> = operation
            .fields
            .iter()
            .map(|f| FieldModel::new(name.type_name(), f))
            .collect();
        let recipients = match domain.gateway {
            GatewayKind::Twilio => Some(NUMBERS),
            GatewayKind::Smtp => Some(ADDRESSES),
            GatewayKind::Http | GatewayKind::Stripe | GatewayKind::S3 | GatewayKind::Fcm => None,
        };
        for (_, at) in slots.iter().filter(|(slot, _)| *slot == "to") {
            recipients.inspect(|samples| fields[*at].sample_as(*samples));
        }
        Self {
            name: name.clone(),
            event: operation.event.clone(),
            stored: operation.stored().clone(),
            domain: domain.name.clone(),
            is_root: *name == domain.name,
            is_refund: operation.is_refund(),
            slots,
            track: operation.track,
            fields,
        }
    }

    /// `Payment`, as in `PaymentCommand`.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.name.type_name()
    }

    /// `payment`.
    #[must_use]
    pub fn module(&self) -> &str {
        self.name.module()
    }

    /// `file upload`, for prose.
    #[must_use]
    pub fn prose(&self) -> String {
        self.name.prose()
    }

    /// `PAYMENT_REQUESTED`.
    #[must_use]
    pub fn event_type(&self) -> String {
        self.stored.screaming()
    }

    /// `payments`, the last segment of its path.
    #[must_use]
    pub fn route(&self) -> String {
        self.name.route()
    }

    /// `src/payment`, or `src/payment/refund` when it is not the domain's root operation.
    #[must_use]
    pub fn folder(&self) -> String {
        if self.is_root {
            format!("src/{}", self.domain.module())
        } else {
            format!("src/{}/{}", self.domain.module(), self.module())
        }
    }

    /// `payment`, or `payment::refund`.
    #[must_use]
    pub fn module_path(&self) -> String {
        if self.is_root {
            self.domain.module().to_owned()
        } else {
            format!("{}::{}", self.domain.module(), self.module())
        }
    }

    /// Types that its command needs from the runtime, sorted, each once.
    #[must_use]
    pub fn runtime_imports(&self) -> Vec<&'static str> {
        let imports: BTreeSet<_> = self
            .fields
            .iter()
            .filter_map(FieldModel::runtime_import)
            .collect();
        imports.into_iter().collect()
    }

    /// The field that fills a slot of the domain's gateway.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&FieldModel> {
        let mut filled = self.slots.iter().filter(|(slot, _)| *slot == name);
        filled.next().and_then(|(_, at)| self.fields.get(*at))
    }

    /// Fields with an enum of their own.
    pub fn enums(&self) -> impl Iterator<Item = &FieldModel> {
        self.fields.iter().filter(|field| field.is_enum())
    }

    /// Whether any field is secret.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.fields.iter().any(|field| field.secret)
    }

    /// The typed columns of its command.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        self.fields
            .iter()
            .flat_map(|field| field.columns.iter().cloned())
            .collect()
    }

    /// The field that says what the call is about: `biz_key`, else the first required text or
    /// UUID that is not secret.
    #[must_use]
    pub fn business_key(&self) -> Option<&FieldModel> {
        let named = self.fields.iter().find(|field| field.name == "biz_key");
        named.or_else(|| self.fields.iter().find(|field| field.can_be_business_key()))
    }

    /// A body that is accepted, as JSON.
    #[must_use]
    pub fn sample_json(&self) -> String {
        self.body(|field| field.sample_json.as_str())
    }

    /// Another body that is accepted, as JSON.
    #[must_use]
    pub fn other_json(&self) -> String {
        self.body(|field| field.other_json.as_str())
    }

    fn body<'a>(&'a self, value: impl Fn(&'a FieldModel) -> &'a str) -> String {
        let members: Vec<_> = self
            .fields
            .iter()
            .map(|f| format!("\"{}\":{}", f.json, value(f)))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}
