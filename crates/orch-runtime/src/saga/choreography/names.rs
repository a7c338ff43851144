//! How the events and the handlers of a choreographed saga are called.

use std::collections::BTreeMap;

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
}

#[derive(Debug, Clone, Default)]
struct StepNames {
    succeeded: Option<&'static str>,
    failed: Option<&'static str>,
    handler: Option<&'static str>,
    is_shared: bool,
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
