//! What an answer of the provider means for a charge.

use orch_runtime::{GatewayError, Outcome, Receipt};

pub(crate) fn outcome_of(called: Result<Receipt, GatewayError>) -> Outcome {
    match called {
        Ok(Receipt {
            provider_ref,
            result,
        }) => Outcome::Ok {
            message: "charged".to_owned(),
            provider_ref,
            result,
        },
        Err(GatewayError::Unavailable { reason, after }) => Outcome::Retry { reason, after },
        Err(GatewayError::Refused { code, message }) => Outcome::fail(code, message),
        Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),
    }
}
