//! `orch-gen new`: an empty package.

use super::Environment;
use super::apply::{carry_out, open, print_plan};
use super::args::{New, Runtime};
use super::conflicts;
use super::output::Output;
use super::target::{self, absolute, relative};
use crate::disk::{Read, Real};
use crate::error::{Code, Error, Exit, Result};
use crate::spec::{self, RuntimeSource, Spec, StoreKind};
use std::path::Path;

/// Makes an empty package.
pub(super) fn run(
    arguments: &New,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let root = absolute(environment, &arguments.path);
    let place = target::named(&Real, &root)?;
    if !place.new {
        return Err(Error::new(Code::Occupied, "there is a package already")
            .at(root.display().to_string())
            .help("go into it and add to it, such as `orch-gen Payment PaymentRequested`"));
    }
    let runtime = runtime_source(&arguments.runtime, environment, &root)?;
    let store = store(&arguments.runtime)?.unwrap_or_default();
    let text = spec::new_document(&Spec::empty(runtime.unwrap_or_default(), store));
    if arguments.mode.dry_run {
        let working = output.working("planning");
        let plan = place.plan(&Real, &text, &arguments.mode.wish())?;
        drop(working);
        return Ok(print_plan(&plan, arguments.mode.diff, output));
    }
    let session = open(&place, output)?;
    let wish = arguments.mode.wish();
    let Some(settled) = conflicts::plan(&place, &text, wish, environment, output)? else {
        return Ok(Exit::Findings);
    };
    let exit = carry_out(&session, &settled, arguments.mode.diff, output)?;
    let way = relative(&environment.folder, &root);
    output.say(&format!(
        "\nNext:\n  cd {}\n  orch-gen Payment PaymentRequested",
        way.display()
    ));
    Ok(exit)
}

/// `--store`, if it was given.
pub(super) fn store(runtime: &Runtime) -> Result<Option<StoreKind>> {
    runtime.store.as_deref().map(spec::parse_store).transpose()
}

/// `--runtime-path` as `orch.toml` says it: relative to the package when it was given relative.
pub(super) fn runtime_source(
    runtime: &Runtime,
    environment: &Environment,
    root: &Path,
) -> Result<Option<RuntimeSource>> {
    let Some(path) = &runtime.runtime_path else {
        return Ok(None);
    };
    let folder = absolute(environment, path);
    let manifest = folder.join("orch-runtime").join("Cargo.toml");
    if !matches!(Real.entry(&manifest), Ok(Some(_))) {
        return Err(Error::new(
            Code::Usage,
            "`--runtime-path` names no folder with orch-runtime in it",
        )
        .at(manifest.display().to_string())
        .help("name the folder that holds `orch-runtime` and `orch-lint`"));
    }
    let way = if path.is_absolute() {
        folder
    } else {
        relative(root, &folder)
    };
    let text = way.to_str().ok_or_else(|| {
        Error::new(Code::Usage, "`--runtime-path` is not UTF-8").help("use another path")
    })?;
    Ok(Some(RuntimeSource::Path(text.replace('\\', "/"))))
}
