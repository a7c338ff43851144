//! The emulators that are written for Node.js, and Twilio's description of its API, which one of them
//! serves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::job::Job;

use super::{MAILDEV, PRISM, STRIPE_MOCK, TWILIO_OPENAPI};

/// The variables of everything that is had here.
pub(super) const NAMES: [&str; 4] = [STRIPE_MOCK, MAILDEV, PRISM, TWILIO_OPENAPI];

const PROGRAMS: [&str; 3] = [
    "stripe-stateful-mock@0.0.16",
    "maildev@2.2.1",
    "@stoplight/prism-cli@5.14.2",
];

/// A package with descriptions of Twilio's APIs; what it depends on is not needed.
const DESCRIPTIONS: &str = "@twilio/cli-core@9.0.0";
/// The one of messages, and where it lies in the package.
const DESCRIPTION: &str = "package/src/services/twilio-api/twilio_api_v2010.json";

/// The programs and the description, in `folder`.
pub(super) fn provide(folder: &Path) -> Result<[(&'static str, PathBuf); 4]> {
    let pins = [&PROGRAMS[..], &[DESCRIPTIONS]].concat().join(" ");
    super::once(folder, &pins, || fetch(folder)).with_context(|| {
        let names = NAMES.join(", ");
        format!(
            "no emulators for the tests of providers: install Node.js 20 with npm, or name the programs in \
             {names}"
        )
    })?;
    let program = |name| folder.join("node_modules/.bin").join(name);
    Ok([
        (STRIPE_MOCK, program("stripe-stateful-mock")),
        (MAILDEV, program("maildev")),
        (PRISM, program("prism")),
        (TWILIO_OPENAPI, folder.join(DESCRIPTION)),
    ])
}

fn fetch(folder: &Path) -> Result<()> {
    fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
    let quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
    let npm = |word: &str| Job::new("npm").args([word]).args(quiet).folder(folder);
    npm("install").args(PROGRAMS).run()?;
    let archive = npm("pack").args([DESCRIPTIONS]).output()?;
    let archive = archive.lines().last().context("npm names what it packed")?;
    let unpack = Job::new("tar").args(["-xzf", archive, DESCRIPTION]);
    unpack.folder(folder).run()
}
