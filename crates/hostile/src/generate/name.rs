//! Names of domains and events.

use super::words::{HOSTILE, ODD, PARTICIPLES, PLAIN, RUNTIME, TAKEN};
use crate::random::Random;

/// A name as a person types one: usually a good one.
pub(super) fn typed(random: &mut Random, stem: &str) -> String {
    match random.below(100) {
        0..=1 => random.pick(HOSTILE).to_owned(),
        2..=3 => random.pick(TAKEN).to_owned(),
        4 => with_a_stranger(random, stem),
        5..=8 => respelt(random, stem),
        _ => stem.to_owned(),
    }
}

/// One to three words, in the spelling that `orch.toml` keeps.
pub(super) fn stem(random: &mut Random) -> String {
    let mut name = word(random).to_owned();
    if random.percent(35) {
        name += word(random);
    }
    if random.percent(6) {
        let length = random.between(30, 52);
        while name.len() < length {
            name += word(random);
        }
        name.truncate(length);
    }
    if random.percent(4) {
        name += &random.below(100).to_string();
    }
    name
}

/// The stem of an event: sometimes one that is about its domain.
pub(super) fn event(random: &mut Random, domain: &str) -> String {
    let stem = match random.below(10) {
        0..=2 => domain.to_owned(),
        3 => format!("Probe{domain}"),
        4 => "Refund".to_owned(),
        _ => stem(random),
    };
    if random.percent(85) {
        stem + random.pick(PARTICIPLES)
    } else {
        stem
    }
}

fn word(random: &mut Random) -> &'static str {
    let words = match random.below(20) {
        0..=12 => PLAIN,
        13..=14 => ODD,
        _ => RUNTIME,
    };
    random.pick(words)
}

/// The same words in another case.
fn respelt(random: &mut Random, stem: &str) -> String {
    match random.below(6) {
        0 => stem.to_ascii_lowercase(),
        1 => stem.to_ascii_uppercase(),
        2 => orch_gen::naming::snake_of(stem),
        3 => orch_gen::naming::snake_of(stem).replace('_', "-"),
        4 => orch_gen::naming::camel_of(stem),
        _ => format!("{stem}_"),
    }
}

/// The name with something in it that cannot be there.
fn with_a_stranger(random: &mut Random, stem: &str) -> String {
    let at = random.below(stem.len() + 1);
    let at = (0..=at).rev().find(|at| stem.is_char_boundary(*at));
    let (before, after) = stem.split_at(at.unwrap_or_default());
    format!("{before}{}{after}", random.pick(HOSTILE))
}
