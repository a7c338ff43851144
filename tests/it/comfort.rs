//! Manual pages, completions, help and explanations.

use crate::command::{Place, ran};
use std::process::Command;

/// Every command, by what `--help` lists.
fn commands(place: &Place) -> Vec<String> {
    let help = place.run(&["--help"]).done().out;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let list = list.lines().take_while(|line| !line.is_empty());
    let names = list.filter_map(|line| line.split_whitespace().next());
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 10, "{names:?}");
    names
}

/// Somebody who looks at the help of a command wants to see how it is typed.
#[test]
fn every_help_fits_80_columns_and_shows_an_example() {
    let place = Place::new();
    let mut all: Vec<Vec<String>> = commands(&place)
        .into_iter()
        .map(|name| vec![name])
        .collect();
    all.push(Vec::new());
    for kind in ["orchestration", "metrics"] {
        all.push(vec!["generate".to_owned(), kind.to_owned()]);
    }
    for command in all {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = place.run(&arguments).done().out;
        let wide = help.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{command:?}");
        let (_, examples) = help
            .split_once("\nExample")
            .unwrap_or_else(|| panic!("{command:?}"));
        let example = examples.lines().nth(1).unwrap();
        assert!(
            example.starts_with("  ") && example.contains("orch-gen "),
            "{example}"
        );
    }
}

#[test]
fn there_is_a_manual_page_of_every_command() {
    let place = Place::new();
    place.write("man/keep.1", "mine");
    place.run(&["man", "man"]).done();
    for name in commands(&place) {
        let page = place.read(&format!("man/orch-gen-{name}.1"));
        for section in ["NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES"] {
            assert!(
                page.contains(&format!(".SH {section}\n")),
                "{name}: no {section}"
            );
        }
        assert!(
            page.contains("\\fB\\-\\-json\\fR"),
            "{name}: no common options"
        );
    }
    let main = place.read("man/orch-gen.1");
    assert_eq!(place.run(&["man"]).done().out, main);
    assert_eq!(place.read("man/keep.1"), "mine");
    // Pages of an older version are replaced.
    place.write("man/orch-gen.1", &main.replace("safe call", "other call"));
    place.run(&["man", "man"]).done();
    assert_eq!(place.read("man/orch-gen.1"), main);
}

#[test]
fn manual_pages_replace_nothing_of_somebody_else() {
    let place = Place::new();
    place.run(&["man", "nowhere"]).refused(2, "OG001");
    assert!(place.is_empty());
    place.write("man/orch-gen-plan.1", ".TH orch-gen-plan 1\n");
    let before = place.everything();
    let refused = place.run(&["man", "man"]).refused(2, "OG022");
    assert!(refused.err.contains("orch-gen-plan.1"), "{refused:?}");
    assert_eq!(place.everything(), before);
}

/// Runs a script through a program that only reads it; nothing when the program is not there.
fn read_by(place: &Place, program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(place.path(""));
    if command.output().is_err() {
        return false;
    }
    let ran = ran(command);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{program}");
    true
}

#[cfg(unix)]
#[test]
fn manual_pages_have_no_mistakes() {
    let place = Place::new();
    place.write("man/x", "");
    place.run(&["man", "man"]).done();
    for name in commands(&place) {
        let page = format!("man/orch-gen-{name}.1");
        read_by(&place, "groff", &["-man", "-ww", "-z", "-Tutf8", &page]);
    }
}

#[test]
fn completions_name_every_command_and_are_read_by_their_shell() {
    let place = Place::new();
    let commands = commands(&place);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&["completions", shell]).done().out;
        for name in &commands {
            assert!(script.contains(name.as_str()), "{shell}: no {name}");
        }
        place.write(shell, &script);
    }
    for shell in ["bash", "zsh", "fish"] {
        let was_read = read_by(&place, shell, &["-n", shell]);
        assert!(
            was_read || shell != "bash" || cfg!(windows),
            "there is no bash"
        );
    }
}

/// Completes `orch-gen COMMAND --` as bash does on a key.
const KEY: &str = r#"source ./bash; COMP_WORDS=(orch-gen "$1" --); COMP_CWORD=2
$(complete -p orch-gen | grep -o "_orch[a-z_]*" | head -1) orch-gen -- "$1"; echo "${COMPREPLY[@]}""#;

/// The generator once gave the options of a command a name that nothing asks for.
#[cfg(unix)]
#[test]
fn bash_offers_the_options_of_every_command() {
    let place = Place::new();
    place.write("bash", &place.run(&["completions", "bash"]).done().out);
    for name in commands(&place) {
        let mut command = Command::new("bash");
        command
            .args(["-c", KEY, "bash", &name])
            .current_dir(place.path(""));
        let offered = ran(command).done().out;
        assert!(offered.contains("--quiet"), "{name}: {offered:?}");
    }
}

#[test]
fn explanations_have_a_cause_an_example_and_a_fix() {
    let place = Place::new();
    for code in orch_gen::error::Code::ALL {
        let text = place.run(&["explain", code.number()]).done().out;
        for heading in [
            "What it means",
            "The usual cause",
            "Example",
            "How to fix it",
        ] {
            assert!(text.contains(&format!("\n## {heading}\n")), "{text}");
        }
        let wide = text.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{}", code.number());
        assert_eq!(
            text,
            place
                .run(&["explain", &code.number().to_lowercase()])
                .done()
                .out
        );
    }
}

#[test]
fn explain_alone_lists_every_code_and_rule() {
    let place = Place::new();
    let list = place.run(&["explain"]).done().out;
    for code in orch_gen::error::Code::ALL {
        assert!(list.contains(&format!("  {}  ", code.number())), "{list}");
    }
    for rule in orch_lint::rules::ALL {
        assert!(
            list.contains(&format!("  {}  {}", rule.code(), rule.name())),
            "{list}"
        );
    }
}

#[test]
fn an_unknown_code_names_the_nearest() {
    let place = Place::new();
    for (typed, near) in [
        ("OG31", "OG031"),
        ("orc02", "ORC002"),
        ("txn-in-exec", "txn-in-execute"),
    ] {
        let ran = place.run(&["explain", typed]).refused(2, "OG001");
        assert!(
            ran.err.contains(&format!("did you mean `{near}`?")),
            "{ran:?}"
        );
    }
    let ran = place.run(&["explain", "zebra"]).refused(2, "OG001");
    assert!(ran.err.contains("`orch-gen explain` lists"), "{ran:?}");
}

/// Who waits wants to know for what, and nothing of it is left on the screen. The compiler that is waited for answers
/// when the terminal has shown the word.
#[cfg(target_os = "linux")]
#[test]
fn work_that_takes_long_is_named_on_a_terminal() {
    use crate::terminal::Terminal;
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let Some(terminal) = Terminal::new(&place) else {
        return;
    };
    let (cargo, gate) = (place.path("bin/cargo"), place.path("gate"));
    let fifo = Command::new("mkfifo").arg(&gate).status().unwrap();
    assert!(fifo.success());
    let script = format!(
        "#!/bin/sh\nread -r line < '{}'\necho cargo 1.95.0\n",
        gate.display()
    );
    place.write("bin/cargo", &script);
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        place.path("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let open = format!("looking…=>{}", gate.display());
    let mut command = terminal.command(&["doctor"], &[&open]);
    command.env("PATH", &path);
    let shown = ran(command).done().out;
    assert_eq!(shown.matches("looking…\r\u{1b}[K").count(), 1, "{shown:?}");
    assert!(shown.contains("cargo 1.95.0"), "{shown}");
}
