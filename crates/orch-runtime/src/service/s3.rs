//! The variables of a bucket and of the spool that feeds it.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::gateway::s3::{S3Config, S3Credentials, check_bucket};
use crate::secret::Secret;
use crate::spool::Spool;

use super::environment::Environment;
use super::gateways::{Access, Reader};
use super::problem::Problem;
use super::setup::SetupError;

/// Bytes of a content at most, unless configured: 1 GiB.
const MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// Where contents wait.
#[derive(Debug, Clone)]
pub(super) struct SpoolSettings {
    folder: PathBuf,
    max_bytes: u64,
}

impl Reader<'_> {
    /// The variables of AWS are those that its own tools read; all buckets of a service share them.
    pub(super) fn s3(&mut self) -> Option<Access> {
        let meaning = "the endpoint with the bucket in its path, https://host/bucket";
        let url = self.needed("URL", meaning, meaning);
        if let Some(url) = &url
            && let Err(expected) = check_bucket(url)
        {
            let problem = Problem::value(&self.variable("URL"), url, expected);
            self.environment.report(problem);
        }
        let meaning = "the region of the bucket, such as eu-central-1";
        let region = self.needed_variable("AWS_REGION", meaning, meaning);
        let meaning = "the name of the access key that may write to the bucket";
        let access_key_id = self.needed_variable("AWS_ACCESS_KEY_ID", meaning, meaning);
        let meaning = "the secret of the access key";
        let secret = self.needed_variable("AWS_SECRET_ACCESS_KEY", meaning, meaning);
        let meaning = "of a temporary access key, its session token";
        let session_token = self.environment.text("AWS_SESSION_TOKEN", "none", meaning);
        let variables = [
            ("AWS_REGION", &region),
            ("AWS_ACCESS_KEY_ID", &access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &secret),
            ("AWS_SESSION_TOKEN", &session_token),
        ];
        for (variable, text) in variables {
            let is_odd = |text: &String| !text.bytes().all(|byte| byte.is_ascii_graphic());
            if text.as_ref().is_some_and(is_odd) {
                let why = "may hold only printable ASCII without spaces";
                self.environment.report(Problem::about(variable, why));
            }
        }
        let credentials = S3Credentials {
            access_key_id: access_key_id?,
            secret_access_key: Secret::new(secret?),
            session_token: session_token.map(Secret::new),
        };
        Some(Access::S3(S3Config::new(url?, region?, credentials)))
    }
}

/// Reads `<name>_SPOOL` and `<name>_SPOOL_MAX_BYTES`.
pub(super) fn spool(name: &str, environment: &mut Environment) -> SpoolSettings {
    let folder = format!("./{}-spool", name.to_lowercase().replace('_', "-"));
    let meaning = "the folder where uploaded contents wait; processes on several machines share it";
    let folder = environment
        .text(&format!("{name}_SPOOL"), &*folder, meaning)
        .unwrap_or(folder);
    let max_bytes = environment.value(
        &format!("{name}_SPOOL_MAX_BYTES"),
        (MAX_BYTES, MAX_BYTES.to_string()),
        "bytes of an uploaded content at most",
        |text| match text.parse() {
            Ok(bytes @ 1..) => Ok(bytes),
            _ => Err("expected a number of bytes, at least 1"),
        },
    );
    SpoolSettings {
        folder: folder.into(),
        max_bytes,
    }
}

/// Opens the spools.
///
/// # Errors
/// When a folder cannot be made or written to.
pub(super) fn open(
    settings: &HashMap<&'static str, SpoolSettings>,
) -> Result<HashMap<&'static str, Spool>, SetupError> {
    let one = |(name, settings): (&&'static str, &SpoolSettings)| {
        let SpoolSettings { folder, max_bytes } = settings;
        let spool = Spool::open(folder, *max_bytes).map_err(|error| {
            let folder = folder.display();
            SetupError::new(format!(
                "the spool {folder} cannot be used: {error}: set {name}_SPOOL to a folder that can be \
                 written to"
            ))
        })?;
        Ok((*name, spool))
    };
    settings.iter().map(one).collect()
}
