//! Planted secrets are looked for wherever a service writes.

use std::fs;

use crate::http::{self, CARD};
use crate::provider::{Answer, Provider};
use crate::service::Site;
use crate::{database, project, turn};

/// The provider's token.
const TOKEN: &str = "planted-token-c0ffee";
/// The digits of the card, as a number where a text is expected.
const NUMBER: &str = "4000056655665556";

/// All columns of all tables.
const COLUMNS: &str = "select m.name || '.' || p.name
    from sqlite_master as m, pragma_table_info(m.name) as p where m.type = 'table'";

/// Every kind of answer, every level of the log, every kind of refusal: nothing shows a secret.
#[test]
fn planted_secrets_reach_the_provider_and_nothing_else() {
    let _turn = turn();
    let provider = Provider::start(|_, request| match request {
        1 => Answer::ActAndDrop,
        _ => Answer::Done,
    });
    let site = Site::new(project::plain(), &provider)
        .set("PAYMENT_GATEWAY_TOKEN", TOKEN)
        .set("RUST_LOG", "trace");
    let mut service = site.start();
    let answers = use_it(&service);
    service.terminate();
    assert_eq!(service.ended().code(), Some(0));
    assert_eq!(provider.authorizations(), [format!("Bearer {TOKEN}")]);
    let log = service.out.all() + &service.err.all();
    for line in service.out.all().lines() {
        assert!(
            serde_json::from_str::<serde_json::Value>(line).is_ok(),
            "{line}"
        );
    }
    for secret in [TOKEN, CARD, NUMBER] {
        for line in log.lines() {
            assert!(!line.contains(secret), "the log: {line}");
        }
        for answer in &answers {
            assert!(!answer.contains(secret), "an answer: {answer}");
        }
        let found = columns_with(&site, secret);
        assert!(found.is_empty(), "{secret} is in {found:?}");
    }
    for file in fs::read_dir(site.folder()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(TOKEN), "the file");
    }
    println!(
        "2 secrets, {} log lines at trace, {} answers, no column of the database: none has one",
        log.lines().count(),
        answers.len()
    );
}

/// Bodies of answers to good and bad requests, and the metrics.
fn use_it(service: &crate::service::Service) -> Vec<String> {
    let to = service.address;
    let good = http::payment("order-1");
    let accepted = http::post(to, "key-1", &good).unwrap();
    let op_id = accepted.text("opId");
    assert_eq!(service.rest(&op_id), "COMPLETED");
    let bad = [
        good.replace("order-1", "order-2"),
        good.replace("10.00", "ten"),
        good.replace("cardToken", "cardTokn"),
        good.replace(CARD, &CARD.repeat(20)),
        good.replace(&format!("\"{CARD}\""), &format!("{{\"{CARD}\":1}}")),
        good.replace(&format!("\"{CARD}\""), NUMBER),
        good.replace('}', ""),
        format!("{good}{CARD}"),
    ];
    let refused = bad.iter().map(|body| {
        let answer = http::post(to, "key-1", body).unwrap();
        assert!((400..500).contains(&answer.status()), "{answer:?}");
        answer.body
    });
    let mut answers: Vec<String> = refused.collect();
    answers.push(accepted.body);
    answers.push(service.operation(&op_id).body);
    answers.push(http::get(to, "/metrics").unwrap().body);
    answers
}

fn columns_with(site: &Site, secret: &str) -> Vec<String> {
    let columns = database::texts(&site.database(), COLUMNS);
    assert!(columns.len() > 30, "{columns:?}");
    let has = |column: &String| {
        let (table, column) = column.split_once('.').unwrap();
        let sql = format!(
            "select count(*) from \"{table}\" where instr(cast(\"{column}\" as text), '{secret}')"
        );
        database::number(&site.database(), &sql) > 0
    };
    columns.into_iter().filter(has).collect()
}
