//! The spec: field grammar, strictness of `orch.toml`, and text and value being the same thing.

use super::*;
use crate::error::Code;
use crate::naming::Role;
use proptest::prelude::*;

fn field(text: &str) -> Field {
    Field::parse(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .0
}

fn refused(text: &str) -> String {
    Field::parse(text).unwrap_err().to_string()
}

#[test]
fn fields_are_read_and_written_alike() {
    for text in [
        "order_id:string:max=64",
        "amount:money:min=0.01",
        "note:text?",
        "channel:enum(push|sms|email)",
        "tags:list<string>:max=10",
        "sha256:string:pattern=[0-9a-f]{64}",
        "reference:string:pattern=INV:[0-9]{4,8}",
        "token:string:max=200:secret",
        "rate:decimal:min=-0.5:max=12.25",
        "count:i32:min=-5:max=5",
        "biz_key:string:max=255",
        "payload:json",
        "channels:list<enum(a|b)>",
    ] {
        assert_eq!(field(text).to_string(), text);
    }
}

#[test]
fn names_are_converted_and_said() {
    let (field, typed) = Field::parse("orderId:string").unwrap();
    assert_eq!(
        (field.name.as_str(), typed.as_deref()),
        ("order_id", Some("orderId"))
    );
}

#[test]
fn wrong_fields_say_what_to_type() {
    insta::assert_snapshot!(refused("amount"), @"");
    insta::assert_snapshot!(refused("amount:float"), @"");
    insta::assert_snapshot!(refused("amount:mony"), @"");
    insta::assert_snapshot!(refused("type:string"), @"");
    insta::assert_snapshot!(refused("state:string"), @"");
    insta::assert_snapshot!(refused("a:string:mx=3"), @"");
    insta::assert_snapshot!(refused("a:bool:max=3"), @"");
    insta::assert_snapshot!(refused("a:string:max=3:max=4"), @"");
    insta::assert_snapshot!(refused("a:string:min=5:max=4"), @"");
    insta::assert_snapshot!(refused("a:string:pattern=^a$"), @"");
    insta::assert_snapshot!(refused("a:string:pattern=[a-z]+[a-z0-9]"), @"");
    insta::assert_snapshot!(refused("a:list<list<string>>"), @"");
    insta::assert_snapshot!(refused("a:enum(a|A)"), @"");
    insta::assert_snapshot!(refused("../x:string"), @"");
    insta::assert_snapshot!(refused("payload:string"), @"");
}

#[test]
fn patterns_match_the_whole_value() {
    let cases = [
        ("[0-9a-f]{2}", "0f", true),
        ("[0-9a-f]{2}", "0fa", false),
        ("[A-Z]{2}\\d+", "DE89", true),
        ("[A-Z]{2}\\d+", "DE", false),
        ("INV-[0-9]{4,8}", "INV-12345", true),
        ("a?b", "b", true),
        ("a?b", "aab", false),
        ("[a-z][a-z0-9-]*", "a-1", true),
        ("\\[x\\]", "[x]", true),
    ];
    for (pattern, value, expected) in cases {
        let pattern = Pattern::parse(pattern).unwrap();
        assert_eq!(pattern.matches(value), expected, "{pattern:?} {value}");
        assert!(pattern.matches(&pattern.sample(false)), "{pattern:?}");
        assert!(pattern.matches(&pattern.sample(true)), "{pattern:?}");
    }
}

const SMALL: &str = r#"version = 1
[[domain]]
name = "Payment"
[[domain.operation]]
event = "PaymentRequested"
fields = ["order_id:string"]
"#;

fn spec_error(text: &str) -> String {
    Spec::parse(text).unwrap_err().to_string()
}

#[test]
fn unknown_keys_name_the_line_and_the_nearest_key() {
    insta::assert_snapshot!(spec_error(&SMALL.replace("event =", "evnt =")), @"");
    insta::assert_snapshot!(spec_error(&format!("{SMALL}colour = 1\n")), @"");
    insta::assert_snapshot!(spec_error("version = 1\n[stroe]\nkind = \"sqlite\"\n"), @"");
}

#[test]
fn wrong_values_name_the_line() {
    insta::assert_snapshot!(spec_error("version = 2\n"), @"");
    insta::assert_snapshot!(spec_error("[store]\n"), @"");
    insta::assert_snapshot!(spec_error("version = 1\nversion = 1\n"), @"");
    insta::assert_snapshot!(spec_error("version = 1\n[store]\nkind = \"postgres\"\n"), @"");
    insta::assert_snapshot!(spec_error(&SMALL.replace("order_id:string", "orderId:string")), @"");
    insta::assert_snapshot!(spec_error(&SMALL.replace("\"Payment\"", "\"payment\"")), @"");
    insta::assert_snapshot!(spec_error(&SMALL.replace("[\"order_id:string\"]", "3")), @"");
    insta::assert_snapshot!(spec_error(&SMALL.replace("order_id:string", "a:string\", \"a:u64")), @"");
}

#[test]
fn domains_that_differ_by_case_are_refused() {
    let second = SMALL
        .replace("version = 1\n", "")
        .replace("\"Payment\"", "\"PAYMENT\"");
    insta::assert_snapshot!(spec_error(&format!("{SMALL}{second}")), @"");
}

#[test]
fn clashing_types_and_routes_are_refused() {
    let enum_field = SMALL.replace("order_id:string", "command:enum(a|b)");
    insta::assert_snapshot!(spec_error(&enum_field), @"");
    let second = SMALL
        .replace("version = 1\n", "")
        .replace("\"Payment\"", "\"Billing\"");
    insta::assert_snapshot!(spec_error(&format!("{SMALL}{second}")), @"");
}

#[test]
fn a_second_event_with_the_same_short_name_keeps_its_whole_name() {
    let second = "[[domain.operation]]\nevent = \"PaymentConfirmed\"\nfields = [\"a:string\"]\n";
    let spec = Spec::parse(&format!("{SMALL}{second}")).unwrap();
    let names: Vec<_> = spec.domains[0]
        .operations
        .iter()
        .map(|o| o.name.type_name())
        .collect();
    assert_eq!(names, ["Payment", "PaymentConfirmed"]);
}

fn wanted(domain: &str, event: &str, fields: &[&str]) -> Domain {
    let event = Name::parse(Role::Event, event).unwrap().0;
    let name = crate::naming::operation_names(&event)[0].clone();
    let fields = fields.iter().map(|text| field(text)).collect();
    Domain {
        name: Name::parse(Role::Domain, domain).unwrap().0,
        gateway: GatewayKind::Http,
        operations: vec![Operation {
            event,
            name,
            track: Track::None,
            fields,
        }],
    }
}

#[test]
fn edits_keep_comments() {
    let text = "# mine\nversion = 1 # one\n\n# about payments\n[[domain]]\nname = \"Payment\"\n\
                [[domain.operation]]\nevent = \"PaymentRequested\" # asked\nfields = [\"a:string\"]\n";
    let refund = wanted("Payment", "RefundRequested", &["a:string"]);
    let (text, edit) = add_operation(text, &refund, false).unwrap();
    assert_eq!(edit, Edit::NewOperation);
    let file = wanted("FileUpload", "FileUploadRequested", &["object_key:string"]);
    let (text, edit) = add_operation(&text, &file, false).unwrap();
    assert_eq!(edit, Edit::NewDomain);
    let changed = wanted("Payment", "PaymentRequested", &["a:string", "b:u64"]);
    let (text, edit) = add_operation(&text, &changed, false).unwrap();
    assert_eq!(edit, Edit::Changed);
    let (text, edit) = add_operation(&text, &changed, false).unwrap();
    assert_eq!(edit, Edit::Unchanged);
    let text = set_runtime(&text, &RuntimeSource::Path("../crates".to_owned())).unwrap();
    insta::assert_snapshot!(text, @"");
}

fn any_field() -> impl Strategy<Value = String> {
    let types = prop_oneof![
        Just("string:max=9"),
        Just("text?"),
        Just("bool"),
        Just("i32:min=-3"),
        Just("u64"),
        Just("decimal:min=0.5"),
        Just("money:min=1"),
        Just("uuid?"),
        Just("date"),
        Just("datetime"),
        Just("json"),
        Just("bytes:secret"),
        Just("enum(a|b-c)"),
        Just("list<u32>:max=4"),
        Just("string:pattern=[A-Z]{2}:\\d+\"x"),
        Just("string:secret"),
    ];
    ("[a-z]{3,8}_[a-z0-9]{2,6}", types).prop_map(|(name, ty)| format!("{name}:{ty}"))
}

fn any_spec() -> impl Strategy<Value = Spec> {
    let operation = (
        "[A-Z][a-z]{4,8}[A-Z][a-z]{4,8}",
        proptest::collection::vec(any_field(), 1..5),
    );
    let runtime = prop_oneof![
        Just(RuntimeSource::Vendored),
        "[a-z./ \"\\\\]{1,10}".prop_map(RuntimeSource::Path),
        Just(RuntimeSource::Git {
            url: "https://x.example/y".into(),
            rev: Some("abc".into())
        }),
        Just(RuntimeSource::Registry("0.1".into())),
    ];
    (runtime, proptest::collection::vec(operation, 0..4)).prop_map(|(runtime, operations)| {
        let mut spec = Spec::empty(runtime);
        for (name, fields) in operations {
            let fields: Vec<_> = fields.iter().map(String::as_str).collect();
            spec.domains
                .push(wanted(&name, &format!("{name}Requested"), &fields));
        }
        spec
    })
}

proptest! {
    /// Text and value are the same thing, for every spec that is accepted at all.
    #[test]
    fn spec_round_trip(spec in any_spec()) {
        match Spec::parse(&new_document(&spec)) {
            Ok(read) => prop_assert_eq!(read, spec),
            Err(error) => prop_assert!(
                matches!(error.code(), Code::NameClash | Code::NameReserved | Code::NameForm),
                "{}\n{}", error, new_document(&spec)
            ),
        }
    }

    #[test]
    fn any_text_is_a_field_or_an_error(text in any::<String>()) {
        let _ = Field::parse(&text);
        let _ = Field::parse(&format!("a:{text}"));
        let _ = Field::parse(&format!("a:string:{text}"));
        let _ = Field::parse(&format!("a:string:pattern={text}"));
        let _ = Field::parse(&format!("a:enum({text})"));
    }

    #[test]
    fn accepted_fields_are_written_as_they_are_read(text in any_field()) {
        let (field, _) = Field::parse(&text).unwrap();
        prop_assert_eq!(Field::parse(&field.to_string()).unwrap().0, field);
    }

    #[test]
    fn any_text_is_a_spec_or_an_error(text in any::<String>()) {
        let _ = Spec::parse(&text);
    }
}
