//! `orch-gen` without arguments on a terminal: asks for what the command line would say.
//!
//! Each answer is checked at once, by what checks an argument. Then the plan is shown, and only a
//! yes writes anything. The last line is the command that does the same without questions.
//!
//! **Invariant:** everything that is asked can be said by an option, and what an option says is not
//! asked.

mod command_line;

use super::Environment;
use super::args::Generate;
use super::generate;
use super::output::Output;
use super::prompt::{Dialogue, Input};
use super::target;
use crate::disk::Real;
use crate::error::{Code, Error, Exit, Result};
use crate::naming::{Name, Role};
use crate::package::{self, Found};
use crate::spec::{self, Edit, Field, GatewayKind, StoreKind};
use std::path::PathBuf;

/// What is said when the answers end, or the last one is no.
const NOTHING: &str = "\nNothing was written.";

/// Asks, shows the plan, and carries it out when that is agreed to.
pub(super) fn run(
    arguments: &Generate,
    input: &Input,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let mut dialogue = Dialogue { input, output };
    let Some(filled) = questions(arguments, environment, &mut dialogue)? else {
        dialogue.output.line(NOTHING);
        return Ok(Exit::Findings);
    };
    dialogue.output.line("");
    dialogue.output.asks_later = !arguments.mode.dry_run && !arguments.mode.merge;
    let shown = show(&filled, arguments.mode.diff, environment, dialogue.output)?;
    if shown != Exit::Done && !dialogue.output.asks_later {
        return Ok(shown);
    }
    if !arguments.mode.dry_run {
        if !agreed(&filled, environment, &mut dialogue)? {
            dialogue.output.line(NOTHING);
            return Ok(Exit::Findings);
        }
        // Answers about conflicts make it another plan.
        dialogue.output.plan_shown = shown == Exit::Done;
        let exit = generate::run(&filled, environment, dialogue.output)?;
        if shown != Exit::Done {
            return Ok(exit);
        }
    }
    let command = command_line::of(&filled);
    dialogue
        .output
        .line(&format!("\nThe same without questions:\n{command}"));
    Ok(Exit::Done)
}

/// The arguments with an answer wherever one was left out; nothing when the answers end before.
fn questions(
    arguments: &Generate,
    environment: &Environment,
    dialogue: &mut Dialogue<'_, '_>,
) -> Result<Option<Generate>> {
    let mut filled = arguments.clone();
    dialogue
        .output
        .line("A safe call to somebody else's API, step by step. Ctrl-D ends it; nothing is written\nbefore you have seen what.\n");
    let Some(domain) = name(Role::Domain, "Domain, such as Payment", None, dialogue) else {
        return Ok(None);
    };
    filled.domain = Some(domain.type_name().to_owned());
    let Some(known) = event(&mut filled, &domain, environment, dialogue) else {
        return Ok(None);
    };
    if known == Edit::NewDomain && gateway(&mut filled, dialogue).is_none() {
        return Ok(None);
    }
    if fields(&mut filled, known, environment, dialogue).is_none() {
        return Ok(None);
    }
    if place(&mut filled, &domain, environment, dialogue)?.is_none() {
        return Ok(None);
    }
    let place = generate::try_out(&filled, environment, dialogue.output)?.place;
    if (place.new || place.foreign) && filled.runtime.store.is_none() {
        let words: Vec<_> = StoreKind::ALL.iter().map(|(word, _)| *word).collect();
        let question = format!("Where operations are kept ({})", words.join(" or "));
        let default = StoreKind::default().keyword();
        let Some(store) = dialogue.ask(&question, Some(default), |word, _| spec::parse_store(word))
        else {
            return Ok(None);
        };
        filled.runtime.store = (store != StoreKind::default()).then(|| store.keyword().to_owned());
    }
    Ok(Some(filled))
}

fn name(
    role: Role,
    question: &str,
    default: Option<&str>,
    dialogue: &mut Dialogue<'_, '_>,
) -> Option<Name> {
    dialogue.ask(question, default, |typed, output| {
        canonical(role, typed, output)
    })
}

fn canonical(role: Role, typed: &str, output: &mut Output<'_>) -> Result<Name> {
    let (name, converted) = Name::parse(role, typed)?;
    if let Some(typed) = converted {
        output.note(&format!("`{typed}` is written `{}`", name.type_name()));
    }
    Ok(name)
}

/// Asks for the event; answers what adding it would do to the spec.
fn event(
    filled: &mut Generate,
    domain: &Name,
    environment: &Environment,
    dialogue: &mut Dialogue<'_, '_>,
) -> Option<Edit> {
    let default = format!("{}Requested", domain.type_name());
    dialogue.ask("Event that starts it", Some(&default), |typed, output| {
        let event = canonical(Role::Event, typed, output)?;
        filled.event = Some(event.type_name().to_owned());
        generate::try_out(filled, environment, output).map(|tried| tried.edit)
    })
}

/// Asks how the provider is reached, unless an option says it.
fn gateway(filled: &mut Generate, dialogue: &mut Dialogue<'_, '_>) -> Option<()> {
    if filled.gateway.is_some() {
        return Some(());
    }
    let words: Vec<_> = GatewayKind::ALL.iter().map(|(word, _)| *word).collect();
    let question = format!("How the provider is reached ({})", words.join(", "));
    let default = GatewayKind::default().keyword();
    let kind = dialogue.ask(&question, Some(default), |word, _| GatewayKind::parse(word))?;
    filled.gateway = (kind != GatewayKind::default()).then(|| kind.keyword().to_owned());
    Some(())
}

/// Asks for fields until an empty line, unless they were given.
fn fields(
    filled: &mut Generate,
    known: Edit,
    environment: &Environment,
    dialogue: &mut Dialogue<'_, '_>,
) -> Option<()> {
    if !filled.fields.is_empty() {
        return Some(());
    }
    let output = &mut *dialogue.output;
    output.line("\nFields, one on each line, such as `order_id:string`; an empty line ends them.");
    let is_new = matches!(known, Edit::NewDomain | Edit::NewOperation);
    let tried = generate::try_out(filled, environment, output).ok();
    if let Some(preset) = tried.and_then(|tried| tried.preset).filter(|_| is_new) {
        let name = preset.name;
        output.line(&format!("None at all takes those of the {name} preset:"));
        for text in preset.texts() {
            output.line(&format!("  {text}"));
        }
    } else {
        output.line("None at all leaves those that the event has.");
    }
    loop {
        let question = format!("Field {}", filled.fields.len() + 1);
        let line = dialogue.ask_or_nothing(&question, |typed, output| {
            let (field, converted) = Field::parse(typed)?;
            if let Some(typed) = converted {
                output.note(&format!("the field `{typed}` is written `{}`", field.name));
            }
            let mut more = filled.clone();
            more.fields.push(field.to_string());
            generate::try_out(&more, environment, output)?;
            Ok(field.to_string())
        })?;
        match line {
            Some(field) => filled.fields.push(field),
            None => return Some(()),
        }
    }
}

/// Asks for the package's folder, unless an option names it.
fn place(
    filled: &mut Generate,
    domain: &Name,
    environment: &Environment,
    dialogue: &mut Dialogue<'_, '_>,
) -> Result<Option<()>> {
    if filled.out.is_some() || filled.package.package.is_some() {
        return Ok(Some(()));
    }
    let (question, default) = match package::find(&Real, &environment.folder)? {
        Found::Ours(root) | Found::Foreign(root) => {
            let way = target::relative(&environment.folder, &root);
            ("Folder of the package", way.display().to_string())
        }
        Found::Nothing => (
            "Folder of the new package",
            format!("{}-service", domain.kebab()),
        ),
    };
    dialogue.output.line("");
    let answer = dialogue.ask(question, Some(&default), |typed, output| {
        if typed == default {
            return Ok(None);
        }
        let mut there = filled.clone();
        there.out = Some(folder(typed)?);
        generate::try_out(&there, environment, output)?;
        Ok(there.out)
    });
    Ok(answer.map(|out| filled.out = out))
}

/// A folder as it can be repeated on a command line.
fn folder(typed: &str) -> Result<PathBuf> {
    if typed.starts_with(['~', '-']) || typed.chars().any(char::is_control) {
        let what = format!(
            "`{}` is no path that can be used here",
            typed.escape_debug()
        );
        let help = "write it in full, or with `./` in front";
        return Err(Error::new(Code::Usage, what).help(help));
    }
    Ok(PathBuf::from(typed))
}

fn show(
    filled: &Generate,
    diff: bool,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let mut dry = filled.clone();
    dry.mode.dry_run = true;
    dry.mode.diff = diff;
    generate::run(&dry, environment, output)
}

/// What is answered to the plan.
enum Answer {
    Yes,
    No,
    Diff,
}

fn agreed(
    filled: &Generate,
    environment: &Environment,
    dialogue: &mut Dialogue<'_, '_>,
) -> Result<bool> {
    loop {
        let answer = dialogue.ask(
            "\nGo ahead? yes, no or diff",
            Some("yes"),
            |typed, _| match typed.to_ascii_lowercase().as_str() {
                "y" | "yes" => Ok(Answer::Yes),
                "n" | "no" => Ok(Answer::No),
                "d" | "diff" => Ok(Answer::Diff),
                _ => Err(Error::new(Code::Usage, "that is no answer")
                    .help("type `yes`, `no`, or `diff` to see every line")),
            },
        );
        match answer {
            Some(Answer::Yes) => return Ok(true),
            Some(Answer::No) | None => return Ok(false),
            Some(Answer::Diff) => {
                show(filled, true, environment, dialogue.output)?;
            }
        }
    }
}
