//! Questions about files in conflict: what each answer writes, and that no answer writes nothing.

use crate::command::Place;
use crate::interactive::{Talked, talk_in};
#[cfg(target_os = "linux")]
use crate::terminal::Terminal;
use orch_gen::error::Exit;

const LIBRARY: &str = "pay/src/lib.rs";
const GATEWAY: &str = "pay/src/payment/gateway.rs";
const REFUND: [&str; 3] = ["Payment", "RefundRequested", "id:uuid"];

/// A package in which a generated file was edited, and every line of one that the next operation
/// changes too.
fn edited() -> Place {
    let place = Place::with_package();
    place.write(LIBRARY, &(place.read(LIBRARY) + "// mine\n"));
    let lines: String = place
        .read(GATEWAY)
        .lines()
        .map(|line| format!("{line} // MINE\n"))
        .collect();
    place.write(GATEWAY, &lines);
    place
}

fn talk(place: &Place, arguments: &[&str], answers: &[&str]) -> Talked {
    talk_in(&place.path("pay"), arguments, answers)
}

/// What `orch-gen check` lists.
fn drift(place: &Place) -> Vec<String> {
    let ran = place.run(&["check", "--out", "pay"]).refused(1, "OG033");
    ran.out.lines().map(str::to_owned).collect()
}

/// A skip that the lock forgot would be a difference that nobody ever hears of again.
#[test]
fn what_is_skipped_is_named_stays_and_is_drift() {
    let place = edited();
    let (library, gateway) = (place.read(LIBRARY), place.read(GATEWAY));
    let talked = talk(&place, &REFUND, &["s", "s"]);
    assert_eq!(talked.exit, Exit::Findings, "{talked:?}");
    for said in [
        "2 files are in conflict.",
        "Skipped, and different from what orch.toml says:\n  src/lib.rs  (a generated file was",
        "The same without questions: no option skips.",
    ] {
        assert!(talked.out.contains(said), "{said}: {}", talked.out);
    }
    assert_eq!(
        (place.read(LIBRARY), place.read(GATEWAY)),
        (library, gateway)
    );
    assert!(
        place
            .path("pay/src/payment/refund/orchestrator.rs")
            .exists()
    );
    let still = ["edited   src/lib.rs", "stale    src/payment/gateway.rs"];
    assert_eq!(drift(&place), still);
    let before = place.everything();
    place.run(&["apply", "--out", "pay"]).refused(1, "OG031");
    let talked = talk(&place, &["apply"], &["S"]);
    assert_eq!(talked.exit, Exit::Findings, "{talked:?}");
    assert!(!talked.out.contains("the tree matches"), "{talked:?}");
    assert_eq!(place.everything(), before);
    assert_eq!(drift(&place), still);
}

#[test]
fn what_is_overwritten_is_kept_as_orig() {
    let place = edited();
    let (library, gateway) = (place.read(LIBRARY), place.read(GATEWAY));
    let talked = talk(&place, &REFUND, &["O"]);
    assert_eq!(talked.exit, Exit::Done, "{talked:?}");
    assert!(
        talked
            .out
            .contains("without questions: `--force` overwrites"),
        "{talked:?}"
    );
    assert_eq!(place.read(&format!("{LIBRARY}.orig")), library);
    assert_eq!(place.read(&format!("{GATEWAY}.orig")), gateway);
    place.run(&["check", "--out", "pay"]).done();
}

#[test]
fn what_is_merged_has_marks_and_is_left_to_settle() {
    let place = edited();
    let talked = talk(&place, &REFUND, &["M", "overwrite", "m"]);
    assert_eq!(talked.exit, Exit::Findings, "{talked:?}");
    assert!(
        talked.err.contains("a generated file is not merged"),
        "{talked:?}"
    );
    let marked = place.read(GATEWAY);
    for part in ["<<<<<<< yours\n", " // MINE\n", ">>>>>>> orch-gen\n"] {
        assert!(marked.contains(part), "{marked}");
    }
    assert!(talked.err.contains("error[OG032]"), "{talked:?}");
    assert!(talked.out.contains("`--merge` merges"), "{talked:?}");
    assert_eq!(drift(&place), ["unsettled src/payment/gateway.rs"]);
    // Marks within marks are not made; the file that holds them can be skipped.
    let talked = talk(&place, &["apply"], &["m", "s"]);
    assert_eq!(talked.exit, Exit::Findings, "{talked:?}");
    assert_eq!(place.read(GATEWAY), marked);
}

#[test]
fn whoever_aborts_or_leaves_finds_every_byte_and_time_as_it_was() {
    let place = edited();
    let before = place.everything();
    for answers in [&["d", "s", "a"][..], &["d", "s"], &["o", "ABORT"], &[]] {
        let talked = talk(&place, &REFUND, answers);
        assert_eq!(talked.exit, Exit::Findings, "{talked:?}");
        assert!(
            talked.out.ends_with("\nNothing was written.\n"),
            "{talked:?}"
        );
        assert_eq!(talked.err, "");
        let shows = talked.out.contains("--- a/src/lib.rs") && talked.out.contains("\n-// mine");
        assert_eq!(shows, answers.first() == Some(&"d"), "{}", talked.out);
        assert_eq!(place.everything(), before, "{answers:?}");
    }
}

#[test]
fn what_is_no_answer_is_asked_for_again() {
    let place = edited();
    let talked = talk(&place, &REFUND, &["yes", "", "x", "a"]);
    assert_eq!(talked.err.matches("error[OG001]").count(), 2, "{talked:?}");
    assert_eq!(talked.out.matches("s/o/d/a: ").count(), 4, "{talked:?}");
}

/// A program or a script that waits for an answer hangs; and who said what to do is not asked.
#[test]
fn nothing_is_asked_where_nobody_answers_or_an_option_does() {
    let place = edited();
    let before = place.everything();
    for more in ["--json", "--quiet", "--dry-run"] {
        let talked = talk(&place, &[&REFUND[..], &[more]].concat(), &["O"]);
        assert_eq!(talked.exit, Exit::Findings, "{more}: {talked:?}");
        assert!(!talked.out.contains("s/o/"), "{more}: {talked:?}");
        assert_eq!(place.everything(), before, "{more}");
    }
    let merge = [&REFUND[..], &["--merge"]].concat();
    let talked = talk(&place, &merge, &["O"]);
    assert!(!talked.out.contains("s/o/"), "{talked:?}");
    assert!(place.read(GATEWAY).contains("<<<<<<< yours\n"));
}

/// A file of somebody else: what it holds must be there after each of the answers.
#[test]
fn a_file_that_is_not_ours_is_asked_about_too() {
    for (answer, exit, left) in [
        ("s", Exit::Findings, "foreign  src/payment/rules.rs"),
        ("o", Exit::Done, ""),
        ("m", Exit::Findings, ""),
    ] {
        let place = Place::with_package();
        let rules = "pay/src/payment/rules.rs";
        place.run(&["remove", "Payment", "--out", "pay"]).done();
        place.write(rules, "// somebody's\n");
        let talked = talk(&place, &["Payment", "PaymentRequested"], &[answer]);
        assert_eq!(talked.exit, exit, "{talked:?}");
        let ran = place.run(&["check", "--out", "pay"]);
        assert_eq!(
            ran.out.trim().replace("the tree matches orch.toml", ""),
            left
        );
        let kept = if answer == "o" {
            place.read(&format!("{rules}.orig"))
        } else {
            place.read(rules)
        };
        assert_eq!(kept, "// somebody's\n", "{answer}");
        assert_eq!(place.path(&format!("{rules}.rej")).exists(), answer == "m");
    }
}

#[test]
fn removing_asks_about_what_is_in_its_way() {
    let place = Place::with_package();
    place
        .run(&["Payment", "RefundRequested", "id:uuid", "--out", "pay"])
        .done();
    let mine = place.read(LIBRARY) + "// mine\n";
    place.write(LIBRARY, &mine);
    let arguments = ["remove", "Payment", "RefundRequested"];
    let talked = talk(&place, &arguments, &["a"]);
    assert!(
        talked.out.ends_with("\nNothing was written.\n"),
        "{talked:?}"
    );
    assert!(place.read("pay/orch.toml").contains("RefundRequested"));
    let talked = talk(&place, &arguments, &["o"]);
    assert_eq!(talked.exit, Exit::Done, "{talked:?}");
    assert_eq!(place.read(&format!("{LIBRARY}.orig")), mine);
    place.run(&["check", "--out", "pay"]).done();
}

/// An upgrade writes conflicts down where nobody is asked; on a terminal it asks, unless it is told
/// how.
#[test]
fn an_upgrade_asks_unless_it_is_told_how() {
    let place = crate::upgrade::package("0.1.0", "payment");
    let path = "pkg/src/payment/gateway.rs";
    let mine: String = place
        .read(path)
        .lines()
        .map(|line| format!("{line} // MINE\n"))
        .collect();
    place.write(path, &mine);
    let before = place.everything();
    let upgrade = |more: &[&str], answers: &[&str]| {
        talk_in(&place.path("pkg"), &[&["upgrade"], more].concat(), answers)
    };
    let talked = upgrade(&[], &["a"]);
    assert!(
        talked.out.ends_with("\nNothing was written.\n"),
        "{talked:?}"
    );
    assert_eq!(place.everything(), before);
    let talked = upgrade(&[], &["m"]);
    assert_eq!(talked.exit, Exit::Findings, "{talked:?}");
    assert!(
        talked
            .out
            .contains("without questions: `--conflicts inline` merges."),
        "{talked:?}"
    );
    assert!(place.read(path).contains("<<<<<<< yours\n"));
    place.run_in("pkg", &["upgrade", "--abort"]).done();
    assert_eq!(place.read(path), mine);
    let talked = upgrade(&["--conflicts", "rej"], &["a"]);
    assert!(!talked.out.contains("s/o/"), "{talked:?}");
    assert!(place.path(&format!("{path}.rej")).exists());
    place.run_in("pkg", &["upgrade", "--abort"]).done();
    let talked = upgrade(&[], &["s"]);
    assert_eq!(talked.exit, Exit::Findings, "{talked:?}");
    assert_eq!(place.read(path), mine);
    let check = place.run_in("pkg", &["check"]).refused(1, "OG033");
    assert_eq!(check.out.trim(), "stale    src/payment/gateway.rs");
}

/// The whole dialogue: what is in conflict is shown with the plan, and asked about after the yes.
#[test]
fn a_dialogue_goes_on_to_its_conflicts() {
    let place = edited();
    let answers = ["Payment", "RefundRequested", "id:uuid", "", "", "y", "O"];
    let talked = talk(&place, &[], &answers);
    assert_eq!(talked.exit, Exit::Done, "{talked:?}");
    assert!(
        talked
            .err
            .contains("note: files in conflict are asked about"),
        "{talked:?}"
    );
    place.run(&["check", "--out", "pay"]).done();
}

/// The same on a terminal: each question is seen before it is answered; and with `CI` set there are none.
#[cfg(target_os = "linux")]
#[test]
fn on_a_real_terminal_conflicts_are_asked_about() {
    let place = edited();
    let Some(terminal) = Terminal::new(&place) else {
        return;
    };
    let before = place.everything();
    let arguments = ["apply", "--out", "pay", "--color", "always"];
    let ran = terminal.run(&arguments, &["s/o/d/a: =d", "// mine=", "s/o/d/a: =^D"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("\u{1b}[31m-// mine"), "{ran:?}");
    assert!(ran.out.contains("Nothing was written."), "{ran:?}");
    assert_eq!(place.everything(), before);
    let mut command = terminal.command(&arguments, &[]);
    command.env("CI", "true");
    let ran = crate::command::ran(command);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(!ran.out.contains("s/o/d/a"), "{ran:?}");
    assert_eq!(place.everything(), before);
    let ran = terminal.run(&arguments, &["s/o/d/a: =o"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        place
            .read(&format!("{LIBRARY}.orig"))
            .ends_with("// mine\n")
    );
}

/// A file that moves is at its old place until it is decided about, and what is there is of the user's.
#[test]
fn a_renamed_file_in_conflict_is_kept_whatever_is_answered() {
    for (answer, left) in [
        ("s", "pay/src/payment/gateway.rs"),
        ("o", "pay/src/charge/gateway.rs.orig"),
        ("m", "pay/src/charge/gateway.rs"),
    ] {
        let place = Place::with_package();
        let lines = place.read(GATEWAY);
        let lines: String = lines
            .lines()
            .map(|line| format!("{line} // MINE\n"))
            .collect();
        place.write(GATEWAY, &lines);
        let spec = place.read("pay/orch.toml");
        let spec = spec.replace("name = \"Payment\"", "name = \"Charge\"\nwas = \"Payment\"");
        place.write("pay/orch.toml", &spec);
        let talked = talk(&place, &["apply"], &["d", answer]);
        let text = place.read(left);
        let kept = lines.lines().all(|line| text.contains(line));
        assert!(kept, "{answer}: {text}\n{talked:?}");
        assert_eq!(place.path(GATEWAY).exists(), answer == "s", "{talked:?}");
    }
}
