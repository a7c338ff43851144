//! Drawings: nothing is lost, nothing is drawn upwards, nothing is wider than a terminal.

use super::{dot, json, mermaid, text};
use crate::spec::saga::tests::any_saga;
use crate::spec::{Compensation, Saga};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// The line on which a step is drawn.
fn line_of(drawing: &str, name: &str) -> Vec<usize> {
    let lines = drawing.lines().enumerate();
    let is_it = |line: &str| {
        let named = line.strip_prefix("├─ ");
        named.and_then(|named| named.split(' ').next()) == Some(name)
    };
    lines
        .filter(|(_, line)| is_it(line))
        .map(|(at, _)| at)
        .collect()
}

/// What is said behind a heading of the step that is drawn on a line, on however many lines.
fn said(drawing: &str, at: usize, heading: &str) -> String {
    let lines: Vec<&str> = drawing.lines().skip(at + 1).collect();
    let of_step = lines.iter().take_while(|line| line.starts_with("│    "));
    let mut said = of_step.skip_while(|line| !line.contains(heading));
    let first = said
        .next()
        .map(|line| &line[line.find(heading).unwrap() + heading.len()..]);
    let more = said.map_while(|line| line.strip_prefix("│               "));
    first
        .into_iter()
        .chain(more)
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
}

proptest! {
    #[test]
    fn every_step_is_drawn_once_and_below_what_it_comes_after(saga in any_saga()) {
        let drawing = text::draw(std::slice::from_ref(&saga));
        for line in drawing.lines() {
            prop_assert!(line.chars().count() <= 80, "{}", line);
        }
        for step in &saga.steps {
            let drawn = line_of(&drawing, &step.name);
            prop_assert_eq!(drawn.len(), 1, "{}\n{}", step.name, drawing);
            let after = said(&drawing, drawn[0], "after ");
            prop_assert_eq!(&after, &step.after.join(", "), "{}", drawing);
            for earlier in &step.after {
                prop_assert!(line_of(&drawing, earlier)[0] < drawn[0], "{}", drawing);
            }
            let by = said(&drawing, drawn[0], "undone by ");
            let expected = match &step.compensation {
                Compensation::Code => "code of this package".to_owned(),
                Compensation::Operation(callee) => callee.to_string(),
                Compensation::None(reason) => format!("nothing: {reason}"),
            };
            prop_assert_eq!(by, expected);
        }
    }

    /// The other forms have each edge once.
    #[test]
    fn documents_for_other_tools_have_every_edge(saga in any_saga()) {
        let edges: usize = saga.steps.iter().map(|step| step.after.len()).sum();
        let sagas = [saga];
        prop_assert_eq!(mermaid::document(&sagas).matches(" --> ").count(), edges);
        let in_dot = dot::document(&sagas);
        prop_assert_eq!(in_dot.lines().filter(|line| line.contains(" -> ") && !line.contains('[')).count(), edges);
        let document = json::document(&sagas);
        let steps = document["sagas"][0]["steps"].as_array().unwrap();
        let in_json: usize = steps.iter().map(|step| step["after"].as_array().unwrap().len()).sum();
        prop_assert_eq!(in_json, edges);
    }
}

fn with_reason(reason: &str) -> Saga {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut saga = any_saga().new_tree(&mut runner).unwrap().current();
    saga.steps.truncate(1);
    saga.steps[0].after.clear();
    saga.steps[0].compensation = Compensation::None(reason.to_owned());
    saga
}

/// A reason is the only text that is not a name, and it must not end the text it stands in.
#[test]
fn a_reason_is_no_syntax() {
    let sagas = [with_reason("\"]; end --> x\\\n\u{1b}[31m <b>#35;&lt; 日本")];
    let drawing = text::draw(&sagas);
    assert!(
        drawing.contains("nothing: \"]; end --> x\\ \\u{1b}[31m <b>#35;&lt; 日本\n"),
        "{drawing}"
    );
    let drawn = mermaid::document(&sagas);
    let undone = "[/\"nothing#58; #34;#93;#59; end #45;#45;#62; x#92; #92;u#123;1b#125;#91;31m \
                  #60;b#62;#35;35#59;#38;lt#59; 日本\"/]";
    assert!(drawn.contains(undone), "{drawn}");
    let drawn = dot::document(&sagas);
    let undone =
        r#"[label="nothing: \"]; end --> x\\ \\u{1b}[31m <b>#35;&amp;lt; 日本", shape=plaintext]"#;
    assert!(drawn.contains(undone), "{drawn}");
}

/// A word that is longer than a line, and letters that are wider than others.
#[test]
fn long_words_are_broken() {
    for reason in [
        "z".repeat(190),
        "日".repeat(190),
        format!("{} y", "ab.".repeat(60)),
    ] {
        let drawing = text::draw(&[with_reason(&reason)]);
        for line in drawing.lines() {
            let wide = line.chars().filter(|c| *c == '日').count();
            assert!(line.chars().count() + wide <= 80, "{drawing}");
        }
        let kept = drawing.matches(['z', '日']).count();
        assert!(kept == 190 || reason.starts_with("ab"), "{drawing}");
    }
}
