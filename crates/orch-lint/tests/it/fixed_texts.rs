//! Fixes, text by text: what exactly is written.

use orch_lint::sources::{Content, Memory, SourceTree};
use orch_lint::{Applicability, Options};

use crate::cases::MANIFEST;
use crate::fixes::{bad_cases, fixed, mended, options, written};

fn library(text: &str) -> Memory {
    Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", text)])
}

fn mended_text(tree: &Memory, code: &str) -> String {
    let mended = mended(tree, &options(&[code]), Applicability::Unsafe);
    assert!(mended.defects.is_empty());
    match written(tree, &mended).read("src/lib.rs") {
        Some(Content::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// Where nothing is left the arm is a decision about what nobody has written yet.
#[test]
fn a_compensation_names_the_steps_that_are_left() {
    let around = |arms: &str| {
        format!(
            "use orch_runtime::Outcome;\nenum OrderStep {{ Reserve, Pay(u8), Pack {{ parcel: u8 }} }}\nfn undo(s: OrderStep) {{\n    match s {{\n{arms}    }}\n}}\n"
        )
    };
    for (before, after) in [
        (
            "        OrderStep::Reserve => a(),\n        _ => {}\n",
            "        OrderStep::Reserve => a(),\n        OrderStep::Pay(..) | OrderStep::Pack { .. } => {}\n",
        ),
        (
            "        self::OrderStep::Pay(1) => a(),\n        self::OrderStep::Reserve => b(),\n        ref mut rest => c(rest),\n",
            "        self::OrderStep::Pay(1) => a(),\n        self::OrderStep::Reserve => b(),\n        ref mut rest @ (self::OrderStep::Pay(..) | self::OrderStep::Pack { .. }) => c(rest),\n",
        ),
        (
            "        OrderStep::Reserve | OrderStep::Pay(_) => a(),\n        OrderStep::Pack { .. } => b(),\n        // The rest.\n        _ => {}\n",
            "        OrderStep::Reserve | OrderStep::Pay(_) => a(),\n        OrderStep::Pack { .. } => b(),\n        // The rest.\n",
        ),
        (
            "        OrderStep::Reserve | OrderStep::Pay(_) | OrderStep::Pack { .. } => { a() } _ => { b() }, // Never.\n",
            "        OrderStep::Reserve | OrderStep::Pay(_) | OrderStep::Pack { .. } => { a() } // Never.\n",
        ),
        // The attribute would be left to nothing.
        (
            "        OrderStep::Reserve | OrderStep::Pay(_) | OrderStep::Pack { .. } => {}\n        #[allow(x)]\n        _ => {}\n",
            "        OrderStep::Reserve | OrderStep::Pay(_) | OrderStep::Pack { .. } => {}\n        #[allow(x)]\n        _ => {}\n",
        ),
    ] {
        assert_eq!(fixed("ORC402", &around(before)), around(after));
    }
}

#[test]
fn a_catch_all_beside_a_variant_or_behind_a_name_is_named_too() {
    let around = |arms: &str| {
        format!("use orch_runtime::Outcome;\nfn f(o: Outcome) {{ match o {{ {arms} }} }}")
    };
    for (before, after) in [
        (
            "Outcome::Ok { .. } => a(), Outcome::Retry { .. } | _ => b()",
            "Outcome::Ok { .. } => a(), Outcome::Retry { .. } | Outcome::Fail { .. } | Outcome::Unknown { .. } => b()",
        ),
        (
            "Outcome::Ok { .. } | Outcome::Retry { .. } => a(), rest @ _ => { warn!(?rest); b() }",
            "Outcome::Ok { .. } | Outcome::Retry { .. } => a(), rest @ (Outcome::Fail { .. } | Outcome::Unknown { .. }) => { warn!(?rest); b() }",
        ),
        (
            "Outcome::Ok { .. } | Outcome::Retry { .. } | Outcome::Fail { .. } | Outcome::Unknown { .. } => a(), _ => b(),",
            "Outcome::Ok { .. } | Outcome::Retry { .. } | Outcome::Fail { .. } | Outcome::Unknown { .. } => a(),",
        ),
    ] {
        assert_eq!(fixed("ORC302", &around(before)), around(after));
    }
}

/// What sets a strategy comes before what makes an iterator of it.
#[test]
fn pauses_get_jitter_and_an_end() {
    let around = |body: &str| {
        format!(
            "use backon::{{ExponentialBuilder, Retryable}};\nuse tokio_retry::{{Retry, strategy::{{jitter, ExponentialBackoff}}}};\nasync fn run() {{ {body} }}"
        )
    };
    for (before, after) in [
        (
            "send.retry(ExponentialBuilder::default().with_max_times(9)).await;",
            "send.retry(ExponentialBuilder::default().with_jitter().with_max_times(9)).await;",
        ),
        (
            "send.retry(ExponentialBuilder::default()\n\t\t.without_max_times()\n\t\t.with_factor(2.0)).await;",
            "send.retry(ExponentialBuilder::default().with_jitter()\n\t\t.with_factor(2.0)).await;",
        ),
        (
            "Retry::spawn(ExponentialBackoff::from_millis(10).factor(2).max_delay(LONG), send).await;",
            "Retry::spawn(ExponentialBackoff::from_millis(10).factor(2).max_delay(LONG).map(jitter).take(3), send).await;",
        ),
        (
            "let all = ExponentialBackoff::from_millis(10).map(jitter); Retry::spawn(all, send).await;",
            "let all = ExponentialBackoff::from_millis(10).take(3).map(jitter); Retry::spawn(all, send).await;",
        ),
        // The type changes before its settings are made.
        (
            "let all = ExponentialBackoff::from_millis(10); let all = all.factor(2); Retry::spawn(all.take(3), send).await;",
            "",
        ),
    ] {
        let after = if after.is_empty() { before } else { after };
        assert_eq!(fixed("ORC503", &around(before)), around(after));
    }
    let bare = "use tokio_retry::{Retry, strategy};\nasync fn run() { Retry::spawn(strategy::FixedInterval::from_millis(10).take(3), send).await; }";
    let after = bare.replace(".take(3)", ".map(tokio_retry::strategy::jitter).take(3)");
    assert_eq!(fixed("ORC503", bare), after);
}

/// A lock that a statement of its own takes may be gone when the next one writes.
#[test]
fn a_claim_skips_what_another_worker_has() {
    let project = |sql: &str| {
        let text = format!(
            "use orch_runtime::{{Entity, IdemKey, OpId, OwnerId}};\npub struct PayOperation {{ op_id: OpId, owner_id: OwnerId, idem_key: IdemKey }}\nimpl Entity for PayOperation {{ const TABLE: &'static str = \"pay_operations\"; }}\npub async fn claim(pool: &sqlx::PgPool) {{ {sql} }}"
        );
        let mut tree = library(&text);
        let table = "create table pay_operations (op_id text, state text, next_attempt_at timestamptz, lease_owner text);";
        tree.insert("migrations/postgres/0001_pay.sql", table);
        tree
    };
    let update = "UPDATE pay_operations SET state = 'B' WHERE op_id IN (SELECT op_id FROM pay_operations WHERE state = 'A'";
    for (before, after) in [
        (" LIMIT 10)", Some(" LIMIT 10 FOR UPDATE SKIP LOCKED)")),
        (
            " LIMIT $1 OFFSET 3)",
            Some(" LIMIT $1 OFFSET 3 FOR UPDATE SKIP LOCKED)"),
        ),
        (
            " limit 1\n\t\tfor update)",
            Some(" limit 1\n\t\tfor update skip locked)"),
        ),
        (" LIMIT 10 FOR UPDATE NOWAIT)", None),
        (" GROUP BY op_id LIMIT 10)", None),
    ] {
        let call = |end: &str| {
            project(&format!(
                "sqlx::query(\"{update}{end}\").execute(pool).await;"
            ))
        };
        let fixed = mended_text(&call(before), "ORC206");
        let expected = call(after.unwrap_or(before));
        assert_eq!(Some(Content::Text(fixed)), expected.read("src/lib.rs"));
    }
    let two = project(
        "sqlx::query(\"SELECT op_id FROM pay_operations WHERE state = 'A' LIMIT 1\").fetch_all(pool).await; sqlx::query(\"UPDATE pay_operations SET state = 'B' WHERE op_id = $1\").execute(pool).await;",
    );
    assert_eq!(
        Some(Content::Text(mended_text(&two, "ORC206"))),
        two.read("src/lib.rs")
    );
}

/// Its reason is needed as long as what it allowed is still there.
#[test]
fn an_exception_that_ended_goes_when_nothing_is_left_of_what_it_allowed() {
    let options = |codes: &[&str]| Options {
        today: Some("2026-06-01".parse().expect("a date")),
        ..options(codes)
    };
    let comment = "// orch: allow(ORC302, until = 2026-05-31) two answers\n";
    let idle = format!("{comment}fn f() {{}}\n");
    let needed = format!(
        "{comment}fn f(o: orch_runtime::Outcome) {{ match o {{ orch_runtime::Outcome::Ok {{ .. }} => {{}}, _ => {{}} }} }}\n"
    );
    let all: &[&str] = &["ORC302", "ORC904"];
    for (before, codes, after) in [
        (&idle, all, "fn f() {}\n"),
        (&needed, all, needed.as_str()),
        // A rule that does not run finds nothing.
        (&idle, &["ORC904"], idle.as_str()),
    ] {
        let tree = library(before);
        let mended = mended(&tree, &options(codes), Applicability::Safe);
        let text = written(&tree, &mended).read("src/lib.rs");
        assert_eq!(text, Some(Content::Text(after.to_owned())));
    }
}

#[test]
fn a_rule_that_is_misspelled_is_named_when_that_holds_something_back() {
    let around = |comment: &str| {
        format!(
            "fn f(o: orch_runtime::Outcome) {{\n    match o {{\n        orch_runtime::Outcome::Ok {{ .. }} => {{}}\n        {comment}\n        _ => {{}}\n    }}\n}}\n"
        )
    };
    for (before, after) in [
        (
            "// orch: allow(outcome-catchall) two answers",
            "// orch: allow(outcome-catch-all) two answers",
        ),
        // No reason, another rule, and nothing near enough.
        ("// orch: allow(outcome-catchall)", ""),
        ("// orch: allow(money-as-floats) two answers", ""),
        ("// orch: allow(catch-all) two answers", ""),
        ("// orch: allow(ORC320) two answers", ""),
    ] {
        let after = if after.is_empty() { before } else { after };
        let tree = library(&around(before));
        let mended = mended(
            &tree,
            &options(&["ORC302", "ORC903"]),
            Applicability::Unsafe,
        );
        let found = mended
            .files
            .first()
            .map_or(around(before), |of| of.after.clone());
        let found = found.replace("orch_runtime::Outcome::Retry { .. } | orch_runtime::Outcome::Fail { .. } | orch_runtime::Outcome::Unknown { .. } =>", "_ =>");
        assert_eq!(found, around(after));
    }
}

/// Whoever reads a command reads what is not checked yet, under another name.
#[test]
fn a_command_is_read_through_its_checks() {
    let around = |body: &str| {
        format!(
            "use orch_runtime::Command;\nuse serde::Deserialize;\n\n{body}\nimpl Command for Pay {{}}\n"
        )
    };
    let new = "\n\nimpl Pay {\n    pub fn new(order: String, cents: Option<u64>) -> Result<Self, PayError> {\n        check(order, cents)\n    }\n}\n";
    let before = format!(
        "/// A payment.\n#[derive(Clone, Deserialize)]\npub struct Pay {{\n    order: String, // Theirs.\n    cents: Option<u64>,\n}}{new}"
    );
    let after = format!(
        "/// A payment.\n#[derive(Clone, Deserialize)]\n#[serde(try_from = \"RawPay\")]\npub struct Pay {{\n    order: String, // Theirs.\n    cents: Option<u64>,\n}}\n\n/// A `Pay` as it is read, before its checks.\n#[derive(Deserialize)]\nstruct RawPay {{\n    order: String,\n    cents: Option<u64>,\n}}\n\nimpl TryFrom<RawPay> for Pay {{\n    type Error = PayError;\n\n    fn try_from(raw: RawPay) -> Result<Self, Self::Error> {{\n        Self::new(raw.order, raw.cents)\n    }}\n}}{new}"
    );
    assert_eq!(fixed("ORC605", &around(&before)), around(&after));
    // A name of a field that only `serde` knows, a parameter that is none, an error that nobody can read.
    for (from, to) in [
        ("    order", "    #[serde(rename = \"id\")] order"),
        ("Option<u64>) ->", "Option<u64>, _: u8) ->"),
        ("order: String, cents", "order: &str, cents"),
        ("PayError", "()"),
    ] {
        let other = around(&before.replacen(from, to, 1));
        assert_ne!(other, around(&before));
        assert_eq!(fixed("ORC605", &other), other);
    }
    let raw = "#[derive(Deserialize)]\nstruct In { order: String }\nimpl TryFrom<In> for Pay { type Error = (); fn try_from(of: In) -> Result<Self, ()> { Err(()) } }";
    let body = |attribute: &str| {
        around(&format!(
            "mod a {{}}\n\t#[derive(Deserialize)]{attribute}\n\tpub struct Pay {{ order: String }}\n{raw}"
        ))
    };
    let read = body("\n\t#[serde(try_from = \"In\")]");
    assert_eq!(fixed("ORC605", &body("")), read);
}

#[test]
fn what_goes_around_the_checks_is_for_nobody_else() {
    let around =
        |body: &str| format!("use orch_runtime::Command;\n{body}\nimpl Command for Pay {{}}\n");
    let new = "pub fn new(a: u8) -> Result<Self, ()> { Ok(Pay { a }) }";
    for (code, before, after) in [
        (
            "ORC605",
            format!("pub struct Pay {{ a: u8 }} impl Pay {{ {new} pub const unsafe fn raw(a: u8) -> Pay {{ Pay {{ a }} }} }}"),
            format!("pub struct Pay {{ a: u8 }} impl Pay {{ {new} const unsafe fn raw(a: u8) -> Pay {{ Pay {{ a }} }} }}"),
        ),
        (
            "ORC605",
            "pub struct Pay { pub a: u8,\n    /// B.\n    pub b: u8 }".to_owned(),
            "pub struct Pay { a: u8,\n    /// B.\n    b: u8 }".to_owned(),
        ),
        (
            "ORC604",
            "pub struct Pay { a: u8 } impl Pay { pub(crate) /* for tests */ async fn set(&mut self) {} }".to_owned(),
            "pub struct Pay { a: u8 } impl Pay { /* for tests */ async fn set(&mut self) {} }".to_owned(),
        ),
    ] {
        assert_eq!(fixed(code, &around(&before)), around(&after));
    }
}

#[test]
fn a_secret_is_left_out_of_what_people_read() {
    for (before, after) in [
        (
            "/// A.\n#[derive(Clone, Debug)]\nstruct Login {\n    user: String,\n    password: String, // Theirs.\n    token: Option<String>,\n}\nfn f() {}\n",
            "/// A.\n#[derive(Clone)]\nstruct Login {\n    user: String,\n    password: String, // Theirs.\n    token: Option<String>,\n}\n\nimpl std::fmt::Debug for Login {\n    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {\n        f.debug_struct(\"Login\")\n            .field(\"user\", &self.user)\n            .finish_non_exhaustive()\n    }\n}\nfn f() {}\n",
        ),
        // Parameters would have to be told again, and a condition met.
        (
            "#[derive(Debug)]\nstruct Login<T> { password: String, of: T }\n",
            "",
        ),
        (
            "#[cfg_attr(feature = \"a\", derive(Debug))]\nstruct Login { password: String }\n",
            "",
        ),
        (
            "fn f(password: &str) { tracing::info!(password, user, \"in\"); }",
            "fn f(password: &str) { tracing::info!(user, \"in\"); }",
        ),
        (
            "fn f(password: &str) { warn!(user, login.password = %password, /* b */ \"in\"); }",
            "fn f(password: &str) { warn!(user, /* b */ \"in\"); }",
        ),
        // Whose macro it is cannot be told, or the message asks for it.
        ("fn f(password: &str) { info!(password, \"in\"); }", ""),
        (
            "fn f(password: &str) { tracing::info!(\"in {} {}\", password, user); }",
            "",
        ),
        ("fn f(password: &str) { dbg!(password, 1); }", ""),
        ("fn f(password: &str) { tracing::info!(password); }", ""),
    ] {
        let after = if after.is_empty() { before } else { after };
        assert_eq!(fixed("ORC602", before), after);
    }
}

/// A list with a line for each keeps its form.
#[test]
fn a_handler_subscribes_to_what_it_has_to_hear() {
    let case = &bad_cases("failure-event-not-routed")[0];
    let lines = case.files[0]
        .1
        .replace(", OrderEvent::", ", // One.\n\t\tOrderEvent::");
    for (before, after) in [
        (case.files[0].1.clone(), ", OrderEvent::PackUpFailed]"),
        (lines.clone(), ",\n\t\tOrderEvent::PackUpFailed]"),
        (
            lines.replace("]; }", ",]; }"),
            ",\n\t\tOrderEvent::PackUpFailed,]",
        ),
    ] {
        let tree = library(&before);
        let fixed = mended_text(&tree, "ORC405");
        let end = if before.contains(",]; }") {
            ",]; }"
        } else {
            "]; }"
        };
        assert_eq!(fixed, before.replacen(end, &format!("{after}; }}"), 1));
    }
}

#[test]
fn workers_that_nothing_awaits_are_awaited_where_that_is_possible() {
    let around = |body: &str| {
        format!(
            "use orch_runtime::{{Orchestrator, Workers}};\nstruct Pay;\nimpl Orchestrator for Pay {{}}\npub {body}"
        )
    };
    for (before, after) in [
        (
            "async fn go(jobs: Workers) { jobs.run(ends()); }",
            "async fn go(jobs: Workers) { jobs.run(ends()).await; }",
        ),
        (
            "fn go(jobs: Workers) { spawn(async move { jobs.run(ends()); }); }",
            "fn go(jobs: Workers) { spawn(async move { jobs.run(ends()).await; }); }",
        ),
        ("fn go(jobs: Workers) { jobs.run(ends()); }", ""),
        (
            "async fn go(jobs: Workers) { spawn(|| { jobs.run(ends()); }); }",
            "",
        ),
    ] {
        let after = if after.is_empty() { before } else { after };
        assert_eq!(fixed("ORC205", &around(before)), around(after));
    }
}

/// What the `else` stands for is written where the compiler asks about it again.
#[test]
fn an_else_becomes_the_arm_of_a_match() {
    let around = |body: &str| {
        format!(
            "use orch_runtime::{{Outcome, Probe}};\nfn f(o: Outcome, p: Probe) -> u8 {{ {body} }}"
        )
    };
    let left = "Outcome::Retry { .. } | Outcome::Fail { .. } | Outcome::Unknown { .. }";
    for (before, after) in [
        (
            "if let Outcome::Ok { .. } = ask(&o) {\n        1 // One.\n    } else {\n        2\n    }",
            format!("match ask(&o) {{ Outcome::Ok {{ .. }} => {{\n        1 // One.\n    }} {left} => {{\n        2\n    }} }}"),
        ),
        (
            "let Outcome::Ok { .. } = o else { return 2; }; 1",
            format!("match o {{ Outcome::Ok {{ .. }} => {{}}, {left} => {{ return 2; }} }}; 1"),
        ),
        (
            "let Outcome::Ok { message, .. } = /* its */ o else { return 2; }; message",
            format!("let message = match /* its */ o {{ Outcome::Ok {{ message, .. }} => message, {left} => {{ return 2; }} }}; message"),
        ),
        (
            "let Outcome::Ok { message: a, id: b } = o else { return 2; }; a + b",
            format!("let (a, b) = match o {{ Outcome::Ok {{ message: a, id: b }} => (a, b), {left} => {{ return 2; }} }}; a + b"),
        ),
        (
            "if let Probe::Committed { .. } = p && o.is_ok() { 1 } else { 2 }",
            String::new(),
        ),
        (
            "if o.is_ok() { 1 } else if let Probe::Committed { .. } = p { 3 } else { 2 }",
            String::new(),
        ),
        (
            "if let Probe::Committed { .. } = p { 1 } /* or */ else { 2 }",
            String::new(),
        ),
        (
            "let Outcome::Ok { mut message, .. } = o else { return 2; }; message",
            String::new(),
        ),
        // Of a variant only a part is named.
        (
            "if let Probe::Committed { id: 1 } = p { 1 } else { 2 }",
            "match p { Probe::Committed { id: 1 } => { 1 } Probe::Committed { .. } | Probe::NotCommitted | Probe::StillUnknown { .. } => { 2 } }".to_owned(),
        ),
    ] {
        let after = if after.is_empty() { before.to_owned() } else { after };
        assert_eq!(fixed("ORC302", &around(before)), around(&after));
    }
}
