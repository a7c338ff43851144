//! The variables of a provider.
//!
//! | kind | `<NAME>_GATEWAY_…`; all have `TIMEOUT` |
//! |---|---|
//! | plain HTTP | `URL`; `TOKEN` where it wants one |
//! | Stripe | `TOKEN`; `URL` is known |
//! | Twilio | `TOKEN`, `FROM`; `URL` is known |
//! | Firebase | `CREDENTIALS_FILE`; `URL` is known |
//! | S3 | `URL`; beside them `AWS_…` and `<NAME>_SPOOL` |
//! | SMTP | `URL`, `FROM`; `TOKEN`, `PROBE_URL` where there is one |

use std::time::Duration;

#[cfg(feature = "fcm")]
use crate::gateway::fcm::{FcmConfig, ServiceAccount};
#[cfg(any(
    feature = "stripe",
    feature = "twilio",
    feature = "fcm",
    feature = "s3"
))]
use crate::gateway::is_exposed;
#[cfg(feature = "s3")]
use crate::gateway::s3::S3Config;
#[cfg(feature = "smtp")]
use crate::gateway::smtp::SmtpConfig;
#[cfg(feature = "stripe")]
use crate::gateway::stripe::StripeConfig;
#[cfg(feature = "twilio")]
use crate::gateway::twilio::TwilioConfig;
use crate::gateway::{GatewayConfig, GatewayKind};
use crate::secret::Secret;

use super::duration;
use super::environment::Environment;
use super::problem::Problem;

/// How long a call may take unless configured.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How one provider is reached.
#[derive(Debug, Clone)]
pub(super) enum Access {
    Http(GatewayConfig),
    #[cfg(feature = "stripe")]
    Stripe(StripeConfig),
    #[cfg(feature = "twilio")]
    Twilio(TwilioConfig),
    #[cfg(feature = "fcm")]
    Fcm(FcmConfig),
    #[cfg(feature = "s3")]
    S3(S3Config),
    #[cfg(feature = "smtp")]
    Smtp(SmtpConfig),
    Simulated {
        kind: GatewayKind,
        timeout: Duration,
    },
}

impl Access {
    /// The same, where a call may take `longest`.
    fn within(mut self, longest: Duration) -> Self {
        let timeout = match &mut self {
            Self::Http(config) => &mut config.timeout,
            #[cfg(feature = "stripe")]
            Self::Stripe(config) => &mut config.timeout,
            #[cfg(feature = "twilio")]
            Self::Twilio(config) => &mut config.timeout,
            #[cfg(feature = "fcm")]
            Self::Fcm(config) => &mut config.timeout,
            #[cfg(feature = "s3")]
            Self::S3(config) => &mut config.timeout,
            #[cfg(feature = "smtp")]
            Self::Smtp(config) => &mut config.timeout,
            Self::Simulated { timeout, .. } => timeout,
        };
        *timeout = longest;
        self
    }

    /// Whether a secret is sent that can be read on its way.
    pub(super) fn is_exposed(&self) -> bool {
        match self {
            Self::Http(config) => config.token.is_some() && config.is_exposed(),
            #[cfg(feature = "stripe")]
            Self::Stripe(config) => is_exposed(&config.url),
            #[cfg(feature = "twilio")]
            Self::Twilio(config) => is_exposed(&config.url),
            #[cfg(feature = "fcm")]
            Self::Fcm(config) => is_exposed(&config.url),
            // A signature tells nobody the key; a session token stands there as it is.
            #[cfg(feature = "s3")]
            Self::S3(config) => {
                config.credentials.session_token.is_some() && is_exposed(&config.url)
            }
            // Credentials are sent only under TLS, or within this machine.
            #[cfg(feature = "smtp")]
            Self::Smtp(_) => false,
            Self::Simulated { .. } => false,
        }
    }
}

/// The variables of one provider while they are read.
pub(super) struct Reader<'e> {
    name: &'static str,
    simulate: bool,
    lease: Duration,
    pub(super) environment: &'e mut Environment,
}

/// Reads the variables of a provider: `<name>_GATEWAY_…`. Nothing is returned when it cannot be reached
/// with them; why not is a problem. The simulated one needs none.
pub(super) fn read(
    (name, kind): (&'static str, GatewayKind),
    simulate: bool,
    lease: Duration,
    environment: &mut Environment,
) -> Option<Access> {
    let mut reader = Reader {
        name,
        simulate,
        lease,
        environment,
    };
    let access = match kind {
        GatewayKind::Http => reader.http(),
        #[cfg(feature = "stripe")]
        GatewayKind::Stripe => reader.stripe(),
        #[cfg(feature = "twilio")]
        GatewayKind::Twilio => reader.twilio(),
        #[cfg(feature = "fcm")]
        GatewayKind::Fcm => reader.fcm(),
        #[cfg(feature = "s3")]
        GatewayKind::S3 => reader.s3(),
        #[cfg(feature = "smtp")]
        GatewayKind::Smtp => reader.smtp(),
    };
    let timeout = reader.timeout();
    if simulate {
        return Some(Access::Simulated { kind, timeout });
    }
    access.map(|access| access.within(timeout))
}

impl Reader<'_> {
    fn http(&mut self) -> Option<Access> {
        let url = self.needed(
            "URL",
            "the provider's address, http(s)://host/path",
            "the provider's address",
        );
        if let Some(url) = &url {
            self.check_url("URL", url);
        }
        let meaning = "sent to the provider as a bearer token";
        let token = self
            .environment
            .text(&self.variable("TOKEN"), "none", meaning);
        let token = token.map(|token| self.secret("TOKEN", token));
        Some(Access::Http(GatewayConfig {
            token,
            ..GatewayConfig::new(url?)
        }))
    }

    #[cfg(feature = "stripe")]
    fn stripe(&mut self) -> Option<Access> {
        let url = self.url(StripeConfig::URL);
        let meaning = "the secret key of the account at Stripe, sk_… or rk_…";
        let key = self.needed("TOKEN", meaning, meaning);
        let key = key.map(|key| self.secret("TOKEN", key));
        Some(Access::Stripe(StripeConfig {
            url,
            ..StripeConfig::new(key?)
        }))
    }

    #[cfg(feature = "twilio")]
    fn twilio(&mut self) -> Option<Access> {
        let url = self.url(TwilioConfig::URL);
        let meaning = "the account at Twilio and its auth token, AC…:token";
        let account = self.needed("TOKEN", meaning, meaning);
        let account = account.and_then(|text| match text.parse() {
            Ok(account) => Some(account),
            Err(error) => {
                self.report("TOKEN", format!("cannot be used: {error}"));
                None
            }
        });
        let meaning = "the number that messages come from, or a messaging service, MG…";
        let from = self.needed("FROM", meaning, meaning);
        Some(Access::Twilio(TwilioConfig {
            url,
            ..TwilioConfig::new(account?, from?)
        }))
    }

    #[cfg(feature = "fcm")]
    fn fcm(&mut self) -> Option<Access> {
        let url = self.url(FcmConfig::URL);
        let meaning = "the key of a service account of Firebase, a file of JSON";
        let path = self.needed("CREDENTIALS_FILE", meaning, meaning);
        let account = path.and_then(|path| self.account(&path));
        Some(Access::Fcm(FcmConfig {
            url,
            ..FcmConfig::new(account?)
        }))
    }

    #[cfg(feature = "fcm")]
    fn account(&mut self, path: &str) -> Option<ServiceAccount> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Secret::new(text),
            Err(error) => {
                let why = format!("cannot be used: {path} cannot be read: {error}");
                self.report("CREDENTIALS_FILE", why);
                return None;
            }
        };
        match ServiceAccount::parse(&text) {
            Ok(account) => Some(account),
            Err(error) => {
                self.report(
                    "CREDENTIALS_FILE",
                    format!("cannot be used: {path}: {error}"),
                );
                None
            }
        }
    }

    /// A variable without which the provider cannot be called.
    pub(super) fn needed(
        &mut self,
        end: &str,
        meaning: &'static str,
        what: &str,
    ) -> Option<String> {
        self.needed_variable(&self.variable(end), meaning, what)
    }

    /// The same, where its name does not begin as those of the provider.
    pub(super) fn needed_variable(
        &mut self,
        variable: &str,
        meaning: &'static str,
        what: &str,
    ) -> Option<String> {
        let known = self.environment.is_set(variable);
        let text = self.environment.text(variable, "none", meaning);
        if !known && !self.simulate {
            let why = format!(
                "is not set: set it to {what}, or start with --simulate to try the service with a \
                 provider that is built in and does nothing real"
            );
            self.environment.report(Problem::about(variable, why));
        }
        text
    }

    /// An address that is known, and is another one in tests.
    #[cfg(any(feature = "stripe", feature = "twilio", feature = "fcm"))]
    fn url(&mut self, default: &str) -> String {
        let meaning = "the provider's address; another one only for tests";
        let variable = self.variable("URL");
        let text = self.environment.text(&variable, default, meaning);
        if let Some(url) = &text {
            self.check_url("URL", url);
        }
        text.unwrap_or_else(|| default.to_owned())
    }

    fn check_url(&mut self, end: &str, url: &str) {
        if let Err(expected) = GatewayConfig::new(url).check() {
            let problem = Problem::value(&self.variable(end), url, expected);
            self.environment.report(problem);
        }
    }

    fn secret(&mut self, end: &str, text: String) -> Secret<String> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.report(end, "may hold only printable ASCII without spaces");
        }
        Secret::new(text)
    }

    fn timeout(&mut self) -> Duration {
        timeout(self.name, self.lease, self.environment)
    }

    pub(super) fn variable(&self, end: &str) -> String {
        format!("{}_GATEWAY_{end}", self.name)
    }

    pub(super) fn report(&mut self, end: &str, why: impl Into<String>) {
        let problem = Problem::about(&self.variable(end), why);
        self.environment.report(problem);
    }
}

fn timeout(name: &str, lease: Duration, environment: &mut Environment) -> Duration {
    let variable = format!("{name}_GATEWAY_TIMEOUT");
    let longest = lease.mul_f64(0.9);
    let default = if lease > TIMEOUT { TIMEOUT } else { lease / 2 };
    let read = |text: &str| match duration::parse(text) {
        None => Err(duration::EXPECTED.to_owned()),
        Some(timeout) if timeout > longest => Err(format!(
            "expected at most {}, so that a call ends before its lease of {} does",
            duration::written(longest),
            duration::written(lease)
        )),
        Some(timeout) => Ok(timeout),
    };
    let written = duration::written(default);
    environment.value(
        &variable,
        (default, written),
        "how long a call to the provider may take",
        read,
    )
}
