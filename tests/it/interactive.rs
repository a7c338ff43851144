//! Dialogues: what is asked, what the answers lead to, and that only a yes writes.

use crate::command::{PROGRAM, Place, files};
#[cfg(target_os = "linux")]
use crate::terminal::Terminal;
use orch_gen::cli::{self, Environment, Input, Output};
use orch_gen::error::Exit;
use std::ffi::OsString;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;

/// What a dialogue said, and how it ended.
#[derive(Debug)]
pub(crate) struct Talked {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program in a folder with these lines as answers.
pub(crate) fn talk_in(folder: &Path, arguments: &[&str], answers: &[&str]) -> Talked {
    let lines: String = answers.iter().map(|answer| format!("{answer}\n")).collect();
    let environment = Environment {
        folder: folder.to_owned(),
        terminal: false,
        no_color: true,
        seconds: 0,
        target_dir: None,
        step_summary: None,
        input: Some(Input::new(Cursor::new(lines))),
        patience: None,
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let words = ["orch-gen"].iter().chain(arguments).map(OsString::from);
    let exit = cli::run(words, &environment, &mut Output::new(&mut out, &mut err));
    Talked {
        exit,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

fn talk(place: &Place, answers: &[&str]) -> Talked {
    talk_in(&place.path(""), &[], answers)
}

impl Talked {
    /// The last line, which is the command that does the same.
    fn command(&self) -> &str {
        assert_eq!(self.exit, Exit::Done, "{self:?}");
        self.out.lines().last().unwrap()
    }

    /// Requires that nothing was written, and that this was said.
    fn wrote_nothing(&self) {
        assert_eq!(self.exit, Exit::Findings, "{}", self.err);
        assert!(
            self.out.ends_with("\nNothing was written.\n"),
            "{}",
            self.err
        );
    }
}

/// Runs a printed command line in a shell.
fn in_a_shell(place: &Place, command: &str) {
    let rest = command.strip_prefix("orch-gen ").unwrap();
    let script = format!("'{PROGRAM}' {rest}");
    let status = Command::new("sh")
        .args(["-c", &script])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    assert!(status.status.success(), "{command}: {status:?}");
}

#[test]
fn a_dialogue_writes_what_its_command_writes() {
    let place = Place::new();
    let talked = talk(
        &place,
        &[
            "notification",
            "NotificationSent",
            "",
            "channel:enum(push|sms)",
            "orderId:string?",
            "",
            "my service",
            "postgres",
            "yes",
        ],
    );
    let command = "orch-gen Notification NotificationSent 'channel:enum(push|sms)' \
                   'order_id:string?' --store postgres --out 'my service'";
    assert_eq!(talked.command(), command);
    assert!(
        talked
            .err
            .contains("`notification` is written `Notification`"),
        "{}",
        talked.err
    );
    assert!(
        talked.err.contains("`orderId` is written `order_id`"),
        "{}",
        talked.err
    );
    assert_eq!(
        talked.out.matches("+ orch.toml").count(),
        1,
        "the plan is shown once"
    );
    let again = Place::new();
    in_a_shell(&again, command);
    let made = files(&place.path("my service"));
    assert_eq!(made, files(&again.path("my service")));
    for file in made {
        let path = format!("my service/{file}");
        assert_eq!(place.read(&path), again.read(&path), "{file}");
    }
}

#[test]
fn empty_answers_take_what_is_offered() {
    let place = Place::new();
    let talked = talk(&place, &["Payment", "", "", "", "", "", ""]);
    assert_eq!(talked.command(), "orch-gen Payment PaymentRequested");
    for offered in [
        "[PaymentRequested]",
        "order_id:string:max=64",
        "[payment-service]",
        "[http]",
    ] {
        assert!(talked.out.contains(offered), "{offered}: {}", talked.out);
    }
    place.run(&["check", "--out", "payment-service"]).done();
}

/// Every answer is judged before the next question, by what judges an argument.
#[test]
fn a_wrong_answer_is_explained_and_asked_for_again() {
    let place = Place::new();
    let talked = talk(
        &place,
        &[
            "",
            "Type",
            "Payment",
            "1x",
            "",
            "soap",
            "http",
            "amount:mony",
            "amount:money",
            "amount:money",
            "",
            "~/pay",
            "pay",
            "mysql",
            "sqlite",
            "perhaps",
            "y",
        ],
    );
    assert_eq!(
        talked.command(),
        "orch-gen Payment PaymentRequested amount:money --out pay"
    );
    for (number, times) in [
        ("OG003", 1),
        ("OG002", 1),
        ("OG006", 1),
        ("OG004", 1),
        ("OG012", 2),
        ("OG001", 2),
    ] {
        let said = talked.err.matches(&format!("error[{number}]")).count();
        assert_eq!(said, times, "{number}: {}", talked.err);
    }
}

/// A person who stops in the middle must find the folder as it was.
#[test]
fn the_end_of_the_answers_writes_nothing() {
    let all = ["Payment", "", "a:string", "", "", "", ""];
    for count in 0..=all.len() {
        let place = Place::new();
        talk(&place, &all[..count]).wrote_nothing();
        assert!(place.is_empty(), "{count}");
    }
}

#[test]
fn a_no_writes_nothing() {
    for no in ["no", "N", "n"] {
        let place = Place::new();
        let talked = talk(&place, &["Payment", "", "", "", "", "", no]);
        talked.wrote_nothing();
        assert!(talked.out.contains("+ orch.toml"), "the plan was not shown");
        assert!(place.is_empty());
    }
}

#[test]
fn the_diff_is_shown_on_demand() {
    let place = Place::new();
    let talked = talk(&place, &["Payment", "", "", "", "", "", "diff", "no"]);
    talked.wrote_nothing();
    assert!(talked.out.contains("+++ "), "{}", talked.out);
}

/// What a package has already is not asked: its store, and the gateway of a domain.
#[test]
fn a_package_that_is_there_is_added_to() {
    let place = Place::with_package();
    let folder = place.path("pay/src");
    let talked = talk_in(
        &folder,
        &[],
        &["Payment", "RefundRequested", "id:uuid", "", "", "y"],
    );
    assert_eq!(talked.command(), "orch-gen Payment RefundRequested id:uuid");
    assert!(
        talked.out.contains("Folder of the package [..]"),
        "{}",
        talked.out
    );
    assert!(place.read("pay/orch.toml").contains("RefundRequested"));
    place.run(&["check", "--out", "pay"]).done();
    // The route of the first one is taken: said at once, not after all the questions.
    let talked = talk_in(&folder, &[], &["Billing", "PaymentRequested"]);
    talked.wrote_nothing();
    assert!(talked.err.contains("error[OG004]"), "{}", talked.err);
}

#[test]
fn what_an_option_says_is_not_asked() {
    let place = Place::new();
    let arguments = ["--store", "postgres", "--out", "pay", "--callbacks"];
    let talked = talk_in(&place.path(""), &arguments, &["Payment", "", "", "", "y"]);
    assert_eq!(
        talked.command(),
        "orch-gen Payment PaymentRequested --store postgres --out pay --callbacks"
    );
    let talked = talk_in(
        &place.path(""),
        &["--dry-run"],
        &["Order", "", "", "", "", ""],
    );
    assert_eq!(talked.command(), "orch-gen Order OrderRequested");
    assert!(!place.path("order-service").exists());
}

/// `orch-gen generate` alone is the same question.
#[test]
fn generate_without_arguments_asks_too() {
    let place = Place::new();
    let answers = ["Payment", "", "", "", "", "", ""];
    let talked = talk_in(&place.path(""), &["generate"], &answers);
    assert_eq!(talked.command(), "orch-gen Payment PaymentRequested");
}

/// A script must never wait for an answer.
#[test]
fn nothing_is_asked_on_a_pipe_or_of_a_program() {
    for arguments in [&[][..], &["generate"], &["--json"], &["--quiet"]] {
        let place = Place::new();
        let ran = place.run(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(place.is_empty() && !ran.out.contains("Domain"), "{ran:?}");
    }
    for arguments in [&["--json"][..], &["--quiet"], &["generate", "--json"]] {
        let place = Place::new();
        let talked = talk_in(
            &place.path(""),
            arguments,
            &["Payment", "", "", "", "", "", ""],
        );
        assert_eq!(talked.exit, Exit::Usage, "{talked:?}");
        assert!(place.is_empty());
    }
}

#[test]
fn answers_that_are_no_text_are_asked_for_again() {
    let place = Place::new();
    let environment = Environment {
        folder: place.path(""),
        terminal: false,
        no_color: true,
        seconds: 0,
        target_dir: None,
        step_summary: None,
        input: Some(Input::new(Cursor::new(&b"\xff\xfe\n\x1b[A\n"[..]))),
        patience: None,
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = cli::run(
        ["orch-gen".into()],
        &environment,
        &mut Output::new(&mut out, &mut err),
    );
    assert_eq!(exit, Exit::Findings);
    let err = String::from_utf8(err).unwrap();
    assert!(
        err.contains("not UTF-8") && !err.contains('\u{1b}'),
        "{err:?}"
    );
}

/// Questions have to be seen before they are answered: what is held back looks like a program that
/// hangs.
#[cfg(target_os = "linux")]
#[test]
fn on_a_real_terminal_each_question_is_seen_first() {
    let place = Place::new();
    let Some(terminal) = Terminal::new(&place) else {
        return;
    };
    let ran = terminal.run(&[], &["Domain, such as Payment: =Payment", "Event=^D"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.contains("Nothing was written.") && place.is_empty(),
        "{ran:?}"
    );
    let ran = terminal.run(
        &[],
        &[
            "Domain, such as Payment: =paymnt",
            "[PaymntRequested]: =",
            "[http]: =",
            "Field 1: =a:strng",
            "did you mean `string`?=a:string",
            "Field 2: =",
            "[paymnt-service]: =",
            "[sqlite]: =",
            "[yes]: =y",
        ],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.out.lines().last(),
        Some("orch-gen Paymnt PaymntRequested a:string")
    );
    place.run(&["check", "--out", "paymnt-service"]).done();
}
