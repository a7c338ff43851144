//! The linter beside an editor: a real process that looks at a real folder.

use crate::command::Place;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

const MANIFEST: &str = "[package]\nname = \"shop\"\nedition = \"2024\"\n";
const CATCH_ALL: &str = "//! Shop.\nfn f(o: orch_runtime::Outcome) { match o { orch_runtime::Outcome::Ok { .. } => {}, _ => {} } }\n";

/// A linter that watches a place until this is dropped.
struct Watching {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Watching {
    fn of(place: &Place) -> Self {
        let arguments = ["lint", "--watch", "--allow-empty", "--format", "concise"];
        let mut command = place.command("", &arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// Reads until the summary of the next report, and gives it.
    fn report(&mut self) -> String {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(
                self.out.read_line(&mut line).unwrap(),
                0,
                "it ended: {text}"
            );
            text.push_str(&line);
            if line.contains(" file (") {
                return text;
            }
        }
    }

    fn interrupt(&mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A report that comes only when it is asked for is read too late.
#[test]
fn a_change_brings_a_new_report_and_ctrl_c_is_a_good_end() {
    let place = Place::new();
    place.write("Cargo.toml", MANIFEST);
    place.write("src/lib.rs", "//! Shop.\n");
    let mut watching = Watching::of(&place);
    let first = watching.report();
    assert!(first.contains("no findings"), "{first}");
    place.write("src/lib.rs", CATCH_ALL);
    let second = watching.report();
    assert!(
        second.contains("src/lib.rs:2:") && second.contains("ORC302"),
        "{second}"
    );
    // An edit that is not finished.
    place.write("Cargo.toml", "[package\n");
    place.write("src/lib.rs", "//! Shop, mended.\n");
    place.write("Cargo.toml", MANIFEST);
    let third = watching.report();
    assert!(third.contains("no findings") || watching.report().contains("no findings"));
    assert_eq!(watching.interrupt(), Some(0));
}

/// What is wrong from the start does not get better by waiting.
#[test]
fn an_error_at_the_start_ends_it() {
    let place = Place::new();
    place.write("Cargo.toml", MANIFEST);
    let ran = place.run(&["lint", "--watch", "--only", "nonsense"]);
    ran.refused(2, "OG060");
}
