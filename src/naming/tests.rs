//! Names: the table of forms, the list of refusals, and what holds for any text.

use super::*;
use proptest::prelude::*;

fn domain(typed: &str) -> Name {
    Name::parse(Role::Domain, typed).unwrap().0
}

fn operation(event: &str) -> String {
    let (event, _) = Name::parse(Role::Event, event).unwrap();
    operation_names(&event)[0].type_name().to_owned()
}

#[test]
fn forms() {
    let table = [
        ("Payment", "payment", "payments"),
        ("FileUpload", "file_upload", "file-uploads"),
        ("Notification", "notification", "notifications"),
        ("Category", "category", "categories"),
        ("HTTPCall", "http_call", "http-calls"),
        ("S3Upload", "s3_upload", "s3-uploads"),
        ("OAuth2Token", "oauth2_token", "oauth2-tokens"),
        ("IPv4", "ipv4", "ipv4s"),
        (
            "UserIPv6Address",
            "user_ipv6_address",
            "user-ipv6-addresses",
        ),
        ("MySQLBackup", "mysql_backup", "mysql-backups"),
        ("Status", "status", "statuses"),
        ("Analysis", "analysis", "analyses"),
        ("Payments", "payments", "payments"),
        ("TaxBox", "tax_box", "tax-boxes"),
        ("Delivery", "delivery", "deliveries"),
        ("PersonRecord", "person_record", "person-records"),
        ("X", "x", "xes"),
        ("A", "a", "aes"),
    ];
    for (pascal, snake, route) in table {
        let name = domain(pascal);
        assert_eq!(
            (name.module(), name.route().as_str()),
            (snake, route),
            "{pascal}"
        );
        assert_eq!(name.type_name(), pascal);
    }
}

#[test]
fn other_cases_are_converted_and_said() {
    for typed in [
        "file_upload",
        "file-upload",
        "fileUpload",
        "FILE_UPLOAD",
        "File_Upload",
    ] {
        let (name, converted) = Name::parse(Role::Domain, typed).unwrap();
        assert_eq!(name, domain("FileUpload"));
        assert_eq!(converted.as_deref(), Some(typed));
    }
    assert_eq!(Name::parse(Role::Domain, "FileUpload").unwrap().1, None);
}

/// `orch.toml` keeps the `PascalCase` form: what is read back has to be the same name.
#[test]
fn all_forms_follow_from_the_type_name() {
    for typed in ["x_y", "pay_a_bill", "s3_upload", "v2_api"] {
        let (name, _) = Name::parse(Role::Domain, typed).unwrap();
        assert_eq!(name, domain(name.type_name()));
    }
    assert!(
        Name::parse(Role::Domain, "i_f").is_err(),
        "it would be the module `if`"
    );
}

#[test]
fn operations_are_events_without_their_participle() {
    let table = [
        ("PaymentRequested", "Payment"),
        ("RefundRequested", "Refund"),
        ("NotificationSent", "Notification"),
        ("FileUploadRequested", "FileUpload"),
        ("InvoicePaid", "Invoice"),
        ("Paid", "Paid"),
        ("PaymentRequest", "PaymentRequest"),
        ("NewsFeed", "NewsFeed"),
        ("TypeChanged", "TypeChanged"),
        ("HTTPCallStarted", "HTTPCall"),
    ];
    for (event, expected) in table {
        assert_eq!(operation(event), expected, "{event}");
    }
}

#[test]
fn taken_names_are_refused_with_another_one() {
    let names = [
        "Self",
        "self",
        "Type",
        "Crate",
        "Try",
        "Gen",
        "Union",
        "Yield",
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
        "Main",
        "Lib",
        "App",
        "Tests",
        "Target",
        "Vendor",
        "Con",
        "Nul",
        "Com1",
        "COM1",
        "Lpt9",
        "DateTime",
    ];
    for typed in names {
        let error = Name::parse(Role::Domain, typed).unwrap_err();
        assert_eq!(error.code(), Code::NameReserved, "{typed}");
        let advice = error.advice().unwrap();
        let tried = advice.trim_start_matches("try `").trim_end_matches('`');
        assert!(
            Name::parse(Role::Domain, tried).is_ok(),
            "{typed}: {advice}"
        );
    }
}

#[test]
fn what_is_no_name_is_refused() {
    let long = "A".repeat(300);
    let names = [
        "",
        "../x",
        "a/b",
        "a\\b",
        "..",
        "Ünïcode",
        "3DSecure",
        "a b",
        "a\0b",
        "_",
        "-",
        "x;y",
    ];
    for typed in names.into_iter().chain([long.as_str()]) {
        let error = Name::parse(Role::Domain, typed).unwrap_err();
        assert_eq!(error.code(), Code::NameForm, "{typed}");
        assert!(error.advice().is_some());
        assert!(error.what().len() < 200);
    }
}

#[test]
fn names_that_differ_by_case_collide() {
    assert!(domain("payment").collides_with(&domain("Payment")));
    assert!(domain("Httpcall").collides_with(&domain("HTTPCall")));
    assert!(!domain("Payment").collides_with(&domain("Refund")));
}

proptest! {
    #[test]
    fn any_text_is_a_name_or_an_error(typed in any::<String>(), role in any::<bool>()) {
        let role = if role { Role::Domain } else { Role::Event };
        let _ = Name::parse(role, &typed);
    }

    #[test]
    fn accepted_names_are_identifiers(typed in "[A-Za-z][A-Za-z0-9_-]{0,20}") {
        if let Ok((name, _)) = Name::parse(Role::Domain, &typed) {
            prop_assert!(syn::parse_str::<syn::Ident>(name.type_name()).is_ok());
            prop_assert!(syn::parse_str::<syn::Ident>(name.module()).is_ok());
            prop_assert!(syn::parse_str::<syn::Ident>(&name.screaming()).is_ok());
            prop_assert!(syn::parse_str::<syn::Ident>(name.plural()).is_ok());
            prop_assert!(Name::parse(Role::Domain, name.type_name()).is_ok());
            for operation in operation_names(&name) {
                prop_assert!(syn::parse_str::<syn::Ident>(operation.module()).is_ok());
            }
        }
    }
}

#[test]
fn prose_has_the_article_that_is_said() {
    for (typed, said) in [
        ("Payment", "a payment"),
        ("Order", "an order"),
        ("UserInvite", "a user invite"),
        ("UpperLimit", "an upper limit"),
    ] {
        assert_eq!(domain(typed).with_article(), said);
    }
}
