//! The secrets under which providers sign their callbacks, and the addresses that they sign too.

use crate::callback::SHORTEST_SECRET;
#[cfg(feature = "twilio")]
use crate::gateway::GatewayConfig;
use crate::secret::Secret;

use super::environment::Environment;
use super::problem::Problem;

/// Reads `<name>_CALLBACK_SECRET`: one secret, or several separated by commas while one is being
/// replaced.
pub(super) fn read(
    name: &str,
    simulate: bool,
    environment: &mut Environment,
) -> Vec<Secret<String>> {
    let variable = format!("{name}_CALLBACK_SECRET");
    let known = environment.is_set(&variable);
    let meaning = "under which the provider signs its callbacks; several, separated by commas";
    let text = environment.text(&variable, "none", meaning);
    if !known && simulate {
        // Nobody knows it: a provider that is built in reports nothing.
        let random = || uuid::Uuid::now_v7().simple().to_string();
        return vec![Secret::new(random() + &random())];
    }
    if !known {
        environment.report(Problem::about(
            &variable,
            "is not set: set it to the secret that the provider shows for its callbacks",
        ));
    }
    let text = text.unwrap_or_default();
    let secrets: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_good =
        |secret: &&str| secret.len() >= SHORTEST_SECRET && !secret.contains(char::is_control);
    if !text.is_empty() && !secrets.iter().all(is_good) {
        environment.report(Problem::about(
            &variable,
            format!("holds a secret of fewer than {SHORTEST_SECRET} bytes, which can be guessed"),
        ));
    }
    let secret = |text: &str| Secret::new(text.to_owned());
    secrets.into_iter().map(secret).collect()
}

/// Reads `<name>_CALLBACK_URL`: the address at which the provider reaches our route.
#[cfg(feature = "twilio")]
pub(super) fn url(name: &str, simulate: bool, environment: &mut Environment) -> Option<String> {
    let variable = format!("{name}_CALLBACK_URL");
    let known = environment.is_set(&variable);
    let meaning = "the public address of the route on which the provider reports";
    let text = environment.text(&variable, "none", meaning);
    if !known && simulate {
        return Some("http://simulated.invalid/".to_owned());
    }
    if !known {
        environment.report(Problem::about(
            &variable,
            "is not set: set it to the address at which the provider reaches this service's route for \
             callbacks, such as https://example.com/api/notifications/callbacks",
        ));
    }
    let url = text?;
    let is_plain = GatewayConfig::new(&url).check().is_ok() && !url.contains('?');
    if !is_plain {
        let expected = "expected https://host/path without user, password, query and fragment";
        environment.report(Problem::value(&variable, &url, expected));
    }
    Some(url)
}
