//! The published schemas: what they say is what the program prints and reads.

use crate::command::{Place, Ran};
use boon::{Compiler, SchemaIndex, Schemas};
use orch_gen::cli::SCHEMAS;
use orch_gen::spec::{Field, GatewayKind, Spec, StoreKind, Track};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use toml_edit::{DocumentMut, Item};

/// Schemas that were read, ready to judge documents.
struct Judge {
    schemas: Schemas,
    compiled: Vec<(&'static str, SchemaIndex)>,
}

impl Judge {
    fn new() -> Self {
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        let mut compiled = Vec::new();
        for schema in SCHEMAS {
            let text: Value = serde_json::from_str(schema.text).unwrap();
            let id = text["$id"].as_str().unwrap().to_owned();
            compiler.add_resource(&id, text).unwrap();
            let index = compiler.compile(&id, &mut schemas);
            let index = index.unwrap_or_else(|error| panic!("{}: {error:#}", schema.name));
            compiled.push((schema.name, index));
        }
        Self { schemas, compiled }
    }

    /// Why a document does not follow the schema of this name.
    fn refusal(&self, name: &str, document: &Value) -> Option<String> {
        let (_, index) = self.compiled.iter().find(|(known, _)| *known == name)?;
        let judged = self.schemas.validate(document, *index);
        judged.err().map(|error| format!("{error:#}"))
    }

    /// Requires that a document follows the schema of its kind.
    fn accept(&self, ran: &Ran) -> String {
        let document = ran.json();
        let kind = document["kind"].as_str().unwrap().to_owned();
        assert!(
            self.compiled.iter().any(|(name, _)| *name == kind),
            "{kind}"
        );
        let refusal = self.refusal(&kind, &document);
        assert_eq!(refusal, None, "{kind}: {document:#}");
        kind
    }
}

/// `orch.toml` as an editor sees it.
fn as_json(text: &str) -> Option<Value> {
    let document: DocumentMut = text.parse().ok()?;
    Some(of_item(document.as_item()))
}

fn of_item(item: &Item) -> Value {
    if let Some(text) = item.as_str() {
        return json!(text);
    }
    if let Some(table) = item.as_table_like() {
        let entries = table
            .iter()
            .map(|(key, item)| (key.to_owned(), of_item(item)));
        return Value::Object(entries.collect());
    }
    if let Some(tables) = item.as_array_of_tables() {
        let tables = tables
            .iter()
            .map(|table| of_item(&Item::Table(table.clone())));
        return tables.collect();
    }
    if let Some(array) = item.as_array() {
        let values = array
            .iter()
            .map(|value| of_item(&Item::Value(value.clone())));
        return values.collect();
    }
    match item.as_value() {
        Some(toml_edit::Value::Integer(number)) => json!(number.value()),
        Some(toml_edit::Value::Float(number)) => json!(number.value()),
        Some(toml_edit::Value::Boolean(flag)) => json!(flag.value()),
        Some(other) => json!(other.to_string()),
        None => Value::Null,
    }
}

/// A kind of document that has no schema, or a key that its schema does not know, would break who
/// relies on it.
#[test]
fn every_document_follows_its_schema() {
    let judge = Judge::new();
    let place = Place::with_package();
    let mut seen = vec!["orch.toml".to_owned()];
    let new = ["Payment", "PaymentRequested", "--out", "new"];
    for arguments in [
        &["plan", "--out", "pay"][..],
        &["plan", "--out", "pay", "--diff"],
        &["plan", "--out", "pay", "--graph"],
        &[&new[..], &["--dry-run", "--diff"]].concat(),
        &new,
        &["new", "empty"],
        &["apply", "--out", "pay"],
        &["check", "--out", "pay"],
        &["Payment", "RefundRequested", "id:uuid", "--out", "pay"],
        &["remove", "Payment", "RefundRequested", "--out", "pay"],
        &["remove", "Payment", "--out", "new", "--dry-run"],
        &["lint", "pay"],
        &["lint", "pay", "--verify-config"],
        &["baseline", "check", "pay"],
        &["rules"],
        &["explain"],
        &["explain", "OG031"],
        &["explain", "ORC002"],
        &["schema"],
        &["doctor", "--out", "pay"],
        &["doctor"],
        &["templates"],
        &["eject", "rules.rs", "--out", "pay"],
        &["templates", "test", "--no-build", "--out", "pay"],
        &["check"],
        &["Type", "X"],
        &["--nonsense"],
        &["new", "pay"],
    ] {
        seen.push(judge.accept(&place.run(&[arguments, &["--json"]].concat())));
    }
    let repository = crate::repository::Repository::new();
    seen.push(judge.accept(&repository.run(&["hook", "install", "--json"])));
    let old = crate::upgrade::package("0.1.0", "payment");
    for arguments in [&["upgrade"][..], &["upgrade", "--abort"]] {
        seen.push(judge.accept(&old.run_in("pkg", &[arguments, &["--json"]].concat())));
    }
    for schema in SCHEMAS {
        assert!(
            seen.iter().any(|kind| kind == schema.name),
            "{} is never printed",
            schema.name
        );
    }
}

/// Documents about trees that are not as they should be have keys that others have not.
#[test]
fn documents_about_trouble_follow_their_schemas() {
    let judge = Judge::new();
    let place = Place::with_package();
    place.write("pay/src/lib.rs", "// edited\n");
    place.write(
        "pay/orch.toml",
        &place.read("pay/orch.toml").replace("sqlite", "postgres"),
    );
    for (arguments, code) in [
        (&["check", "--out", "pay"][..], 1),
        (&["plan", "--out", "pay", "--diff"], 1),
        (&["plan", "--out", "pay", "--force"], 0),
        (&["apply", "--out", "pay"], 1),
        (&["doctor", "--out", "pay"], 1),
        (&["apply", "--out", "pay", "--force"], 0),
    ] {
        let ran = place.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, code, "{arguments:?} {ran:?}");
        judge.accept(&ran);
    }
    place.write(
        "pay/src/payment/gateway.rs",
        "impl orch_runtime::Orchestrator for Pay { fn execute(&self) -> bool { true } }\n",
    );
    place.run(&["remove", "Payment", "--out", "pay", "--json"]);
    let ran = place.run(&["lint", "pay", "--format", "json"]);
    assert_eq!(judge.accept(&ran), "lint");
}

/// Entries that were added, went, moved or mean nothing have keys of their own.
#[test]
fn a_baseline_in_every_state_follows_its_schema() {
    let judge = Judge::new();
    let place = crate::baseline::with_findings();
    let run = |action: &str| {
        let ran = place.run(&["baseline", action, "--json"]).done();
        assert_eq!(judge.accept(&ran), "baseline");
        ran.json()
    };
    let count = |document: &Value, key: &str| document[key].as_array().unwrap().len();
    let created = run("create");
    assert!(count(&created, "added") > 2, "{created:#}");
    let text = place.read("orch-lint.baseline");
    let line = text.lines().last().unwrap();
    let unknown = line.split_once(' ').unwrap().1;
    place.write("orch-lint.baseline", &format!("{text}ORC777 {unknown}\n"));
    let source = place.read("src/pay.rs");
    place.write(
        "src/paid.rs",
        &source.replace("pub struct", "/// P.\npub struct"),
    );
    std::fs::remove_file(place.path("src/pay.rs")).unwrap();
    place.write("src/lib.rs", "//! Shop.\n/// P.\npub mod paid;\n");
    for (action, written) in [("check", false), ("prune", true)] {
        let document = run(action);
        assert_eq!(document["written"], written, "{document:#}");
        for key in ["moved", "stale", "ineffective"] {
            assert!(count(&document, key) > 0, "{key}: {document:#}");
        }
    }
}

#[test]
fn schemas_are_listed_and_printed_as_published() {
    let place = Place::new();
    let list = place.run(&["schema"]).done().out;
    for schema in SCHEMAS {
        assert!(list.contains(schema.name), "{list}");
        let printed = place.run(&["schema", schema.name]).done().out;
        assert_eq!(printed, schema.text);
        let file = format!(
            "{}/schemas/{}.schema.json",
            env!("CARGO_MANIFEST_DIR"),
            schema.name
        );
        assert_eq!(std::fs::read_to_string(file).unwrap(), schema.text);
    }
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas")).unwrap();
    assert_eq!(
        files.count(),
        SCHEMAS.len(),
        "a schema is not part of the program"
    );
    let ran = place.run(&["schema", "pln"]).refused(2, "OG001");
    assert!(ran.err.contains("did you mean `plan`?"), "{ran:?}");
}

/// Every key, of a document and of `orch.toml`, is explained to who writes it.
#[test]
fn every_key_is_described() {
    fn undescribed(schema: &Value, path: &str, found: &mut Vec<String>) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}/{key}");
            if property["description"].as_str().is_none_or(str::is_empty)
                && property.get("const").is_none()
            {
                found.push(path.clone());
            }
            undescribed(property, &path, found);
            undescribed(&property["items"], &path, found);
            for one in property["oneOf"].as_array().into_iter().flatten() {
                undescribed(one, &path, found);
            }
        }
    }
    let mut found = Vec::new();
    for schema in SCHEMAS {
        let text: Value = serde_json::from_str(schema.text).unwrap();
        assert_eq!(
            text["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(text["additionalProperties"], false, "{}", schema.name);
        undescribed(&text, schema.name, &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// The smallest spec with one operation.
const SMALL: &str = "version = 1\n[[domain]]\nname = \"Payment\"\n[[domain.operation]]\n\
                     event = \"PaymentRequested\"\nfields = [\"order_id:string\"]\n";

/// A step of every form in a saga; comes behind [`SMALL`].
const SAGA: &str = r#"[[domain.operation]]
event = "RefundRequested"
fields = ["order_id:string"]
[[saga]]
name = "Order"
fields = ["order_id:string"]
time_budget = "90s"
[[saga.step]]
name = "pay_it"
call = "Payment.PaymentRequested"
compensation = "none"
reason = "it is final"
optional = true
[[saga.step]]
name = "close"
after = ["pay_it"]
[[saga.step]]
name = "pay_more"
after = []
call = "Payment.PaymentRequested"
undo = "Payment.RefundRequested"
max_attempts = 5
backoff_base = "2s"
backoff_cap = "1m"
time_budget = "45s"
undo_max_attempts = 9
undo_backoff_base = "3s"
undo_backoff_cap = "2m"
undo_time_budget = "2h"
"#;

#[test]
fn what_the_parser_reads_the_schema_accepts() {
    let judge = Judge::new();
    let mut specs = vec![
        "version = 1\n".to_owned(),
        SMALL.to_owned(),
        SMALL.replace("[[domain]]\n", "[package]\n[store]\n[[domain]]\n"),
        SMALL.replace(
            "[[domain]]\n",
            "[package]\nkind = \"service\"\n[[domain]]\n",
        ),
        SMALL.replace(
            "[[domain]]\n",
            "[package]\nkind = \"existing\"\nrouter = false\n[[domain]]\n",
        ),
        SMALL.replace("name =", "callbacks = true\ngateway = \"http\"\nname ="),
        SMALL.replace("name =", "metrics = true\nname ="),
        format!("{SMALL}{SAGA}"),
        "version = 1\n[runtime]\nsource = \"vendored\"\n".to_owned(),
        "version = 1\n[runtime]\nsource = \"path\"\npath = \"../x\"\n".to_owned(),
        "version = 1\n[runtime]\nsource = \"git\"\ngit = \"x\"\n".to_owned(),
        "version = 1\nruntime = { source = \"git\", git = \"x\", rev = \"y\" }\n".to_owned(),
        "version = 1\n[runtime]\nsource = \"registry\"\nversion = \"0.1\"\n".to_owned(),
    ];
    let stores = StoreKind::ALL.iter().map(|(word, _)| word);
    specs.extend(stores.map(|word| format!("version = 1\n[store]\nkind = \"{word}\"\n")));
    let tracks = Track::ALL.iter().map(|(word, _)| word);
    specs.extend(
        tracks.map(|word| SMALL.replace("event =", &format!("track = \"{word}\"\nevent ="))),
    );
    for example in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap() {
        specs.extend(std::fs::read_to_string(
            example.unwrap().path().join("orch.toml"),
        ));
    }
    assert!(specs.len() > 18, "the examples are not found");
    for text in specs {
        Spec::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let refusal = judge.refusal("orch.toml", &as_json(&text).unwrap());
        assert_eq!(refusal, None, "{text}");
    }
}

/// Every form of the linter's section; where the schema knows a rule less, an editor marks what is right.
#[test]
fn what_the_linter_reads_the_schema_accepts() {
    let judge = Judge::new();
    let mut lints: Vec<String> = vec![
        "[lint]\n".into(),
        "[lint]\npreview = true\nunknown-budget = 0\n".into(),
        "lint.unknown-budget = 1_000_000\n".into(),
        "[lint.rules]\n".into(),
        "[[lint.paths]]\npaths = [\"src/**/*.rs\", \"?.sql\"]\nrules = { ORC803 = \"off\" }\n"
            .into(),
        "lint = { paths = [{ paths = [\"**\"], rules = { missing-docs = \"error\" } }] }\n".into(),
    ];
    for rule in orch_lint::rules::ALL {
        let levels: &[&str] = match rule.allows_exceptions() {
            true => &["error", "warn", "off"],
            false => &["error"],
        };
        let names = [rule.code(), rule.name()].into_iter();
        let settings = names.flat_map(|name| levels.iter().map(move |level| (name, level)));
        lints.extend(settings.map(|(name, level)| format!("[lint.rules]\n{name} = \"{level}\"\n")));
    }
    for lint in lints {
        let text = format!("version = 1\n{lint}");
        Spec::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let refusal = judge.refusal("orch.toml", &as_json(&text).unwrap());
        assert_eq!(refusal, None, "{text}");
    }
}

/// What an editor lets pass, a run refuses.
#[test]
fn what_the_linter_refuses_for_its_form_the_schema_refuses() {
    let judge = Judge::new();
    let entry = "[[lint.paths]]\npaths = [\"a\"]\nrules = { ORC803 = \"off\" }\n";
    let with = |from: &str, to: &str| {
        assert!(entry.contains(from), "{from}");
        entry.replace(from, to)
    };
    let mut wrong: Vec<String> = [
        "lint = 3\n",
        "[[lint]]\n",
        "[lint]\nprevew = true\n",
        "[lint]\npreview = 1\n",
        "[lint]\nunknown-budget = -1\n",
        "[lint]\nunknown-budget = 1000001\n",
        "[lint]\nunknown-budget = 1.5\n",
        "[lint]\nrules = []\n",
        "[lint.rules]\nORC999 = \"off\"\n",
        "[lint.rules]\norc302 = \"off\"\n",
        "[lint.rules]\nORC302 = \"warning\"\n",
        "[lint.rules]\nORC302 = false\n",
        "[lint.rules]\nORC901 = \"off\"\n",
        "[lint.rules]\ncould-not-parse = \"warn\"\n",
        "[lint.paths]\n",
    ]
    .map(str::to_owned)
    .into();
    wrong.extend([
        with("paths = [\"a\"]\n", ""),
        with("[\"a\"]", "[]"),
        with("[\"a\"]", "[3]"),
        with("[\"a\"]", "\"a\""),
        with("[\"a\"]", "[\"a\", \"a\"]"),
        with("{ ORC803 = \"off\" }", "{}"),
        with("rules = { ORC803 = \"off\" }\n", ""),
        with("rules", "rule"),
    ]);
    wrong.extend(
        ["", "/a", "a/", "a//b", "a[b]", "{a,b}", "!a", "a\\\\b"]
            .map(|glob| with("\"a\"", &format!("\"{glob}\""))),
    );
    for lint in wrong {
        let text = format!("version = 1\n{lint}");
        assert!(Spec::parse(&text).is_err(), "the parser accepts\n{text}");
        let document = as_json(&text).unwrap();
        let refusal = judge.refusal("orch.toml", &document);
        assert!(refusal.is_some(), "the schema accepts\n{text}");
    }
}

/// A gateway that one of the two does not know would be refused, or could not be found.
#[test]
fn the_schema_names_every_gateway() {
    let schema = SCHEMAS.iter().find(|schema| schema.name == "orch.toml");
    let schema: Value = serde_json::from_str(schema.unwrap().text).unwrap();
    let words = &schema["properties"]["domain"]["items"]["properties"]["gateway"]["enum"];
    let words: Vec<&str> = words
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let kinds: Vec<_> = GatewayKind::ALL.iter().map(|(word, _)| *word).collect();
    assert_eq!(words, kinds);
}

#[test]
fn what_the_parser_refuses_for_its_form_the_schema_refuses() {
    let judge = Judge::new();
    let small = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        SMALL.replace(from, to)
    };
    let mut wrong = vec![
        String::new(),
        "version = 2\n".to_owned(),
        "version = \"1\"\n".to_owned(),
        small("event =", "evnt ="),
        small("fields =", "colour = 1\nfields ="),
        small("name =", "name_ ="),
        small("\"Payment\"", "\"payment\""),
        small("\"Payment\"", "3"),
        small("\"PaymentRequested\"", "\"payment requested\""),
        small("event =", "track = \"all\"\nevent ="),
        small("name =", "gateway = \"soap\"\nname ="),
        small("name =", "callbacks = \"yes\"\nname ="),
        small("name =", "metrics = 1\nname ="),
        small("fields = [\"order_id:string\"]", ""),
        small("[\"order_id:string\"]", "[]"),
        small("[\"order_id:string\"]", "3"),
        small("[\"order_id:string\"]", "[3]"),
        "version = 1\n[[domain]]\nname = \"Payment\"\n".to_owned(),
        "version = 1\n[stroe]\nkind = \"sqlite\"\n".to_owned(),
        "version = 1\n[store]\nkind = \"mysql\"\n".to_owned(),
        "version = 1\n[store]\npath = \"x\"\n".to_owned(),
        "version = 1\n[package]\nkind = \"library\"\n".to_owned(),
        "version = 1\n[package]\nkind = \"service\"\nrouter = true\n".to_owned(),
        "version = 1\n[runtime]\n".to_owned(),
        "version = 1\n[runtime]\nsource = \"path\"\n".to_owned(),
        "version = 1\n[runtime]\nsource = \"vendored\"\npath = \"x\"\n".to_owned(),
    ];
    let fields = [
        "order_id",
        "orderId:string",
        "order__id:string",
        "1:string",
        "a:float",
        "a:mony",
        "a:list<list<string>>",
        "a:enum()",
        "a:enum(a b)",
        "a:string:mx=3",
        "a:string:max",
        "a:stringmax=3",
        "a:string:secret=1",
        "a:string:max=+3",
        "a:string:pattern=",
        ":string",
        "",
    ];
    wrong.extend(fields.map(|field| small("order_id:string", field)));
    for text in wrong {
        assert!(Spec::parse(&text).is_err(), "the parser accepts\n{text}");
        let document = as_json(&text).unwrap();
        assert!(
            judge.refusal("orch.toml", &document).is_some(),
            "the schema accepts\n{text}"
        );
    }
}

#[test]
fn what_the_parser_refuses_of_a_saga_for_its_form_the_schema_refuses() {
    let judge = Judge::new();
    let small = format!("{SMALL}{SAGA}");
    for (from, to) in [
        ("\"Order\"", "\"order\""),
        ("name = \"Order\"\n", ""),
        ("time_budget", "time"),
        ("\"90s\"", "\"1 hour\""),
        ("\"90s\"", "90"),
        ("\"90s\"", "\"0s\""),
        ("fields = [\"order_id:string\"]\ntime", "time"),
        (
            "fields = [\"order_id:string\"]\ntime",
            "fields = [\"order_id\"]\ntime",
        ),
        ("\"pay_it\"", "\"PayIt\""),
        ("\"pay_it\"", "\"pay__it\""),
        ("\"pay_it\"", "3"),
        ("name = \"pay_it\"\n", ""),
        ("after = []", "after = \"close\""),
        ("after = []", "after = [3]"),
        ("after = []", "after = [\"close\", \"close\"]"),
        ("after = []", "afetr = []"),
        ("undo = \"Payment.RefundRequested\"\n", ""),
        ("\"Payment.RefundRequested\"", "\"RefundRequested\""),
        ("after = [\"pay_it\"]", "undo = \"Payment.RefundRequested\""),
        ("\"none\"", "\"no\""),
        ("reason = \"it is final\"\n", ""),
        ("\"it is final\"", "\" \""),
        ("compensation = \"none\"\n", ""),
        (
            "compensation",
            "undo = \"Payment.RefundRequested\"\ncompensation",
        ),
        ("optional = true", "optional = 1"),
        ("\nmax_attempts = 5", "\nmax_attempts = 0"),
        ("\nmax_attempts = 5", "\nmax_attempts = -1"),
        ("\nmax_attempts = 5", "\nmax_attempts = 1001"),
        ("\nmax_attempts = 5", "\nmax_attempts = \"5\""),
        ("\"45s\"", "\"0s\""),
        ("\"45s\"", "45"),
        ("\"2s\"", "\"2 s\""),
        ("\"2h\"", "\"2w\""),
        ("after = [\"pay_it\"]", "max_attempts = 3"),
        ("optional = true", "undo_max_attempts = 3"),
    ] {
        assert!(small.contains(from), "{from}");
        let text = small.replace(from, to);
        assert!(Spec::parse(&text).is_err(), "the parser accepts\n{text}");
        let refusal = judge.refusal("orch.toml", &as_json(&text).unwrap());
        assert!(refusal.is_some(), "the schema accepts\n{text}");
    }
    let place = Place::new();
    place.write("orch.toml", &small);
    assert_eq!(
        judge.accept(&place.run(&["plan", "--graph", "--json"])),
        "graph"
    );
}

/// Fields of every form; many of them are refused.
fn any_field() -> impl Strategy<Value = String> {
    let ty = "(string|text|bool|i32|u64|decimal|money|uuid|json|bytes|list<i64>|enum\\([a-c](\\|[d-f]-)?\\))";
    let constraints =
        "(:|:max=[0-9]{1,3}|:min=-?[0-9]\\.?[0-9]?|:secret){0,3}(:pattern=[^:]{1,5})?";
    let form = format!("[a-z][a-z0-9_]{{0,6}}:{ty}\\??{constraints}");
    proptest::string::string_regex(&form).expect("the form is a regular expression")
}

/// An editor must not mark what the program reads.
#[test]
fn every_field_that_is_read_is_accepted() {
    let judge = Judge::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut read = 0;
    let fields = proptest::collection::vec(any_field(), 2000);
    let fields = fields.new_tree(&mut runner).unwrap().current();
    for field in fields {
        if !matches!(Field::parse(&field), Ok((_, None))) {
            continue;
        }
        read += 1;
        let text = SMALL.replace(
            "\"order_id:string\"",
            &toml_edit::Value::from(&field).to_string(),
        );
        let refusal = judge.refusal("orch.toml", &as_json(&text).unwrap());
        assert_eq!(refusal, None, "{field}");
    }
    assert!(read > 200, "only {read} fields were read");
}
