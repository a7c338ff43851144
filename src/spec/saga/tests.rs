//! Sagas: every order that there can be is read, and every other one refused for a reason that is true.

use super::*;
use crate::error::Code;
use crate::naming::Role;
use crate::spec::{Spec, new_document};
use proptest::collection::vec;
use proptest::prelude::*;

/// A package whose operations the sagas call.
const DOMAIN: &str = r#"version = 1
[[domain]]
name = "Payment"
[[domain.operation]]
event = "PaymentRequested"
fields = ["order_id:string"]
[[domain.operation]]
event = "RefundRequested"
fields = ["order_id:string"]
"#;

fn callee(event: &str) -> Callee {
    Callee {
        domain: Name::parse(Role::Domain, "Payment").unwrap().0,
        event: Name::parse(Role::Event, event).unwrap().0,
    }
}

/// A package with these sagas.
pub(crate) fn package(sagas: Vec<Saga>) -> Spec {
    let mut spec = Spec::parse(DOMAIN).unwrap();
    spec.sagas = sagas;
    spec
}

/// Limits of what a step of this kind asks for.
fn limits_of(at: usize, kind: u8) -> StepLimits {
    let time = |text| (at % 3 == 1).then(|| TimeBudget::parse(text).unwrap());
    let limits = Limits {
        max_attempts: at.is_multiple_of(2).then_some(7),
        backoff_base: time("5s"),
        backoff_cap: time("5m"),
        time_budget: (at % 4 == 1).then(|| TimeBudget::parse("10m").unwrap()),
    };
    StepLimits {
        does: if matches!(kind, 1 | 2) {
            limits
        } else {
            Limits::default()
        },
        undoes: if kind == 1 { limits } else { Limits::default() },
    }
}

/// Steps that come after those that `waits` has at their place.
fn saga_of(waits: &[Vec<usize>], kinds: &[u8]) -> Saga {
    let name = |at: &usize| format!("step_{at}");
    let steps = waits.iter().zip(kinds).enumerate();
    Saga {
        name: Name::parse(Role::Saga, "OrderCreation").unwrap().0,
        fields: vec![Field::parse("order_id:string:max=64").unwrap().0],
        time_budget: (kinds[0] > 1).then(|| TimeBudget::parse("90m").unwrap()),
        choreography: kinds[0] == 1,
        tells: (kinds[0] == 1)
            .then(|| "order_id".to_owned())
            .into_iter()
            .collect(),
        steps: steps
            .map(|(at, (after, kind))| Step {
                name: name(&at),
                after: after.iter().map(name).collect(),
                call: matches!(kind, 1 | 2).then(|| callee("PaymentRequested")),
                compensation: match kind {
                    0 => Compensation::Code,
                    1 => Compensation::Operation(callee("RefundRequested")),
                    _ => Compensation::None("a \"mail\" \\ stays".repeat(1 + at % 12)),
                },
                optional: (at + usize::from(*kind)) % 3 == 1,
                limits: limits_of(at, *kind),
                told: Told {
                    event: (*kind == 2).then(|| format!("Done{at}")),
                    failure: (*kind == 0).then(|| format!("NotDone{at}")),
                    tells: (0..*kind)
                        .map(|field| format!("field{at}_{field}"))
                        .collect(),
                },
            })
            .collect(),
    }
}

/// A saga without a cycle: each step comes after some of those that an order has before it, and the file has
/// them in another one.
pub(crate) fn any_saga() -> impl Strategy<Value = Saga> {
    let steps = prop_oneof![1usize..8, 8usize..=MAX_STEPS];
    steps
        .prop_flat_map(|count| {
            let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
            (order, vec(any::<u64>(), count), vec(0u8..4, count), 0u32..3)
        })
        .prop_map(|(order, bits, kinds, sparse)| {
            let mut waits = vec![Vec::new(); order.len()];
            for (at, step) in order.iter().enumerate() {
                let has = |earlier: &usize| {
                    (0..=sparse).all(|by| bits[at].rotate_left(by * 7) >> earlier & 1 == 1)
                };
                waits[*step] = (0..at).filter(has).map(|earlier| order[earlier]).collect();
            }
            saga_of(&waits, &kinds)
        })
}

proptest! {
    /// What is written is what was meant, also where `after` is left out.
    #[test]
    fn every_order_is_read_as_it_is_written(saga in any_saga()) {
        let spec = package(vec![saga]);
        let text = new_document(&spec);
        let read = Spec::parse(&text);
        prop_assert_eq!(read.map_err(|error| format!("{error}\n{text}")), Ok(spec));
    }

    /// A level that is too low would say that a step can begin before what it needs.
    #[test]
    fn each_step_is_in_one_level_just_below_what_it_comes_after(saga in any_saga()) {
        let levels = saga.levels();
        let level = |name: &String| {
            let has = |level: &Vec<usize>| level.iter().any(|at| saga.steps[*at].name == *name);
            levels.iter().position(has)
        };
        prop_assert_eq!(levels.iter().map(Vec::len).sum::<usize>(), saga.steps.len());
        for step in &saga.steps {
            let above = step.after.iter().map(|other| level(other).unwrap() + 1);
            prop_assert_eq!(level(&step.name), Some(above.max().unwrap_or(0)));
        }
    }

    /// A cycle that is none sends its reader to edges that are right.
    #[test]
    fn every_cycle_is_refused_and_named(saga in any_saga(), ring in vec(any::<prop::sample::Index>(), 2..6)) {
        let mut saga = saga;
        let mut ring: Vec<usize> = ring.iter().map(|index| index.index(saga.steps.len())).collect();
        ring.sort_unstable();
        ring.dedup();
        prop_assume!(ring.len() > 1);
        for (at, step) in ring.iter().enumerate() {
            let other = saga.steps[ring[(at + 1) % ring.len()]].name.clone();
            let after = &mut saga.steps[*step].after;
            if !after.contains(&other) {
                after.push(other);
            }
        }
        let error = Spec::parse(&new_document(&package(vec![saga.clone()]))).unwrap_err();
        prop_assert_eq!(error.code(), Code::SagaOrder);
        prop_assert!(error.place().is_some_and(|place| place.starts_with("orch.toml:")));
        let way = error.what().strip_prefix("steps wait for each other: ").unwrap();
        let way: Vec<&str> = way.split(" after ").collect();
        prop_assert!(way.len() > 2, "{}", error);
        prop_assert_eq!(way.first(), way.last());
        for pair in way.windows(2) {
            let step = saga.steps.iter().find(|step| step.name == pair[0]).unwrap();
            prop_assert!(step.after.iter().any(|name| name == pair[1]), "{}", error);
        }
        let distinct: std::collections::BTreeSet<_> = way[1..].iter().collect();
        prop_assert_eq!(distinct.len(), way.len() - 1);
    }

    #[test]
    fn any_text_in_a_step_is_read_or_refused(name in any::<String>(), call in any::<String>()) {
        let step = |name: &str, call: &str| {
            let (name, call) = (toml_edit::Value::from(name), toml_edit::Value::from(call));
            let text = format!(
                "{DOMAIN}[[saga]]\nname = \"Order\"\nfields = [\"a:string\"]\ntime_budget = {call}\n\
                 [[saga.step]]\nname = {name}\nafter = [{call}]\ncall = {call}\nundo = {name}\n"
            );
            let _ = Spec::parse(&text);
            let _ = Spec::parse(&text.replace("time_budget", "# "));
        };
        step(&name, &call);
        step("pay", &call);
        step(&name, "Payment.PaymentRequested");
    }
}

/// A step that may be left out of `after` has to be the very one before it.
#[test]
fn after_is_left_out_where_it_is_the_step_before() {
    let kinds = [0, 0, 0, 0];
    let saga = saga_of(&[vec![], vec![0], vec![0], vec![1, 2]], &kinds);
    let text = new_document(&package(vec![saga]));
    let after: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("after"))
        .collect();
    assert_eq!(
        after,
        [r#"after = ["step_0"]"#, r#"after = ["step_1", "step_2"]"#]
    );
}
