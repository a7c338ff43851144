//! From an event to the operation it starts.
//!
//! An event says what happened (`PaymentRequested`), the operation is what is to be done about it
//! (`Payment`): the event without its trailing participle.

use super::{Name, reserved};

/// Participles that do not end in `ed`.
const IRREGULAR: &[&str] = &[
    "begun",
    "bound",
    "bought",
    "brought",
    "built",
    "caught",
    "chosen",
    "cut",
    "done",
    "drawn",
    "driven",
    "fed",
    "found",
    "given",
    "gone",
    "held",
    "kept",
    "left",
    "lent",
    "lost",
    "made",
    "met",
    "paid",
    "put",
    "read",
    "resent",
    "run",
    "sent",
    "set",
    "shown",
    "sold",
    "spent",
    "split",
    "sunk",
    "taken",
    "thrown",
    "undone",
    "won",
    "withdrawn",
    "written",
];

/// Words that end in `ed` and are no participles.
const NOUNS: &[&str] = &[
    "bed", "breed", "deed", "feed", "need", "red", "reed", "seed", "shed", "speed", "weed",
];

/// Names for the operation, best first: the event without its participle, then the whole event.
#[must_use]
pub fn operation_names(event: &Name) -> Vec<Name> {
    let mut names = vec![event.clone()];
    if let Some(short) = without_participle(event)
        && reserved(&short).is_none()
    {
        names.insert(0, short);
    }
    names
}

fn without_participle(event: &Name) -> Option<Name> {
    let (last, rest) = event.words().split_last()?;
    if rest.is_empty() || !is_participle(last) {
        return None;
    }
    let kept = event.type_name().len() - last.len();
    Some(Name::of(&event.type_name()[..kept]))
}

fn is_participle(word: &str) -> bool {
    IRREGULAR.contains(&word) || (word.ends_with("ed") && word.len() > 3 && !NOUNS.contains(&word))
}
