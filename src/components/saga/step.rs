//! `steps/<step>.rs`: what a step asks for, or does in our own database.

use super::super::command;
use super::super::fit::{arm, sort_imports};
use super::super::{Class, Context, Made};
use crate::model::{Argument, CallModel, FieldModel, SagaModel, Source, StepModel};
use crate::spec::saga::Way;
use crate::templates::views;
use serde::Serialize;

views! {
    CallFileView<'a> in "src/[saga]/steps/call.rs.j2" {
        module: &'a str,
        a_prose: String,
        name: &'a str,
        does: &'a str,
        undo_title: &'a str,
        imports: Vec<String>,
        calls: Vec<CallView<'a>>,
        choices: Vec<ChoiceView<'a>>,
        /// Whether names are alike that clippy would rather have different.
        has_twins: bool,
    }

    LocalFileView<'a> in "src/[saga]/steps/local.rs.j2" {
        a_prose: String,
        name: &'a str,
        module: &'a str,
        type_name: String,
        saga_path: String,
        /// Whether it is undone.
        undone: bool,
        reason: &'a str,
    }
}

/// A function that makes the command of a step.
#[derive(Serialize)]
struct CallView<'a> {
    function: &'static str,
    doc: String,
    refused: &'static str,
    name: &'a str,
    /// `run`, or `_run` where nothing is taken from it.
    run: &'static str,
    /// Where each argument comes from.
    lines: Vec<String>,
    arguments: String,
}

/// A function that makes an operation's enum of the saga's.
#[derive(Serialize)]
struct ChoiceView<'a> {
    function: String,
    prose: String,
    ours: &'a str,
    theirs: &'a str,
    /// Whether it makes a list of a list.
    list: bool,
    arms: Vec<String>,
}

pub(super) fn file(context: &Context<'_>, saga: &SagaModel, step: &StepModel) -> Made {
    let path = format!("{}/steps/{}.rs", saga.folder(), step.name);
    let (name, a_prose) = (saga.name.type_name(), saga.name.with_article());
    let Some(call) = &step.call else {
        let view = LocalFileView {
            a_prose,
            name,
            module: &step.name,
            type_name: step.type_name(),
            saga_path: format!("crate::{}", saga.module()),
            undone: step.not_undone.is_none(),
            reason: step.not_undone.as_deref().unwrap_or_default(),
        };
        return context.rust(path, Class::Yours, &view);
    };
    let mut calls = vec![CallView {
        function: "command",
        doc: format!("What {} is asked for.", call.title),
        ..function(call, step, Way::Do)
    }];
    calls.extend(step.undo.as_ref().map(|undo| CallView {
        function: "compensation",
        doc: format!("What takes it back: {}.", undo.title),
        ..function(undo, step, Way::Undo)
    }));
    let view = CallFileView {
        module: &step.name,
        a_prose,
        name,
        does: &call.title,
        undo_title: step.undo.as_ref().map_or("", |undo| &undo.title),
        imports: imports(saga, step),
        calls,
        choices: choices(step),
        has_twins: step.call.iter().chain(&step.undo).any(has_twins),
    };
    context.rust(path, Class::Yours, &view)
}

fn function<'a>(call: &'a CallModel, step: &StepModel, way: Way) -> CallView<'a> {
    let arguments = call.arguments.iter();
    let lines: Vec<String> = arguments
        .clone()
        .flat_map(|a| lines(a, step, way))
        .collect();
    let takes = |argument: &Argument| !matches!(argument.origin, Source::Nothing);
    let refers = call
        .arguments
        .iter()
        .any(|a| matches!(a.origin, Source::Reference));
    CallView {
        function: "",
        doc: String::new(),
        refused: match refers {
            true => "the provider gave no name to refer to, or a field is not acceptable",
            false => "a field is not acceptable",
        },
        name: &call.name,
        run: if call.arguments.iter().any(takes) {
            "run"
        } else {
            "_run"
        },
        lines,
        arguments: arguments.map(variable).collect::<Vec<_>>().join(", "),
    }
}

/// What holds the value of a field: its own name, unless that hides what the others are taken from.
fn variable(argument: &Argument) -> String {
    match (&argument.origin, argument.field.name.as_str()) {
        (Source::Nothing, _) => "None".to_owned(),
        (_, "run") => "given".to_owned(),
        (_, name) => name.to_owned(),
    }
}

fn has_twins(call: &CallModel) -> bool {
    let fields = call.arguments.iter().map(|argument| &argument.field);
    command::has_twins(fields, &["run", "command", "given"])
}

/// The statement that takes a value from where it comes.
fn lines(argument: &Argument, step: &StepModel, way: Way) -> Vec<String> {
    let (field, variable) = (&argument.field, variable(argument));
    let in_its_place = |value: String| match field.optional {
        true => format!("let {variable} = Some({value});"),
        false => format!("let {variable} = {value};"),
    };
    match &argument.origin {
        Source::Nothing => Vec::new(),
        Source::Reference => {
            vec![in_its_place(format!(
                "run.provider_ref_of(\"{}\")?.to_owned()",
                step.name
            ))]
        }
        Source::Key => vec![
            format!(
                "// orch.toml has no field for the {}: say here what it is.",
                field.prose()
            ),
            in_its_place("run.key.as_str().to_owned()".to_owned()),
        ],
        Source::Input(from) if from.is_enum() => vec![choice(from, field, &variable, way)],
        Source::Input(from) => {
            let getter = format!("run.input.{}()", from.name);
            match (from.optional, from.is_copy()) {
                (true, true) => vec![format!("let {variable} = {getter};")],
                (true, false) => vec![format!("let {variable} = {getter}{};", owned_inside(from))],
                (false, true) => vec![in_its_place(getter)],
                (false, false) => vec![in_its_place(format!("{getter}{}", owned(from)))],
            }
        }
    }
}

fn owned(field: &FieldModel) -> &'static str {
    if field.is_text() {
        ".to_owned()"
    } else if field.is_list() {
        ".to_vec()"
    } else {
        ".clone()"
    }
}

fn owned_inside(field: &FieldModel) -> &'static str {
    if field.is_text() {
        ".map(str::to_owned)"
    } else if field.is_list() {
        ".map(<[_]>::to_vec)"
    } else {
        ".cloned()"
    }
}

/// Two enums of the same variants are two types: a function makes the one of the other.
fn choice(from: &FieldModel, field: &FieldModel, variable: &str, way: Way) -> String {
    let convert = converter(field, way);
    let getter = format!("run.input.{}()", from.name);
    let value = match from.optional {
        false => format!("{convert}({getter})"),
        true => format!("{getter}.map({convert})"),
    };
    match field.optional && !from.optional {
        true => format!("let {variable} = Some({value});"),
        false => format!("let {variable} = {value};"),
    }
}

/// Short, so that it stands behind any name: `as_channel`, or `undone_channel` in a compensation.
fn converter(field: &FieldModel, way: Way) -> String {
    match way {
        Way::Do => format!("as_{}", field.name),
        Way::Undo => format!("undone_{}", field.name),
    }
}

/// The functions that make an operation's enums of the saga's.
fn choices(step: &StepModel) -> Vec<ChoiceView<'_>> {
    let calls = step.call.iter().map(|call| (call, Way::Do));
    let calls = calls.chain(step.undo.iter().map(|undo| (undo, Way::Undo)));
    let all = calls.flat_map(|(call, way)| enums(call).map(move |pair| (pair, way)));
    all.map(|((ours, theirs), way)| {
        let (from, to) = (&ours.enum_name, &theirs.enum_name);
        let arms = ours.variants.iter().map(|variant| {
            let name = &variant.name;
            arm(&format!("{from}::{name}"), &format!("{to}::{name}"), 8)
        });
        ChoiceView {
            function: converter(theirs, way),
            prose: theirs.prose(),
            ours: from,
            theirs: to,
            list: theirs.is_list(),
            arms: arms.collect(),
        }
    })
    .collect()
}

fn imports(saga: &SagaModel, step: &StepModel) -> Vec<String> {
    let mut imports = vec![import(saga.module(), &names_of_input(saga, step))];
    for call in step.call.iter().chain(&step.undo) {
        let mut names = vec![format!("{}Command", call.name)];
        names.extend(enums(call).map(|(_, theirs)| theirs.enum_name.clone()));
        imports.push(import(&call.path, &names));
    }
    sort_imports(&mut imports);
    imports.dedup();
    imports
}

/// What of the saga's own command a step uses.
fn names_of_input(saga: &SagaModel, step: &StepModel) -> Vec<String> {
    let calls = step.call.iter().chain(&step.undo);
    let enums = calls.flat_map(|call| enums(call).map(|(ours, _)| ours.enum_name.clone()));
    let own = format!("{}Command", saga.name.type_name());
    std::iter::once(own).chain(enums).collect()
}

/// The fields whose values are converted: ours and theirs.
fn enums(call: &CallModel) -> impl Iterator<Item = (&FieldModel, &FieldModel)> {
    call.arguments
        .iter()
        .filter_map(|argument| match &argument.origin {
            Source::Input(from) if from.is_enum() => Some((&**from, &argument.field)),
            _ => None,
        })
}

fn import(module: &str, names: &[String]) -> String {
    super::import(&format!("crate::{module}::generated::command"), names)
}
