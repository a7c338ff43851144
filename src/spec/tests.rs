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
    insta::assert_snapshot!(refused("amount"), @"
    error[OG005]: a field has a name and a type
      --> field `amount`
    help: write `amount:string`
    ");
    insta::assert_snapshot!(refused("amount:float"), @"
    error[OG006]: unknown type `float`
      --> field `amount:float`
    help: use `decimal`
    ");
    insta::assert_snapshot!(refused("amount:mony"), @"
    error[OG006]: unknown type `mony`
      --> field `amount:mony`
    help: did you mean `money`?
    ");
    insta::assert_snapshot!(refused("type:string"), @"
    error[OG003]: `type` cannot be a field name: it is a Rust keyword
      --> field `type:string`
    help: try `kind`
    ");
    insta::assert_snapshot!(refused("state:string"), @"
    error[OG003]: `state` cannot be a field name: the runtime keeps a column of this name
      --> field `state:string`
    help: try `order_state`
    ");
}

#[test]
fn wrong_constraints_say_what_to_type() {
    insta::assert_snapshot!(refused("a:string:mx=3"), @"
    error[OG007]: unknown constraint `mx`
      --> field `a:string:mx=3`
    help: did you mean `max`?
    ");
    insta::assert_snapshot!(refused("a:bool:max=3"), @"
    error[OG007]: `max` does not suit the type `bool`
      --> field `a:bool:max=3`
    help: leave it out
    ");
    insta::assert_snapshot!(refused("a:string:max=3:max=4"), @"
    error[OG007]: `max` is given twice
      --> field `a:string:max=3:max=4`
    help: keep one of them
    ");
    insta::assert_snapshot!(refused("a:string:min=5:max=4"), @"
    error[OG007]: `min=5` is greater than `max=4`
      --> field `a:string:min=5:max=4`
    help: swap them
    ");
    insta::assert_snapshot!(refused("a:string:pattern=^a$"), @"
    error[OG007]: the pattern `^a$` is not usable: the whole value is matched: leave out `^` and `$`
      --> field `a:string:pattern=^a$`
    help: a row of characters and classes with counts, such as `[0-9a-f]{64}`
    ");
    insta::assert_snapshot!(refused("a:string:pattern=[a-z]+[a-z0-9]"), @"
    error[OG007]: the pattern `[a-z]+[a-z0-9]` is not usable: a repeated class could swallow what follows it
      --> field `a:string:pattern=[a-z]+[a-z0-9]`
    help: a row of characters and classes with counts, such as `[0-9a-f]{64}`
    ");
}

#[test]
fn types_and_names_that_cannot_be_say_why() {
    insta::assert_snapshot!(refused("a:list<list<string>>"), @"
    error[OG006]: a list of lists is not supported
      --> field `a:list<list<string>>`
    help: use `json` for nested data
    ");
    insta::assert_snapshot!(refused("a:enum(a|A)"), @"
    error[OG006]: the enum values `a` and `A` would be one variant
      --> field `a:enum(a|A)`
    help: keep one of them
    ");
    insta::assert_snapshot!(refused("../x:string"), @"
    error[OG005]: `../x` cannot be a field name
      --> field `../x:string`
    help: letters, digits and `_`, such as `x`
    ");
    insta::assert_snapshot!(refused("payload:string"), @"
    error[OG006]: the field `payload` is the runtime's own and has the type `json`
      --> field `payload:string`
    help: write `payload:json` or use another name
    ");
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
    insta::assert_snapshot!(spec_error(&SMALL.replace("event =", "evnt =")), @"
    error[OG011]: unknown key `evnt` in [[domain.operation]]
      --> orch.toml:5
    help: did you mean `event`?
    ");
    insta::assert_snapshot!(spec_error(&format!("{SMALL}colour = 1\n")), @"
    error[OG011]: unknown key `colour` in [[domain.operation]]
      --> orch.toml:7
    help: [[domain.operation]] has the keys event, was, track, fields
    ");
    insta::assert_snapshot!(spec_error("version = 1\n[stroe]\nkind = \"sqlite\"\n"), @"
    error[OG011]: unknown key `stroe` in orch.toml
      --> orch.toml:2
    help: did you mean `store`?
    ");
}

#[test]
fn wrong_values_name_the_line() {
    insta::assert_snapshot!(spec_error("version = 2\n"), @"
    error[OG012]: orch.toml has schema version 2, and this program reads 1
      --> orch.toml:1
    help: install the newer orch-gen
    ");
    insta::assert_snapshot!(spec_error("[store]\n"), @"
    error[OG012]: `version` is missing
      --> orch.toml
    help: add `version = 1` as the first line
    ");
    insta::assert_snapshot!(spec_error("version = 1\nversion = 1\n"), @"
    error[OG010]: orch.toml is not TOML: duplicate key
      --> orch.toml:2
    help: correct the line; nothing was changed
    ");
    insta::assert_snapshot!(spec_error("version = 1\n[store]\nkind = \"mysql\"\n"), @"
    error[OG012]: `store` cannot be `mysql`
      --> orch.toml:3
    help: available: sqlite, postgres
    ");
    insta::assert_snapshot!(spec_error(&SMALL.replace("order_id:string", "orderId:string")), @"
    error[OG002]: `orderId` is not the name's own spelling
      --> orch.toml:6
    help: write `order_id`
    ");
    insta::assert_snapshot!(spec_error(&SMALL.replace("\"Payment\"", "\"payment\"")), @"
    error[OG002]: `payment` is not the name's own spelling
      --> orch.toml:3
    help: write `Payment`
    ");
    insta::assert_snapshot!(spec_error(&SMALL.replace("[\"order_id:string\"]", "3")), @r#"
    error[OG012]: `fields` is an integer, and has to be a list of texts
      --> orch.toml:6
    help: write `fields = ["a:string"]`
    "#);
    insta::assert_snapshot!(spec_error(&SMALL.replace("order_id:string", "a:string\", \"a:u64")), @"
    error[OG004]: the field name `a` is taken by an earlier field
      --> orch.toml:4
    help: rename one of them
    ");
}

#[test]
fn domains_that_differ_by_case_are_refused() {
    let second = SMALL
        .replace("version = 1\n", "")
        .replace("\"Payment\"", "\"PAYMENT\"");
    insta::assert_snapshot!(spec_error(&format!("{SMALL}{second}")), @"
    error[OG004]: the domains `Payment` and `PAYMENT` differ only by case
      --> orch.toml:7
    help: use `Payment`, or another name
    ");
}

#[test]
fn clashing_types_and_routes_are_refused() {
    let enum_field = SMALL.replace("order_id:string", "command:enum(a|b)");
    insta::assert_snapshot!(spec_error(&enum_field), @"
    error[OG004]: the event PaymentRequested and the field command of PaymentRequested would both be the type `PaymentCommand`
      --> orch.toml
    help: rename one of them
    ");
    let second = SMALL
        .replace("version = 1\n", "")
        .replace("\"Payment\"", "\"Billing\"");
    insta::assert_snapshot!(spec_error(&format!("{SMALL}{second}")), @"
    error[OG004]: PaymentRequested and PaymentRequested would both be served at `/api/payments`
      --> orch.toml
    help: use a more exact event name
    ");
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
        was: None,
        gateway: GatewayKind::Http,
        callbacks: false,
        metrics: false,
        operations: vec![Operation {
            event,
            was: None,
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
    let given = Given {
        fields: true,
        track: true,
        gateway: false,
    };
    let (text, edit) = add_operation(text, &refund, given).unwrap();
    assert_eq!(edit, Edit::NewOperation);
    let file = wanted("FileUpload", "FileUploadRequested", &["object_key:string"]);
    let (text, edit) = add_operation(&text, &file, given).unwrap();
    assert_eq!(edit, Edit::NewDomain);
    let changed = wanted("Payment", "PaymentRequested", &["a:string", "b:u64"]);
    let (text, edit) = add_operation(&text, &changed, given).unwrap();
    assert_eq!(edit, Edit::Changed);
    let (text, edit) = add_operation(&text, &changed, given).unwrap();
    assert_eq!(edit, Edit::Unchanged);
    let text = set_runtime(&text, &RuntimeSource::Path("../crates".to_owned())).unwrap();
    insta::assert_snapshot!(text, @r#"
    # mine
    version = 1 # one

    # about payments
    [[domain]]
    name = "Payment"
    [[domain.operation]]
    event = "PaymentRequested" # asked
    fields = ["a:string", "b:u64"]

    [[domain.operation]]
    event = "RefundRequested"
    fields = ["a:string"]

    [[domain]]
    name = "FileUpload"
    gateway = "http"

    [[domain.operation]]
    event = "FileUploadRequested"
    fields = ["object_key:string"]

    [runtime]
    source = "path"
    path = "../crates"
    "#);
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

#[test]
fn what_was_not_given_stays() {
    let text = SMALL.replace("event =", "track = \"history\"\nevent =");
    let wanted = wanted("Payment", "PaymentRequested", &["other:u64"]);
    let (same, edit) = add_operation(&text, &wanted, Given::default()).unwrap();
    assert_eq!((same.as_str(), edit), (text.as_str(), Edit::Unchanged));
    let given = Given {
        fields: true,
        track: false,
        gateway: false,
    };
    let (text, edit) = add_operation(&text, &wanted, given).unwrap();
    assert_eq!(edit, Edit::Changed);
    assert!(
        text.contains("track = \"history\"") && text.contains("other:u64"),
        "{text}"
    );
    let given = Given {
        fields: false,
        track: true,
        gateway: false,
    };
    let (text, _) = add_operation(&text, &wanted, given).unwrap();
    assert!(!text.contains("track"), "{text}");
}

#[test]
fn adding_and_removing_is_nothing() {
    let given = Given {
        fields: true,
        track: true,
        gateway: false,
    };
    let refund = wanted("Payment", "RefundRequested", &["a:string"]);
    let (more, _) = add_operation(SMALL, &refund, given).unwrap();
    let event = &refund.operations[0].event;
    assert_eq!(remove(&more, &refund.name, Some(event)).unwrap(), SMALL);
    let file = wanted("FileUpload", "FileUploadRequested", &["a:string"]);
    let (more, _) = add_operation(SMALL, &file, given).unwrap();
    assert_eq!(remove(&more, &file.name, None).unwrap(), SMALL);
    assert_eq!(remove(SMALL, &refund.name, None).unwrap(), "version = 1\n");
    assert!(remove(SMALL, &file.name, None).is_err());
    assert!(remove(SMALL, &refund.name, Some(event)).is_err());
}

/// Specs of any shape; some of them are refused.
pub(crate) fn any_spec() -> impl Strategy<Value = Spec> {
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
        let mut spec = Spec::empty(runtime, StoreKind::Sqlite);
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

/// Whoever wrote why a domain is not watched yet wants to read it afterwards.
#[test]
fn watching_a_domain_keeps_comments_and_is_said_once() {
    let name = |typed: &str| Name::parse(Role::Domain, typed).unwrap().0;
    let text = format!("# mine\n{SMALL}");
    let (watched, is_new) = add_metrics(&text, &name("Payment")).unwrap();
    assert!(is_new && Spec::parse(&watched).unwrap().domains[0].metrics);
    assert_eq!(watched.replace("metrics = true\n", ""), text);
    assert_eq!(
        add_metrics(&watched, &name("Payment")).unwrap(),
        (watched, false)
    );
    let off = text.replace("name =", "metrics = false # not yet\nname =");
    let (on, _) = add_metrics(&off, &name("Payment")).unwrap();
    assert_eq!(on, off.replace("false", "true"));
    let error = add_metrics(&text, &name("Paymnt")).unwrap_err();
    assert_eq!(error.code(), Code::SpecValue);
    assert_eq!(error.advice(), Some("did you mean `Payment`?"));
    let error = add_metrics("version = 1\n", &name("Payment")).unwrap_err();
    assert!(error.advice().unwrap().contains("add an operation first"));
}

/// A list that holds something else is refused with what to write.
#[test]
fn a_list_of_fields_that_are_no_texts_is_refused_with_advice() {
    let text = "version = 1\n[[domain]]\nname = \"Shop\"\n[[domain.operation]]\nevent = \"ShopOpened\"\n\
                fields = [1]\n";
    let said = Spec::parse(text).unwrap_err().to_string();
    assert!(said.contains("help: write `fields"), "{said}");
}
