//! How the events and the handlers of a choreographed saga are called.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::events::envelope::RESERVED;
use crate::saga::plan::{Plan, Weight};

/// The handler that undoes.
pub(super) const COMPENSATION_HANDLER: &str = "CompensationHandler";
/// The handler of failures that do not make the saga fail.
pub(super) const TOLERATED_HANDLER: &str = "ToleratedFailureHandler";

pub(super) const COMPENSATION_INITIATED: &str = "CompensationInitiated";
pub(super) const COMPENSATION_DUE: &str = "CompensationDue";
pub(super) const COMPENSATION_STEP_COMPLETED: &str = "CompensationStepCompleted";
pub(super) const COMPENSATION_FAILED: &str = "CompensationFailed";
pub(super) const COMPENSATION_COMPLETED: &str = "CompensationCompleted";

/// What choreographed sagas tell of, and under which names.
#[derive(Debug, Clone)]
pub struct SagaEvents {
    saga: &'static str,
    steps: BTreeMap<&'static str, StepNames>,
    aggregate: Option<&'static str>,
    input: Vec<&'static str>,
}

#[derive(Debug, Clone, Default)]
struct StepNames {
    succeeded: Option<&'static str>,
    failed: Option<&'static str>,
    handler: Option<&'static str>,
    is_shared: bool,
    told: Vec<&'static str>,
}

impl SagaEvents {
    /// Events of the saga of this name in `UpperCamelCase`, such as `Purchase`: its first event is
    /// `PurchaseInitiated`, and those of a step `pay` are `PaySucceeded` and `PayFailed`.
    #[must_use]
    pub fn of(saga: &'static str) -> Self {
        Self {
            saga,
            steps: BTreeMap::new(),
            aggregate: None,
            input: Vec::new(),
        }
    }

    /// Other names for the success and the failure of a step.
    #[must_use]
    pub fn step(
        mut self,
        step: &'static str,
        succeeded: &'static str,
        failed: &'static str,
    ) -> Self {
        let names = self.steps.entry(step).or_default();
        (names.succeeded, names.failed) = (Some(succeeded), Some(failed));
        self
    }

    /// Another name for the handler of a step; without it, that of a step `pay` is `PayHandler`.
    #[must_use]
    pub fn handled_by(mut self, step: &'static str, handler: &'static str) -> Self {
        self.steps.entry(step).or_default().handler = Some(handler);
        self
    }

    /// Has the success of a step carry its result. Without it no result leaves the database: handlers find it
    /// on record, and whoever else listens does not need it.
    #[must_use]
    pub fn sharing(mut self, step: &'static str) -> Self {
        self.steps.entry(step).or_default().is_shared = true;
        self
    }

    /// Has the events of a step carry this field, too: its success that of its result, its failure that of what was
    /// said with the refusal ([`LocalError::with`](crate::saga::LocalError::with)). The saga's completion carries
    /// it as well. Where it is not there, it is left out.
    #[must_use]
    pub fn telling(mut self, step: &'static str, field: &'static str) -> Self {
        self.steps.entry(step).or_default().told.push(field);
        self
    }

    /// Has the first event of a saga and its last one carry this field of its input, too.
    #[must_use]
    pub fn telling_input(mut self, field: &'static str) -> Self {
        self.input.push(field);
        self
    }

    /// The field of the saga's input that names the thing in the business that events are about; without it,
    /// they are about the saga's owner.
    #[must_use]
    pub fn about(mut self, field: &'static str) -> Self {
        self.aggregate = Some(field);
        self
    }

    /// The thing in the business that the events of a saga with this input are about.
    pub(super) fn aggregate(&self, payload: &str, owner: &str) -> String {
        let named = self.aggregate.and_then(|field| {
            let input: serde_json::Value = serde_json::from_str(payload).ok()?;
            match input.get(field)? {
                serde_json::Value::String(text) => Some(text.clone()),
                serde_json::Value::Number(number) => Some(number.to_string()),
                _ => None,
            }
        });
        named.unwrap_or_else(|| owner.to_owned())
    }

    /// A saga was recorded.
    #[must_use]
    pub fn initiated(&self) -> String {
        format!("{}Initiated", self.saga)
    }

    /// A saga is not to go on.
    #[must_use]
    pub fn stopped(&self) -> String {
        format!("{}Stopped", self.saga)
    }

    /// What is undone, as `CompensationInitiated` says it: `purchase_compensation`.
    pub(super) fn compensation_type(&self) -> String {
        format!("{}_compensation", snake(self.saga))
    }

    /// A saga ended with every step done.
    #[must_use]
    pub fn completed(&self) -> String {
        format!("{}Completed", self.saga)
    }

    /// A saga ended otherwise.
    #[must_use]
    pub fn failed(&self) -> String {
        format!("{}Failed", self.saga)
    }

    /// A step happened.
    #[must_use]
    pub fn step_succeeded(&self, step: &str) -> String {
        let named = self.steps.get(step).and_then(|names| names.succeeded);
        named.map_or_else(|| format!("{}Succeeded", camel(step)), str::to_owned)
    }

    /// A step certainly did not happen.
    #[must_use]
    pub fn step_failed(&self, step: &str) -> String {
        let named = self.steps.get(step).and_then(|names| names.failed);
        named.map_or_else(|| format!("{}Failed", camel(step)), str::to_owned)
    }

    /// Nobody but a person can say whether a step happened.
    #[must_use]
    pub fn step_in_doubt(&self, step: &str) -> String {
        format!("{}InDoubt", camel(step))
    }

    /// The handler of a step.
    #[must_use]
    pub fn handler(&self, step: &str) -> String {
        let named = self.steps.get(step).and_then(|names| names.handler);
        named.map_or_else(|| format!("{}Handler", camel(step)), str::to_owned)
    }

    pub(super) fn shares(&self, step: &str) -> bool {
        self.steps.get(step).is_some_and(|names| names.is_shared)
    }

    /// What events carry of a result of a step, or of what was said with its refusal.
    pub(super) fn told_by(&self, step: &str, from: Option<&Json>) -> Map<String, Json> {
        let names = self.steps.get(step);
        names.map_or_else(Map::new, |names| chosen(&names.told, from))
    }

    /// What events carry of a saga's input.
    pub(super) fn told_of_input(&self, payload: &str) -> Map<String, Json> {
        if self.input.is_empty() {
            return Map::new();
        }
        let input: Option<Json> = serde_json::from_str(payload).ok();
        chosen(&self.input, input.as_ref())
    }

    /// A field that is to be told, and that stands in each event already.
    pub(in crate::saga) fn usurper(&self) -> Option<&'static str> {
        let told = self.steps.values().flat_map(|names| &names.told);
        let mut told = told.chain(&self.input);
        told.find(|name| RESERVED.contains(name) || OWN.contains(name))
            .copied()
    }

    /// A step that something is said of and that the plan does not have.
    pub(in crate::saga) fn stranger(&self, plan: &Plan) -> Option<&'static str> {
        let mut named = self.steps.keys();
        named.find(|step| plan.index_of(step).is_none()).copied()
    }

    /// The events at which the handler of a step looks whether to begin it.
    #[must_use]
    pub fn that_begin(&self, plan: &Plan, step: usize) -> Vec<String> {
        let mut events = Vec::new();
        for earlier in plan.before(step).iter().map(|at| &plan.steps()[at]) {
            events.push(self.step_succeeded(earlier.name));
            if earlier.weight == Weight::Optional {
                events.push(self.step_failed(earlier.name));
                events.push(self.step_in_doubt(earlier.name));
            }
        }
        if events.is_empty() {
            events.push(self.initiated());
        }
        events
    }

    /// The events at which the handler that undoes looks what to undo.
    #[must_use]
    pub fn that_undo(&self, plan: &Plan) -> Vec<String> {
        let required = plan.steps().iter();
        let required = required.filter(|step| step.weight == Weight::Required);
        let mut events: Vec<String> = required.map(|step| self.step_failed(step.name)).collect();
        events.push(self.stopped());
        let own = [
            COMPENSATION_DUE,
            COMPENSATION_STEP_COMPLETED,
            COMPENSATION_FAILED,
        ];
        events.extend(own.map(str::to_owned));
        events
    }

    /// The failures that do not make the saga fail.
    #[must_use]
    pub fn that_are_tolerated(&self, plan: &Plan) -> Vec<String> {
        let optional = plan.steps().iter();
        let optional = optional.filter(|step| step.weight == Weight::Optional);
        optional
            .flat_map(|step| [self.step_failed(step.name), self.step_in_doubt(step.name)])
            .collect()
    }

    /// The events that nobody has to handle.
    pub(super) fn news(&self, plan: &Plan) -> Vec<String> {
        let steps = plan.steps().iter();
        let mut news: Vec<String> = steps
            .flat_map(|step| {
                [
                    self.step_succeeded(step.name),
                    self.step_in_doubt(step.name),
                ]
            })
            .collect();
        news.extend([self.completed(), self.failed()]);
        news.extend([COMPENSATION_INITIATED, COMPENSATION_COMPLETED].map(str::to_owned));
        news
    }
}

/// The fields that the runtime's own events have.
const OWN: [&str; 12] = [
    "again",
    "compensatedSteps",
    "compensationType",
    "completedAt",
    "errorCode",
    "failedStep",
    "failureReason",
    "originalFailedStep",
    "reason",
    "result",
    "step",
    "steps",
];

/// Some fields of an object, those that are there.
fn chosen(fields: &[&str], from: Option<&Json>) -> Map<String, Json> {
    let found = fields.iter().filter_map(|name| {
        let value = from?.get(name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    found.collect()
}

/// `OrderCreation` as `order_creation`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// `item_grant` as `ItemGrant`.
fn camel(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_step_unless_they_are_given() {
        let events = SagaEvents::of("Purchase").step(
            "user_validation",
            "UserValidated",
            "UserValidationFailed",
        );
        assert_eq!(events.initiated(), "PurchaseInitiated");
        assert_eq!(events.step_succeeded("user_validation"), "UserValidated");
        assert_eq!(events.step_succeeded("item_grant"), "ItemGrantSucceeded");
        assert_eq!(events.step_failed("item_grant"), "ItemGrantFailed");
        assert_eq!(events.handler("user_validation"), "UserValidationHandler");
    }

    /// An event whose `transactionId` were one of the business would be taken for one of another saga.
    #[test]
    fn what_is_told_is_no_field_that_events_have() {
        let events = SagaEvents::of("OrderCreation").telling("pay", "userBalance");
        assert_eq!(events.usurper(), None);
        assert_eq!(events.compensation_type(), "order_creation_compensation");
        let told = events.clone().telling("pack", "transactionId");
        assert_eq!(told.usurper(), Some("transactionId"));
        assert_eq!(events.telling_input("reason").usurper(), Some("reason"));
    }

    #[test]
    fn only_what_is_there_and_is_named_is_told() {
        let events = SagaEvents::of("Order")
            .telling("pay", "paid")
            .telling("pay", "missing")
            .telling_input("orderId");
        let result = serde_json::json!({ "paid": 7, "card": "4242" });
        let told = events.told_by("pay", Some(&result));
        assert_eq!(Json::Object(told), serde_json::json!({ "paid": 7 }));
        assert!(events.told_by("pay", Some(&Json::from(7))).is_empty());
        assert!(events.told_by("pack", Some(&result)).is_empty());
        let told = events.told_of_input(r#"{"orderId":"a","card":"4242"}"#);
        assert_eq!(Json::Object(told), serde_json::json!({ "orderId": "a" }));
    }

    #[test]
    fn events_are_about_the_owner_unless_the_input_names_a_thing() {
        let events = SagaEvents::of("Purchase");
        assert_eq!(events.aggregate(r#"{"userId":"u-7"}"#, "ada"), "ada");
        let events = events.about("userId");
        assert_eq!(events.aggregate(r#"{"userId":"u-7"}"#, "ada"), "u-7");
        assert_eq!(events.aggregate(r#"{"userId":7}"#, "ada"), "7");
        assert_eq!(events.aggregate("{}", "ada"), "ada");
    }
}
