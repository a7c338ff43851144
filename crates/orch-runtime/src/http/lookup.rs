//! A request to see an operation.

use std::str::FromStr;

use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::ids::{OpId, OwnerId};

use super::api::Api;
use super::error::ApiError;

/// The part of the route that holds the operation's name.
const PARAM: &str = "op_id";

/// An extractor for routes with `{op_id}`: who asks, and for which operation.
#[derive(Debug)]
pub struct Lookup {
    pub(super) owner: OwnerId,
    pub(super) op_id: OpId,
}

impl Lookup {
    /// Who asks.
    #[must_use]
    pub fn owner(&self) -> &OwnerId {
        &self.owner
    }

    /// The operation asked for. It may not exist, or be somebody else's.
    #[must_use]
    pub fn op_id(&self) -> &OpId {
        &self.op_id
    }
}

impl<S> FromRequestParts<S> for Lookup
where
    Api: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let (owner, op_id) = asked_for(parts, state, PARAM).await?;
        Ok(Self { owner, op_id })
    }
}

/// Who asks, and for what: the part `{param}` of the route.
pub(super) async fn asked_for<S, T>(
    parts: &mut Parts,
    state: &S,
    param: &str,
) -> Result<(OwnerId, T), ApiError>
where
    Api: FromRef<S>,
    S: Send + Sync,
    T: FromStr,
{
    let caller = Api::from_ref(state).admit(parts)?;
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| ApiError::not_found())?;
    let (_, value) = params
        .iter()
        .find(|(name, _)| *name == param)
        .ok_or_else(|| ApiError::internal(format!("the route has no {{{param}}}")))?;
    // A text that can be no name of a thing is the name of none.
    let name = value.parse().map_err(|_| ApiError::not_found())?;
    Ok((caller.owner, name))
}
