//! The matrix, for people.

use std::fmt::Write as _;

use crate::provider::Answer;

use super::case::Seen;

/// One row for each boundary, one column for each answer.
pub(super) fn written(boundaries: &[String], answers: &[Answer], seen: &[Seen]) -> String {
    let mut text = String::from(
        "\nstate, effects/requests/probes at the provider, kills, seconds from restart to the end\n",
    );
    let _ = write!(text, "{:<23}", "killed at");
    for answer in answers {
        let _ = write!(text, " | {:<25}", format!("{answer:?}"));
    }
    for boundary in boundaries {
        let _ = write!(text, "\n{boundary:<23}");
        for answer in answers {
            let of = |seen: &&Seen| seen.case.boundary == *boundary && seen.case.answer == *answer;
            let cell = seen.iter().find(of).map_or("-".to_owned(), cell);
            let _ = write!(text, " | {cell:<25}");
        }
    }
    text.push('\n');
    text
}

fn cell(seen: &Seen) -> String {
    let count = &seen.count;
    let (effects, requests, probes) = (count.effects, count.requests, count.probes);
    let (state, kills, seconds) = (&seen.state, seen.kills, seen.seconds);
    format!("{state:<9} {effects}/{requests}/{probes} {kills}k {seconds:>4.1}s")
}
