//! What a run counted and how long it took.

use std::fmt::Write as _;
use std::time::Duration;

use super::Report;
use crate::rules;

/// A line for each rule that has anything to say, and a sum.
pub(super) fn statistics(report: &Report) -> String {
    let mut text = String::from("findings  held back  undecided  rule\n");
    let mut sum = [0; 3];
    for rule in &report.rules {
        let code = rule.code();
        let found = report.findings.iter().filter(|of| of.code == code).count();
        let held = report.suppressed.get(code).copied().unwrap_or(0);
        let unknown = report.unknowns.iter().filter(|of| of.code == code).count();
        let counts = [found, held, unknown];
        if counts != [0; 3] {
            line(&mut text, counts, &format!("{code} {}", rule.name()));
        }
        sum = [sum[0] + found, sum[1] + held, sum[2] + unknown];
    }
    line(
        &mut text,
        sum,
        &format!("all {} that ran", report.rules.len()),
    );
    text
}

fn line(text: &mut String, [found, held, unknown]: [usize; 3], rule: &str) {
    let _ = writeln!(text, "{found:>8}  {held:>9}  {unknown:>9}  {rule}");
}

/// A line for each part, and a sum.
pub(super) fn timings(report: &Report) -> String {
    let mut text = String::new();
    for timing in &report.timings {
        let part = match rules::find(timing.part) {
            Some(rule) => format!("{} {}", rule.code(), rule.name()),
            None => timing.part.to_owned(),
        };
        let _ = writeln!(text, "{}  {part}", milliseconds(timing.took));
    }
    if !report.timings.is_empty() {
        let sum = report.timings.iter().map(|timing| timing.took).sum();
        let _ = writeln!(text, "{}  in all", milliseconds(sum));
    }
    text
}

fn milliseconds(time: Duration) -> String {
    format!("{:>10.3} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::timing::Timing;

    #[test]
    fn rules_that_said_nothing_are_only_in_the_sum() {
        assert_eq!(
            statistics(&sample::report()),
            "\
findings  held back  undecided  rule
       1          3          0  ORC002 txn-in-execute
       1          0          0  ORC803 missing-docs
       0          0          1  ORC003 db-capability-reachable-from-execute
       2          3          1  all 4 that ran
"
        );
    }

    #[test]
    fn parts_are_shown_in_milliseconds() {
        let mut report = sample::report();
        assert_eq!(timings(&report), "");
        for (part, micros) in [("model", 1500), ("ORC002", 250)] {
            let took = Duration::from_micros(micros);
            report.timings.push(Timing { part, took });
        }
        assert_eq!(
            timings(&report),
            "     1.500 ms  model\n     0.250 ms  ORC002 txn-in-execute\n     1.750 ms  in all\n"
        );
    }
}
