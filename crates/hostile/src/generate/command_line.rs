//! Command lines: one operation after the other into one package.

use super::{field, name};
use crate::random::Random;

/// One command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) domain: String,
    pub(crate) event: String,
    pub(crate) fields: Vec<String>,
    pub(crate) track: Option<String>,
    pub(crate) gateway: Option<String>,
    pub(crate) callbacks: bool,
    pub(crate) store: Option<String>,
}

impl Line {
    /// The arguments behind the program's name.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["generate".to_owned(), "orchestration".to_owned()];
        let options = [
            ("--track", &self.track),
            ("--gateway", &self.gateway),
            ("--store", &self.store),
        ];
        for (option, value) in options {
            arguments.extend(value.iter().map(|value| format!("{option}={value}")));
        }
        arguments.extend(self.callbacks.then(|| "--callbacks".to_owned()));
        arguments.push("--".to_owned());
        arguments.extend([self.domain.clone(), self.event.clone()]);
        arguments.extend(self.fields.iter().cloned());
        arguments
    }
}

/// One to three of them, often about one domain.
pub(super) fn lines(random: &mut Random) -> Vec<Line> {
    let count = match random.below(10) {
        0..=6 => 1,
        7..=8 => 2,
        _ => 3,
    };
    let mut lines: Vec<Line> = Vec::new();
    for _ in 0..count {
        let earlier = lines.last().filter(|_| random.percent(60)).cloned();
        lines.push(line(random, earlier.as_ref()));
    }
    lines
}

fn line(random: &mut Random, earlier: Option<&Line>) -> Line {
    let stem = earlier.map_or_else(|| name::stem(random), |line| line.domain.clone());
    let event = name::event(random, &stem);
    let gateway = match random.below(100) {
        _ if earlier.is_some() && random.percent(85) => None,
        0 => Some(random.pick(&["", "grpc", "Http", "stripe ", "\u{0}"])),
        1..=40 => Some(random.pick(&["http", "stripe", "s3", "smtp", "twilio", "fcm"])),
        _ => None,
    };
    let known = earlier.and_then(|line| line.gateway.as_deref());
    let behind = gateway.or(known).unwrap_or("http");
    let takes = matches!(behind, "http" | "stripe" | "twilio");
    Line {
        domain: name::typed(random, &stem),
        event: name::typed(random, &event),
        fields: if random.percent(6) {
            Vec::new()
        } else {
            field::fields(random, behind)
        },
        track: random.percent(20).then(|| {
            random
                .pick(&["none", "progress", "history", "history", "progress", "all"])
                .to_owned()
        }),
        gateway: gateway.map(str::to_owned),
        callbacks: random.percent(if takes { 20 } else { 1 }),
        store: random.percent(20).then(|| {
            random
                .pick(&["sqlite", "postgres", "postgres", "postgres", "mysql"])
                .to_owned()
        }),
    }
}
