//! Layout that depends on the length of names, by rustfmt's rules, so that output is clean as rendered.

/// The longest line.
const MAX_WIDTH: usize = 100;
/// The longest list of arguments of a call on one line (`fn_call_width`).
const CALL_WIDTH: usize = 60;

/// A function's head at four spaces: `head a: A, b: B tail`, one parameter per line where it is long.
pub(super) fn signature(head: &str, parameters: &[String], tail: &str) -> String {
    let line = format!("{head}{}{tail}", parameters.join(", "));
    if 4 + line.len() <= MAX_WIDTH {
        return line;
    }
    let lines: String = parameters
        .iter()
        .map(|parameter| format!("        {parameter},\n"))
        .collect();
    format!("{head}\n{lines}    {tail}")
}

/// The arguments of a call that stands at `indent` between `head` and `tail`.
pub(super) fn arguments(arguments: &[String], indent: usize, head: &str, tail: &str) -> String {
    let line = arguments.join(", ");
    let fits =
        line.len() <= CALL_WIDTH && indent + head.len() + line.len() + tail.len() <= MAX_WIDTH;
    if fits || arguments.len() < 2 {
        return line;
    }
    let inner = " ".repeat(indent + 4);
    let lines: String = arguments
        .iter()
        .map(|argument| format!("\n{inner}{argument},"))
        .collect();
    format!("{lines}\n{}", " ".repeat(indent))
}

/// `use orch_runtime::{…};` with its names sorted and filled as rustfmt does.
pub(super) fn runtime_use(names: &[String]) -> String {
    let mut names = names.to_vec();
    names.sort_by_key(|name| (name.starts_with(char::is_lowercase), name.clone()));
    names.dedup();
    if let [name] = &names[..] {
        return format!("use orch_runtime::{name};");
    }
    let line = format!("use orch_runtime::{{{}}};", names.join(", "));
    if line.len() <= MAX_WIDTH {
        return line;
    }
    let mut text = String::from("use orch_runtime::{\n   ");
    let mut width = 3;
    for name in &names {
        if width + name.len() + 2 > MAX_WIDTH {
            text.push_str("\n   ");
            width = 3;
        }
        text.push(' ');
        text.push_str(name);
        text.push(',');
        width += name.len() + 2;
    }
    text.push_str("\n};");
    text
}
