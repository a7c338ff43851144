//! The variables of a provider.

use std::time::Duration;

use crate::gateway::GatewayConfig;
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
    Simulated { timeout: Duration },
}

/// Reads `<name>_GATEWAY_URL`, `…_TOKEN` and `…_TIMEOUT`. Nothing is returned when a provider is
/// needed and not named.
pub(super) fn read(
    name: &str,
    simulate: bool,
    lease: Duration,
    environment: &mut Environment,
) -> Option<Access> {
    let url = url(name, simulate, environment);
    let token = token(name, environment);
    let timeout = timeout(name, lease, environment);
    if simulate {
        return Some(Access::Simulated { timeout });
    }
    Some(Access::Http(GatewayConfig {
        url: url?,
        token,
        timeout,
    }))
}

fn url(name: &str, simulate: bool, environment: &mut Environment) -> Option<String> {
    let variable = format!("{name}_GATEWAY_URL");
    let known = environment.is_set(&variable);
    let text = environment.text(
        &variable,
        "none",
        "the provider's address, http(s)://host/path",
    );
    if !known && !simulate {
        environment.report(Problem::about(
            &variable,
            "is not set: set it to the provider's address, or start with --simulate to try the \
             service with a provider that is built in and does nothing real",
        ));
    }
    let url = text?;
    if let Err(expected) = GatewayConfig::new(&url).check() {
        environment.report(Problem::value(&variable, &url, expected));
    }
    Some(url)
}

fn token(name: &str, environment: &mut Environment) -> Option<Secret<String>> {
    let variable = format!("{name}_GATEWAY_TOKEN");
    let token = environment.text(&variable, "none", "sent to the provider as a bearer token")?;
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        environment.report(Problem::about(
            &variable,
            "may hold only printable ASCII without spaces",
        ));
    }
    Some(Secret::new(token))
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
