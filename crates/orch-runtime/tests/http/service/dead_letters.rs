//! Dead letters from a terminal, beside the database of a service.

use std::time::Duration;

use orch_runtime::{Clock as _, SystemClock};
use tempfile::TempDir;

use crate::raw::{get, post};

use super::process::{End, Process, finished};
use super::provider::CountingProvider;

/// A folder with one operation that waits for a person, and its name.
async fn parked(provider: &CountingProvider) -> (TempDir, String) {
    let url = provider.url();
    let service = Process::start("", &[("PING_GATEWAY_URL", &url)]).await;
    let ask = post("/api/pings", "k", r#"{"name":"bob"}"#).header("prefer", "wait=5");
    let accepted = ask.send(service.address).await;
    let op_id = accepted.json()["opId"].as_str().unwrap().to_owned();
    let folder = service.kill().await;
    let file = rusqlite::Connection::open(folder.path().join("pinger.db")).unwrap();
    let sql = "update ping_operations set state = 'PARKED', error_code = 'UNKNOWN', \
               message = 'no answer', completed_at = null, lease_owner = null";
    assert_eq!(file.execute(sql, []).unwrap(), 1);
    (folder, op_id)
}

async fn command(folder: TempDir, words: &str) -> (End, TempDir) {
    let process = Process::spawn(folder, &format!("--simulate {words}"), &[]);
    process.end_and_keep().await
}

#[tokio::test]
async fn what_is_parked_is_listed_and_confirmed_and_stays_so() {
    let provider = CountingProvider::start().await;
    let (folder, op_id) = parked(&provider).await;
    let (listed, folder) = command(folder, "dead-letters").await;
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(
        listed
            .out
            .contains(&format!("{op_id} ping\n  PARKED UNKNOWN since"))
    );
    let mut shown = listed.out.lines().filter(|line| line.contains("UNKNOWN"));
    assert!(shown.all(|line| line.len() <= 80), "{listed:?}");
    let (json, folder) = command(folder, "dead-letters --json").await;
    assert!(
        json.out.contains(&format!(r#""opId":"{op_id}""#)),
        "{json:?}"
    );
    let confirm = format!("dead-letters confirm {op_id} --ref b-7 --by alice --reason seen");
    let (done, folder) = command(folder, &confirm).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.out.contains(&format!("{op_id} is COMPLETED")),
        "{done:?}"
    );
    assert!(
        done.out.contains(r#""action":"CONFIRM""#),
        "it is audited: {done:?}"
    );
    let (again, folder) = command(folder, &confirm).await;
    assert_eq!(again.code, 1, "{again:?}");
    assert!(
        again.err.contains("is not parked: nothing changed"),
        "{again:?}"
    );
    let url = provider.url();
    let service = Process::start_in(folder, "", &[("PING_GATEWAY_URL", &url)]).await;
    let path = format!("/api/pings/{op_id}");
    let seen = get(&path).send(service.address).await.json();
    assert_eq!(seen["state"], "COMPLETED");
    assert_eq!(seen["outcome"]["providerRef"], "b-7");
}

#[tokio::test]
async fn what_failed_is_done_anew_by_the_service() {
    let provider = CountingProvider::start().await;
    let (folder, op_id) = parked(&provider).await;
    let deny = format!("dead-letters deny {op_id} --by alice --reason seen");
    let (denied, folder) = command(folder, &deny).await;
    assert!(
        denied.out.contains(&format!("{op_id} is FAILED")),
        "{denied:?}"
    );
    let redrive = "dead-letters redrive --all --by alice --reason seen";
    let (redriven, folder) = command(folder, redrive).await;
    let anew = format!("{op_id} is done anew as ");
    let rest = redriven.out.split(&anew).nth(1).expect("a new operation");
    let new_id = rest.split_whitespace().next().unwrap().to_owned();
    let effects = provider.effects();
    let url = provider.url();
    let service = Process::start_in(folder, "", &[("PING_GATEWAY_URL", &url)]).await;
    let path = format!("/api/pings/{new_id}");
    let mut state = String::new();
    for _ in 0..500 {
        state = get(&path).send(service.address).await.json()["state"].to_string();
        if state.contains("COMPLETED") {
            break;
        }
        SystemClock.sleep(Duration::from_millis(20)).await;
    }
    assert!(state.contains("COMPLETED"), "{state}");
    assert_eq!(provider.effects(), effects + 1);
}

#[tokio::test]
async fn nothing_waits_and_a_decision_without_a_reason_is_refused() {
    let nothing = finished("--simulate dead-letters", &[]).await;
    assert!(
        nothing.out.contains("nothing waits for a person"),
        "{nothing:?}"
    );
    let refused = finished("--simulate dead-letters deny op-1 --by alice", &[]).await;
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("--reason <TEXT> is missing"),
        "{refused:?}"
    );
}

/// A script that looks at the exit code alone must not believe that everything was taken up.
#[tokio::test]
async fn all_of_them_failed_when_one_of_them_did() {
    let provider = CountingProvider::start().await;
    let (folder, op_id) = parked(&provider).await;
    let file = rusqlite::Connection::open(folder.path().join("pinger.db")).unwrap();
    let broken = file.execute("update ping_operations set payload = '{}'", []);
    assert_eq!(broken.unwrap(), 1);
    let ask = "dead-letters ask-again --all --by alice --reason seen";
    let (asked, _folder) = command(folder, ask).await;
    assert_eq!(asked.code, 1, "{asked:?}");
    assert!(asked.err.contains(&format!("{op_id} stays parked")));
    assert!(asked.err.contains("1 of 1 were not moved"), "{asked:?}");
}
