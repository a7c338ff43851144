//! What command lines make of a spec, by the same calls as the command line's own.

use crate::generate::Line;
use orch_gen::error::Result;
use orch_gen::naming::{self, Name, Role};
use orch_gen::spec::{
    self, Domain, Field, GatewayKind, Given, Operation, Preset, RuntimeSource, Spec, StoreKind,
};

/// A line that was refused.
#[derive(Debug)]
pub(super) struct Refused {
    /// Which one.
    pub(super) line: usize,
    /// The text of `orch.toml` before it; `None` when there was no package yet.
    pub(super) before: Option<String>,
}

/// The text of `orch.toml` after all of them.
pub(super) fn after(lines: &[Line]) -> std::result::Result<String, Refused> {
    let mut text = None;
    for (at, line) in lines.iter().enumerate() {
        match with(text.as_deref(), line) {
            Ok(next) => text = Some(next),
            Err(_) => {
                return Err(Refused {
                    line: at,
                    before: text,
                });
            }
        }
    }
    Ok(text.unwrap_or_default())
}

fn with(before: Option<&str>, line: &Line) -> Result<String> {
    let (mut domain, mut given) = understood(line)?;
    let store = line.store.as_deref().map(spec::parse_store).transpose()?;
    let text = match before {
        None => {
            let runtime = RuntimeSource::Path("../crates".to_owned());
            spec::new_document(&Spec::empty(runtime, store.unwrap_or_default()))
        }
        Some(text) => with_store(text, store)?,
    };
    let known = Spec::parse(&text)?;
    if let Some(known) = known.domain(&domain.name).filter(|_| !given.gateway) {
        domain.gateway = known.gateway;
    }
    if !given.fields {
        let [operation] = domain.operations.as_slice() else {
            return Ok(text);
        };
        let preset = Preset::of(&domain, operation);
        domain.operations[0].fields = preset.fields();
        given.fields = false;
    }
    Ok(spec::add_operation(&text, &domain, given)?.0)
}

fn understood(line: &Line) -> Result<(Domain, Given)> {
    let (name, _) = Name::parse(Role::Domain, &line.domain)?;
    let (event, _) = Name::parse(Role::Event, &line.event)?;
    let fields = line.fields.iter().map(|text| Ok(Field::parse(text)?.0));
    let fields = fields.collect::<Result<Vec<_>>>()?;
    let track = line.track.as_deref().map(spec::parse_track).transpose()?;
    let gateway = line
        .gateway
        .as_deref()
        .map(GatewayKind::parse)
        .transpose()?;
    let given = Given {
        fields: !fields.is_empty(),
        track: track.is_some(),
        gateway: gateway.is_some(),
    };
    if given.fields {
        spec::check_fields(&fields)?;
    }
    let operation = Operation {
        name: naming::operation_names(&event).remove(0),
        event,
        was: None,
        track: track.unwrap_or_default(),
        fields,
    };
    let domain = Domain {
        name,
        was: None,
        gateway: gateway.unwrap_or_default(),
        callbacks: line.callbacks,
        metrics: false,
        operations: vec![operation],
    };
    Ok((domain, given))
}

fn with_store(text: &str, store: Option<StoreKind>) -> Result<String> {
    match store {
        Some(store) if Spec::parse(text)?.store != store => spec::set_store(text, store),
        _ => Ok(text.to_owned()),
    }
}
