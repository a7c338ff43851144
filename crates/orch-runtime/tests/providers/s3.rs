//! S3 against moto: conditional writes, streams, and recovery after a lost answer.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use orch_runtime::gateway::s3::{S3Client, S3Config, S3Credentials};
use orch_runtime::spool::Spool;
use orch_runtime::testing::World;
use orch_runtime::{
    GatewayError, IdemKey, OpId, OperationState, OwnerId, Probe, Secret, SystemClock,
};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::{OnceCell, RwLock, RwLockReadGuard};

use super::emulator::Emulator;
use super::lossy::LossyProxy;
use super::raw::ask;
use super::recovery::world;
use super::uploads::{Upload, Uploading, upload};

/// One for all tests, because it takes seconds to start; each has a bucket of its own.
static MOTO: OnceCell<Emulator> = OnceCell::const_new();

/// Held for writing by the one test that measures the memory of the process.
static MEASURED: RwLock<()> = RwLock::const_new(());

fn arrange(command: &mut Command, [port]: [u16; 1], _: &Path) {
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
}

async fn moto() -> SocketAddr {
    let start = || Emulator::start("ORCH_TEST_MOTO", arrange);
    MOTO.get_or_init(start).await.address(0)
}

/// A bucket, a spool, the way between them on which answers may get lost, and an engine that uses it.
struct Place {
    bucket: &'static str,
    proxy: LossyProxy,
    spool: Spool,
    gateway: S3Client,
    world: World,
    _folder: TempDir,
    _unmeasured: Option<RwLockReadGuard<'static, ()>>,
}

impl Place {
    async fn new(bucket: &'static str) -> Self {
        let unmeasured = MEASURED.read().await;
        let place = Self::alone(bucket).await;
        Self {
            _unmeasured: Some(unmeasured),
            ..place
        }
    }

    async fn alone(bucket: &'static str) -> Self {
        let made = ask(moto().await, &format!("PUT /{bucket}"), "").await;
        assert!(made.contains("200 OK"), "{made}");
        let proxy = LossyProxy::start(moto().await).await;
        let folder = TempDir::new().unwrap();
        let spool = Spool::open(folder.path(), u64::MAX).unwrap();
        let url = format!("http://{}/{bucket}", proxy.address());
        let gateway = gateway(&url, &spool, ("AKIA1", "secret"));
        let calling = gateway.clone();
        let world = world(move |builder| builder.register(Uploading(calling.clone())));
        Self {
            bucket,
            proxy,
            spool,
            gateway,
            world,
            _folder: folder,
            _unmeasured: None,
        }
    }

    /// A command whose content, `size` times the same byte, waits in the spool.
    async fn command(&self, key: &str, size: usize, byte: u8) -> Upload {
        let mut hash = Sha256::new();
        for _ in 0..size / 1_024 {
            hash.update([byte; 1_024]);
        }
        hash.update(vec![byte; size % 1_024]);
        let hash = hash.finalize();
        let sha256: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        upload(&self.world, &self.spool, &sha256, size, byte).await;
        Upload {
            key: key.to_owned(),
            size: size as u64,
            sha256,
        }
    }

    /// Names and entity tags of all objects, as the emulator lists them.
    async fn objects(&self) -> Vec<(String, String)> {
        let listed = ask(moto().await, &format!("GET /{}", self.bucket), "").await;
        let objects = listed
            .split("<Contents>")
            .skip(1)
            .map(|object| (element(object, "Key"), element(object, "ETag")));
        objects.collect()
    }
}

fn gateway(url: &str, spool: &Spool, (id, secret): (&str, &str)) -> S3Client {
    let credentials = S3Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: Secret::new(secret.to_owned()),
        session_token: None,
    };
    let config = S3Config {
        timeout: Duration::from_secs(60),
        ..S3Config::new(url, "us-east-1", credentials)
    };
    S3Client::new(config, spool.clone(), Arc::new(SystemClock)).unwrap()
}

/// The text of the first element of this name.
fn element(xml: &str, name: &str) -> String {
    let (_, text) = xml.split_once(&format!("<{name}>")).unwrap();
    text.split_once("</").unwrap().0.to_owned()
}

fn op(name: &str) -> OpId {
    OpId::new(name).unwrap()
}

fn code<T>(answer: Result<T, GatewayError>) -> String {
    match answer {
        Err(GatewayError::Refused { code, .. }) => code,
        Err(error) => error.to_string(),
        Ok(_) => "stored".to_owned(),
    }
}

/// The provider has stored the object and its answer never comes: the operation is sent again or asked
/// about, and ends as what it is.
#[tokio::test]
async fn a_lost_answer_ends_completed_with_one_object() {
    let place = Place::new("lost-answers").await;
    let command = place.command("reports/2026 ü+1.txt", 100_000, b'a').await;
    for round in 1..=3 {
        place.proxy.lose(1, |method, _| method == "PUT");
        let command = Upload {
            key: format!("{} {round}", command.key),
            ..command.clone()
        };
        let op_id = place
            .world
            .submit(&format!("k{round}"), &command)
            .await
            .unwrap();
        place.world.settle().await;
        let view = place.world.view(&op_id).await;
        assert_eq!(view.state, OperationState::Completed, "{view:?}");
        let probe = place.gateway.probe(&op_id, &command.object()).await;
        assert!(matches!(probe, Probe::Committed { .. }), "{probe:?}");
    }
    assert_eq!((place.proxy.lost(), place.objects().await.len()), (3, 3));
}

/// Both answers get lost, that to the write and that to the question behind it: it is asked again.
#[tokio::test]
async fn an_answer_that_cannot_be_asked_for_yet_is_asked_for_later() {
    let place = Place::new("lost-questions").await;
    let command = place.command("a", 10, b'a').await;
    place.proxy.lose(3, |_, _| true);
    let op_id = place.world.submit("k", &command).await.unwrap();
    place.world.settle().await;
    let view = place.world.view(&op_id).await;
    assert_eq!(view.state, OperationState::Completed, "{view:?}");
    assert_eq!((place.proxy.lost(), place.objects().await.len()), (3, 1));
}

/// An upload that replaces what somebody else has stored destroys data.
#[tokio::test]
async fn another_object_is_never_overwritten() {
    let place = Place::new("foreign").await;
    let (first, second) = (
        place.command("a", 10, b'a').await,
        place.command("a", 10, b'b').await,
    );
    let stored = place
        .gateway
        .put(&op("op-1"), &first.object())
        .await
        .unwrap();
    let before = place.objects().await;
    assert_eq!(
        stored.provider_ref.as_deref(),
        Some(before[0].1.trim_matches('"'))
    );
    let refused = place.gateway.put(&op("op-2"), &second.object()).await;
    assert_eq!(code(refused), "OBJECT_EXISTS");
    assert_eq!(place.objects().await, before);
    let asked = place.gateway.probe(&op("op-2"), &second.object()).await;
    assert!(matches!(asked, Probe::NotCommitted), "{asked:?}");
    let asked = place.gateway.probe(&op("op-1"), &first.object()).await;
    assert!(matches!(asked, Probe::Committed { .. }), "{asked:?}");
    let op_id = place.world.submit("k", &second).await.unwrap();
    place.world.settle().await;
    assert_eq!(place.world.state(&op_id).await, OperationState::Failed);
    assert_eq!(place.objects().await, before);
}

#[tokio::test]
async fn nothing_is_there_before_it_is_stored_and_repeating_changes_nothing() {
    let place = Place::new("repeats").await;
    let command = place.command("a", 10, b'a').await;
    let asked = place.gateway.probe(&op("op-1"), &command.object()).await;
    assert!(matches!(asked, Probe::NotCommitted), "{asked:?}");
    let first = place.gateway.put(&op("op-1"), &command.object()).await;
    let again = place.gateway.put(&op("op-1"), &command.object()).await;
    assert_eq!(first.unwrap().provider_ref, again.unwrap().provider_ref);
    let same = place.gateway.put(&op("op-2"), &command.object()).await;
    assert!(
        same.is_ok(),
        "the same content under the same name: {same:?}"
    );
    assert_eq!(place.objects().await.len(), 1);
}

#[tokio::test]
async fn of_two_uploads_at_the_same_time_one_is_stored() {
    let place = Place::new("races").await;
    for round in 0..10 {
        let key = format!("race {round}");
        let first = place.command(&key, 200_000 + round, b'a').await;
        let second = place.command(&key, 200_000 + round, b'b').await;
        let (one, two) = (op(&format!("op-a{round}")), op(&format!("op-b{round}")));
        let (first, second) = (first.object(), second.object());
        let (a, b) = tokio::join!(
            place.gateway.put(&one, &first),
            place.gateway.put(&two, &second)
        );
        let probed = place.gateway.probe(&one, &first).await;
        let is_first = matches!(probed, Probe::Committed { .. });
        let mut ends = [code(a), code(b)];
        if !is_first {
            ends.reverse();
        }
        assert_eq!(ends, ["stored", "OBJECT_EXISTS"], "round {round}");
    }
}

#[tokio::test]
async fn what_is_not_in_the_spool_is_refused_and_nothing_is_sent() {
    let place = Place::new("missing").await;
    let command = place.command("a", 10, b'a').await;
    let missing = Upload {
        sha256: "0".repeat(64),
        ..command.clone()
    };
    let other_size = Upload {
        size: 11,
        ..command.clone()
    };
    for (command, expected) in [(missing, "CONTENT_MISSING"), (other_size, "CONTENT_SIZE")] {
        let op_id = place.world.submit(expected, &command).await.unwrap();
        place.world.settle().await;
        let view = place.world.view(&op_id).await;
        assert_eq!(view.state, OperationState::Failed);
        assert!(format!("{view:?}").contains(expected), "{view:?}");
    }
    assert!(
        place.proxy.passed().is_empty(),
        "{:?}",
        place.proxy.passed()
    );
}

/// A server that checks signatures, by another implementation of them.
#[tokio::test]
async fn only_a_request_that_is_signed_with_the_right_secret_is_taken() {
    // The user, its key, its rights and the bucket are made before anything is checked.
    let checking = |command: &mut Command, ports: [u16; 1], folder: &Path| {
        arrange(command, ports, folder);
        command.env("INITIAL_NO_AUTH_ACTION_COUNT", "4");
    };
    let moto = Emulator::start("ORCH_TEST_MOTO", checking).await;
    let address = moto.address(0);
    let iam = "POST /\r\nAuthorization: AWS4-HMAC-SHA256 \
               Credential=a/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x";
    let act = async |form: &str| ask(address, iam, &format!("{form}&Version=2010-05-08")).await;
    act("Action=CreateUser&UserName=u").await;
    let key = act("Action=CreateAccessKey&UserName=u").await;
    let rights = "Action=PutUserPolicy&UserName=u&PolicyName=p&PolicyDocument=%7B%22Version%22%3A\
                  %222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C\
                  %22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D";
    act(rights).await;
    ask(address, "PUT /signed", "").await;
    let (id, secret) = (
        element(&key, "AccessKeyId"),
        element(&key, "SecretAccessKey"),
    );
    let place = Place::new("unsigned").await;
    let command = place.command("a b/ü+1=~.txt", 10, b'a').await;
    let url = format!("http://{address}/signed");
    let right = gateway(&url, &place.spool, (&id, &secret));
    let wrong = gateway(&url, &place.spool, (&id, "wrong"));
    let refused = wrong.put(&op("op-1"), &command.object()).await;
    assert_eq!(code(refused), "SignatureDoesNotMatch");
    let stored = right.put(&op("op-1"), &command.object()).await;
    assert!(stored.is_ok(), "{stored:?}");
    let asked = right.probe(&op("op-1"), &command.object()).await;
    assert!(matches!(asked, Probe::Committed { .. }), "{asked:?}");
    let unasked = wrong.probe(&op("op-1"), &command.object()).await;
    assert!(matches!(unasked, Probe::StillUnknown { .. }), "{unasked:?}");
}

/// With whole files in memory, ten uploads at once would end the process.
#[tokio::test]
async fn a_large_object_streams_in_little_memory_and_tells_how_far_it_is() {
    const SIZE: usize = 64 * 1024 * 1024;
    let _measured = MEASURED.write().await;
    let place = Place::alone("large").await;
    let before = peak_memory();
    let command = place.command("large", SIZE, b'x').await;
    let (owner, key) = (OwnerId::anonymous(), IdemKey::new("k").unwrap());
    let engine = place.world.engine();
    let op_id = engine.submit(owner.clone(), key, &command).await;
    let op_id = op_id.unwrap().op_id;
    let mut seen = std::collections::BTreeSet::new();
    let view = loop {
        let view = engine.find(&owner, &op_id).await.unwrap().unwrap();
        seen.extend(view.progress.map(|progress| progress.done));
        if view.state.is_final() {
            break view;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(view.state, OperationState::Completed, "{view:?}");
    let grown = peak_memory() - before;
    assert!(grown < SIZE / 4, "{grown} bytes more than before");
    assert!(seen.len() > 10, "{seen:?}");
    assert!(seen.iter().all(|&done| done <= SIZE as u64));
}

/// The most memory that this process has had, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse::<usize>().unwrap() * 1_024
}
