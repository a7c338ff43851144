//! A service account that nobody gave rights to.

use serde_json::json;

use crate::gateway::fcm::ServiceAccount;
use crate::secret::Secret;

/// An RSA key that was made for these tests and is nobody's.
const KEY: &str = "\
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDHrPH5LbIOXSwTylGNM4neHHNM7teCv59nLV8FEgNvEHPN\
g0nPZJQyM0hE5bVi8Br1D29l0Ct21PELN+FsnSFHQdAXzk86jj2kGoPtukpirOLzHYeKhUHUgoP8GajpVhPFJDmCB1iEjVTO\
EL4CFptBcDqEBy9nNEB32w/2ltMxJ3+2eaPzgasWO3CFOZJ6qkPH1JPlDnTkpbbCuzYhHtb31qcO/nptQTikcuJbMO+WhltB\
cG0FuOM8C6W1xY350HlNtqCIDpaRj261GtVT7ntr4YCd2/YLhfkXll3zrCjmbmZszOmVt01zu3LrEid8oioo3m9KuBA6PbKm\
PW/w2aoPAgMBAAECggEAEPBTWEFPuSqfEja3+fO4Hscb4n57rc3Ps5MEj1hap9G/esNIDN3wn6mWC38CujGGnk9m5dfMOB9F\
+FIPP4WJsyyafv2zeIYxWHofXJidgtPW+0TM0/il/8vqomvfozVei/s2UOXxCAQG5uXb5WJBkKjF1GymBGoV8sguPH78mRvx\
tYFIaD1ckjQCZnyMoY7rrXHIrL1arIqQ/xBrP0dHTZKNSIXRO5m2fqGgTkn5ncYVT6PDWlCOCeN/syf8kIlwoBsO30Q3l4Dv\
tr0h0OaYuprxjCRB2nuuR1mfxbTsRA+cAj0YlX1X3o4W3rDnNCsO84uYLLx4SHVh0rHbSljRQQKBgQD8CZjJeET1FfdGu0Gg\
pyFOcz4IhF5gLRLInsEb38ETYAA9ghcWiuArMfo8SyvxzX21Ln5NoAs08WwgDsnn6JbtVKE70ftl7ElJPIU+m+EL0ca0nqx7\
XBg+8+tdr5iqzHYezPxNB1E2vuTz5JMKMlhG9vLshmLVPU8JBQJ22aaYUQKBgQDK0JoATF9bFqerZWogEggQOSHgJxwmwPJ4\
aFGFcnIukOHK3JGgRNHcrWME2TrL4emn0W/IqROJrF+cL1T0c3zeUzOvDVjrjUl/bIlVUCJbrEfOC+v0+BMXSjj5oRORSP+N\
Slat71IdmYGvx8E988hokrP0bmYg63fsZMbhna/kXwKBgQCLcTfSB7OHMZ78yC+YFb+sqr/gcHPSnD1vN745kMM+1/dqEGZ7\
t1wtKdp7r09h2cI6Er4Ybnqk0Ql0dxooL5wJNLB760I+8srdNRm3OQD6zBY26i8dlSdo9QT8cWFy5epYQis45tp9AoKjmYvs\
sUv7/zcJu5REzEXFBLuHTAYK8QKBgHL5DlRc9zGMBkEDnMXRcwC/YpTPlwXhG5Nmj9A2sMP1HgsCPwu797xCDoARJWOvDeY0\
tEnsj0bckNbZfi+VyJPAVuxFhMMDtUanILNcWh3d7FbCK2ETwL7TNLlOtukFmNlf6wNvR/2/p+UeOE4GhPXDNIC8lOjUk4dP\
Ge+MlMnBAoGAIDIqDJDkbRg3KjPI6R6oc3BoHuCyhtC25KobQzchFIEEcS4++slHOn7zcue8h5jAxcps8PPOFc87omTBgucH\
fqzeI9aWMQC+RFGa3w2ZnaYpAu2nSJppRjLzX/Y9VOSSZfVR0agO5ENXB5lrtMQxokRZZX87VN2hTv3Y2rJBXHk=";

/// The file of an account of the project `test-project`, whose access tokens are at `token_uri`.
#[must_use]
pub fn service_account_file(token_uri: &str) -> String {
    let what = "PRIVATE KEY";
    let file = json!({
        "type": "service_account",
        "project_id": "test-project",
        "client_email": "tests@test-project.iam.gserviceaccount.com",
        "private_key": format!("-----BEGIN {what}-----\n{KEY}\n-----END {what}-----\n"),
        "token_uri": token_uri,
    });
    file.to_string()
}

/// The account of [`service_account_file`].
///
/// # Panics
/// When `token_uri` is no address.
#[must_use]
pub fn service_account(token_uri: &str) -> ServiceAccount {
    let file = Secret::new(service_account_file(token_uri));
    ServiceAccount::parse(&file).expect("a service account")
}
