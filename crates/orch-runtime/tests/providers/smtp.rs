//! SmtpMail against maildev: what arrives, and recovery after a lost answer.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use orch_runtime::clock::{Clock as _, SystemClock};
use orch_runtime::gateway::JsonClient;
use orch_runtime::gateway::smtp::{SmtpClient, SmtpConfig, SmtpMail};
use orch_runtime::testing::World;
use orch_runtime::{Json, OpId, OperationState};

use super::emulator::Emulator;
use super::lossy_smtp::{Cut, LossySmtp};
use super::mails::{Mailing, Notice};
use super::recovery::world;

/// A server of one's own, the way to it, and an engine that uses it.
struct Place {
    web: SocketAddr,
    proxy: LossySmtp,
    gateway: SmtpClient,
    world: World,
    _maildev: Emulator,
}

impl Place {
    async fn new(arguments: &[&str], change: impl Fn(SmtpConfig) -> SmtpConfig) -> Self {
        let arrange = |command: &mut Command, [smtp, web]: [u16; 2], folder: &Path| {
            command.args(["--ip", "127.0.0.1", "--web-ip", "127.0.0.1"]);
            command.args(["--smtp", &smtp.to_string(), "--web", &web.to_string()]);
            command.arg("--mail-directory").arg(folder.join("mails"));
            command.args(arguments);
        };
        let maildev = Emulator::start("ORCH_TEST_MAILDEV", arrange).await;
        let proxy = LossySmtp::start(maildev.address(0)).await;
        let web = maildev.address(1);
        let probe = format!("http://{web}/email?messageId={{message_id}}");
        let config = change(SmtpConfig {
            server: format!("smtp://{}", proxy.address()).parse().unwrap(),
            credentials: None,
            from: "Größe & Co <shop@example.com>".parse().unwrap(),
            probe_url: Some(probe.parse().unwrap()),
            timeout: Duration::from_secs(10),
        });
        let gateway = SmtpClient::new(config, Arc::new(SystemClock));
        let calling = gateway.clone();
        Self {
            web,
            proxy,
            gateway,
            world: world(move |builder| builder.register(Mailing(calling.clone()))),
            _maildev: maildev,
        }
    }

    async fn mails(&self) -> Vec<Json> {
        let client = JsonClient::new(Duration::from_secs(10));
        let answer = client.get(&format!("http://{}/email", self.web)).await;
        answer.unwrap().body.as_array().unwrap().clone()
    }

    /// The server shows a mail a moment after it has accepted it.
    async fn arrived(&self, count: usize) -> Vec<Json> {
        for _ in 0..200 {
            let mails = self.mails().await;
            if mails.len() >= count {
                return mails;
            }
            SystemClock.sleep(Duration::from_millis(50)).await;
        }
        panic!("{count} mails did not arrive");
    }
}

fn notice() -> Notice {
    Notice {
        to: "ann@example.com".to_owned(),
        subject: "Ihre Bestellung ist da: äußerst schnell, wie versprochen, und ganz ohne Fehler"
            .to_owned(),
        body: "Hallo Ann,\n.\nder Punkt oben beendet nichts.\n..\n✓".to_owned(),
    }
}

#[tokio::test]
async fn what_arrives_is_what_was_sent() {
    let place = Place::new(&[], |config| config).await;
    let op_id = place.world.submit("k", &notice()).await.unwrap();
    place.world.settle().await;
    assert_eq!(place.world.state(&op_id).await, OperationState::Completed);
    let mails = place.arrived(1).await;
    let mail = &mails[0];
    assert_eq!(mail["subject"], notice().subject.as_str());
    let text = mail["text"].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(text.trim_end(), notice().body);
    assert_eq!(mail["from"][0]["name"], "Größe & Co");
    assert_eq!(mail["to"][0]["address"], "ann@example.com");
    assert_eq!(mail["messageId"], format!("{op_id}@example.com"));
    let view = place.world.view(&op_id).await;
    assert!(format!("{view:?}").contains(&format!("{op_id}@example.com")));
}

/// The server took the mail and its answer never comes: it is asked, and nothing is sent again.
#[tokio::test]
async fn a_lost_answer_ends_completed_with_one_mail() {
    let place = Place::new(&[], |config| config).await;
    place.proxy.cut(&[Cut::AfterTheDot]);
    let op_id = place.world.submit("k", &notice()).await.unwrap();
    assert_eq!(place.world.state(&op_id).await, OperationState::Unknown);
    place.arrived(1).await;
    place.world.settle().await;
    let view = place.world.view(&op_id).await;
    assert_eq!(view.state, OperationState::Completed, "{view:?}");
    assert_eq!((place.proxy.left(), place.mails().await.len()), (0, 1));
}

/// Cut before the dot, nothing was accepted: it is sent again without asking anybody.
#[tokio::test]
async fn a_mail_that_was_not_accepted_is_sent_again() {
    let no_probe = |config| SmtpConfig {
        probe_url: None,
        ..config
    };
    let place = Place::new(&[], no_probe).await;
    place.proxy.cut(&[Cut::AfterData, Cut::AfterData]);
    let op_id = place.world.submit("k", &notice()).await.unwrap();
    place.world.settle().await;
    let view = place.world.view(&op_id).await;
    assert_eq!(view.state, OperationState::Completed, "{view:?}");
    assert_eq!((place.proxy.left(), place.arrived(1).await.len()), (0, 1));
}

/// Without anybody to ask, a person decides; a second mail is never a guess.
#[tokio::test]
async fn a_lost_answer_that_nobody_can_be_asked_about_is_parked() {
    let no_probe = |config| SmtpConfig {
        probe_url: None,
        ..config
    };
    let place = Place::new(&[], no_probe).await;
    place.proxy.cut(&[Cut::AfterTheDot]);
    let op_id = place.world.submit("k", &notice()).await.unwrap();
    place.world.settle().await;
    assert_eq!(place.world.state(&op_id).await, OperationState::Parked);
    assert_eq!(place.arrived(1).await.len(), 1);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_the_right_one_is_taken() {
    let users = ["--incoming-user", "me", "--incoming-pass", "pass:word"];
    let op_id = OpId::new("op-1").unwrap();
    let mail = SmtpMail {
        to: "ann@example.com",
        subject: "Hello",
        body: "Hello, Ann",
    };
    for (credentials, expected) in [("me:pass:word", true), ("me:wrong", false)] {
        let with = |config| SmtpConfig {
            credentials: Some(credentials.parse().unwrap()),
            ..config
        };
        let place = Place::new(&users, with).await;
        let sent = place.gateway.send(&op_id, &mail).await;
        assert_eq!(sent.is_ok(), expected, "{sent:?}");
        let text = format!("{sent:?}");
        assert!(
            !text.contains("wrong") && !text.contains("pass:word"),
            "{text}"
        );
    }
}
