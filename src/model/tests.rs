//! The model: names, types, columns and samples of one spec.

use super::*;
use crate::spec::Spec;

fn model(fields: &str) -> OperationModel {
    let text = format!(
        "version = 1\n[[domain]]\nname = \"Payment\"\n[[domain.operation]]\n\
         event = \"RefundRequested\"\nfields = [{fields}]\n"
    );
    let spec = Spec::parse(&text).unwrap();
    let place = Place {
        package: "my-shop".into(),
        standalone: true,
        history: crate::schema::History::default(),
        prune: false,
        library: None,
        vendor: "vendor".to_owned(),
        style: crate::model::Style::default(),
        owns_library: true,
        owns_clippy: true,
    };
    PackageModel::new(&spec, &place).domains[0].operations[0].clone()
}

#[test]
fn an_operation_beside_the_root_has_its_own_folder() {
    let refund = model(r#""order_id:string""#);
    assert_eq!(refund.folder(), "src/payment/refund");
    assert_eq!(refund.module_path(), "payment::refund");
    assert_eq!(refund.event_type(), "REFUND_REQUESTED");
    assert_eq!(refund.business_key().unwrap().name, "order_id");
}

#[test]
fn types_in_rust_and_sql() {
    let refund = model(
        r#""order_id:string", "amount:money", "note:text?", "channel:enum(push|sms)", "tags:list<string>", "pin:string:secret", "order:u64", "raw:bytes""#,
    );
    let types: Vec<_> = refund
        .fields
        .iter()
        .map(|f| (f.rust_type.as_str(), f.getter_type.as_str()))
        .collect();
    assert_eq!(
        types,
        [
            ("String", "&str"),
            ("Money", "Money"),
            ("Option<String>", "Option<&str>"),
            ("RefundChannel", "RefundChannel"),
            ("Vec<String>", "&[String]"),
            ("String", "&str"),
            ("u64", "u64"),
            ("Bytes", "&Bytes"),
        ]
    );
    let columns: Vec<_> = refund.columns().iter().map(Column::sql).collect();
    assert_eq!(
        columns,
        [
            "order_id",
            "amount_value",
            "amount_currency",
            "note",
            "channel",
            "\"order\""
        ]
    );
    assert_eq!(refund.runtime_imports(), ["Bytes", "Money"]);
}

#[test]
fn samples_meet_the_limits() {
    let refund = model(
        r#""a:string:max=3", "b:string:min=20", "c:money:min=12.345", "d:decimal:max=1.5", "e:i32:min=-5:max=5", "f:bytes:max=2", "g:list<u32>:min=2", "h:string:pattern=[a-c]{2}-\\d+""#,
    );
    insta::assert_snapshot!(refund.sample_json(), @r#"{"a":"a-1","b":"b-111111111111111111","c":{"value":"12.35","currency":"EUR"},"d":"1.5","e":5,"f":"YWE=","g":[10,10],"h":"aa-000"}"#);
    insta::assert_snapshot!(refund.other_json(), @r#"{"a":"a-2","b":"b-222222222222222222","c":{"value":"20.00","currency":"EUR"},"d":"1.5","e":5,"f":"YmI=","g":[20,20],"h":"cc-999"}"#);
    let parsed: serde_json::Value = serde_json::from_str(&refund.sample_json()).unwrap();
    assert_eq!(parsed["a"], "a-1");
}
