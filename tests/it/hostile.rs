//! Hostile names and fields: refused with a code and advice, before anything is written.

use crate::command::Place;

fn refused(arguments: &[&str], number: &str) {
    let place = Place::new();
    place.run(arguments).refused(2, number);
    assert!(place.is_empty(), "{arguments:?}");
}

#[test]
fn names_that_are_taken() {
    for name in [
        "Self",
        "self",
        "Type",
        "crate",
        "try",
        "gen",
        "async",
        "yield",
        "union",
        "Option",
        "Result",
        "Vec",
        "String",
        "Box",
        "Some",
        "Ok",
        "Outcome",
        "Command",
        "Operation",
        "Orchestrator",
        "Engine",
        "Finalizer",
        "Reaper",
        "Money",
        "Generated",
        "Migrations",
        "Orchestrations",
        "Main",
        "Lib",
        "App",
        "Tests",
        "Target",
        "Vendor",
        "Con",
        "Nul",
        "COM1",
        "Lpt1",
        "Aux",
    ] {
        refused(&[name, "PaymentRequested"], "OG003");
    }
    refused(&["Payment", "Type"], "OG003");
}

#[test]
fn what_is_no_name() {
    let long = "A".repeat(300);
    for name in [
        "",
        "../x",
        "/etc/passwd",
        "a\\b",
        "Ünïcode",
        "日本",
        "3DSecure",
        "a b",
        "a;b",
        "$(id)",
        "..",
        &long,
    ] {
        refused(&[name, "PaymentRequested"], "OG002");
    }
    refused(&["Payment", "../../x"], "OG002");
    refused(
        &[&format!("A{}", "Aa".repeat(22)), "PaymentRequested"],
        "OG002",
    );
}

#[test]
fn names_that_differ_only_by_case() {
    let place = Place::with_package();
    place
        .run(&["payment", "PaymentRequested", "--out", "pay"])
        .done();
    let before = place.everything();
    place
        .run(&["PAYMENT", "PaymentRequested", "--out", "pay"])
        .refused(2, "OG004");
    place
        .run(&["PayMent", "PaymentRequested", "--out", "pay"])
        .refused(2, "OG004");
    assert_eq!(place.everything(), before);
}

#[test]
fn fields_that_cannot_be() {
    for (field, number) in [
        ("amount", "OG005"),
        (":string", "OG005"),
        ("a b:string", "OG005"),
        ("1a:string", "OG005"),
        ("ä:string", "OG005"),
        ("amount:float", "OG006"),
        ("amount:", "OG006"),
        ("a:enum()", "OG006"),
        ("a:enum(a|a)", "OG006"),
        ("a:enum(self)", "OG006"),
        ("a:list<list<string>>", "OG006"),
        ("a:list<string", "OG006"),
        ("a:string:max=0", "OG007"),
        ("a:string:max=-1", "OG007"),
        ("a:string:max=99999999999999999999", "OG007"),
        ("a:bool:secret", "OG007"),
        ("a:string:pattern=(a|b)", "OG007"),
        ("a:string:pattern=[", "OG007"),
        ("a:string:secret:secret", "OG007"),
        ("type:string", "OG003"),
        ("state:string", "OG003"),
        ("op_id:string", "OG003"),
        ("clone:string", "OG003"),
        ("len:u64", "OG003"),
        ("a:string:pattern=[\u{202e}]", "OG007"),
        ("a:string:pattern=\u{200b}", "OG007"),
        ("a:string:pattern=[\n]", "OG007"),
        ("created_at:datetime", "OG003"),
    ] {
        refused(&["Payment", "PaymentRequested", field], number);
    }
    refused(
        &["Payment", "PaymentRequested", "a:string", "a:u64"],
        "OG004",
    );
    refused(
        &["Payment", "PaymentRequested", "a:money", "a_value:u64"],
        "OG004",
    );
    refused(
        &["Payment", "PaymentRequested", "command:enum(a|b)"],
        "OG004",
    );
    let many: Vec<String> = (0..41).map(|n| format!("field_{n}:string")).collect();
    let many: Vec<&str> = ["Payment", "PaymentRequested"]
        .into_iter()
        .chain(many.iter().map(String::as_str))
        .collect();
    refused(&many, "OG005");
}

#[test]
fn what_is_converted_is_said() {
    let place = Place::new();
    let ran = place
        .run(&["file_upload", "fileUploadRequested", "objectKey:string"])
        .done();
    for said in ["`FileUpload`", "`FileUploadRequested`", "`object_key`"] {
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    assert!(
        place
            .read("file-upload-service/orch.toml")
            .contains("name = \"FileUpload\"")
    );
}

#[test]
fn wrong_usage_says_what_to_type() {
    refused(&[], "OG001");
    refused(&["aply"], "OG001");
    refused(&["Payment"], "OG001");
    refused(&["--nonsense"], "OG001");
    refused(&["apply", "--colour", "x"], "OG001");
    refused(&["explain", "OG999"], "OG001");
    refused(&["check"], "OG020");
    refused(
        &["Payment", "PaymentRequested", "--gateway", "grpc"],
        "OG012",
    );
    refused(&["Payment", "PaymentRequested", "--track", "all"], "OG012");
    let ran = Place::new().run(&["aply"]);
    assert!(
        ran.err.contains("did you mean `orch-gen apply`?"),
        "{}",
        ran.err
    );
}

/// A first word that is no command is a domain; one that a later version gives a meaning to is not.
#[test]
fn a_command_that_is_not_there_yet_is_no_domain() {
    for word in ["ops", "demo", "code-review"] {
        refused(&[word], "OG013");
        refused(&[word, "now"], "OG013");
        refused(&["--out", "pay", word, "DoctorRequested"], "OG013");
    }
    let ran = Place::new().run(&["ops", "parked"]);
    insta::assert_snapshot!(ran.err, @"
    error[OG013]: this version has no command `ops` yet
    help: `orch-gen --help` lists its commands; a domain of that name is written `orch-gen Ops OpsRequested`
    ");
    let json = Place::new().run(&["ops", "parked", "--json"]).json();
    assert_eq!(json["code"], "OG013");
}

/// Options in front of a command make its word an argument: `--out pay remove Payment` must not
/// add a domain `Remove`.
#[test]
fn a_command_behind_an_option_is_no_domain() {
    for word in [
        "generate",
        "g",
        "new",
        "apply",
        "plan",
        "check",
        "remove",
        "lint",
        "baseline",
        "hook",
        "lsp",
        "explain",
        "rules",
        "completions",
        "doctor",
        "man",
        "schema",
        "help",
    ] {
        refused(&["--dry-run", word, "Payment"], "OG001");
        refused(&["--out", "pay", word, "Payment"], "OG001");
    }
    let ran = Place::new().run(&["--out", "pay", "remove", "Payment"]);
    insta::assert_snapshot!(ran.err, @"
    error[OG001]: `remove` is a command, but options stand in front of it
    help: put them behind it, such as `orch-gen remove --help`
    ");
}

#[test]
fn a_domain_may_have_the_name_of_a_command() {
    let place = Place::new();
    place.run(&["Ops", "OpsRequested"]).done();
    assert!(place.path("ops-service/src/ops/mod.rs").exists());
    place
        .run(&["generate", "orchestration", "demo", "DemoRequested"])
        .done();
    assert!(place.path("demo-service/src/demo/mod.rs").exists());
}

/// Whatever a shell can pass, the answer is an exit code and never a panic.
#[test]
fn odd_arguments_are_no_panic() {
    let odd = [
        "", " ", "-", "--", "\u{0}", "\n", "🦀", "%s", "{}", "{{}}", "'", "\"", "--out", "-p",
        "a=b",
    ];
    for first in odd {
        for second in odd {
            if first.contains('\0') || second.contains('\0') {
                continue;
            }
            let place = Place::new();
            let ran = place.run(&[first, second]);
            assert!(
                ran.code == 2 || (ran.code == 0 && place.is_empty()),
                "{first:?} {second:?} {ran:?}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn arguments_that_are_no_text_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let mut command = place.command("", &["Payment"]);
    command.arg(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    crate::command::ran(command).refused(2, "OG001");
    assert!(place.is_empty());
}
