//! A request to see an operation.

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
        let caller = Api::from_ref(state).admit(parts)?;
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::not_found())?;
        let (_, value) = params
            .iter()
            .find(|(name, _)| *name == PARAM)
            .ok_or_else(|| ApiError::internal("the route has no {op_id}"))?;
        // A text that can be no name of an operation is the name of none.
        let op_id = OpId::new(value).map_err(|_| ApiError::not_found())?;
        Ok(Self {
            owner: caller.owner,
            op_id,
        })
    }
}
