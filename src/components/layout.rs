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
    let lines: String =
        parameters.iter().map(|parameter| format!("        {parameter},\n")).collect();
    format!("{head}\n{lines}    {tail}")
}

/// The arguments of a call that stands at `indent` between `head` and `tail`.
pub(super) fn arguments(arguments: &[String], indent: usize, head: &str, tail: &str) -> String {
    let line = arguments.join(", ");
    let fits = line.len() <= CALL_WIDTH && indent + head.len() + line.len() + tail.len() <= MAX_WIDTH;
    if fits || arguments.len() < 2 {
        return line;
    }
    let inner = " ".repeat(indent + 4);
    let lines: String = arguments.iter().map(|argument| format!("\n{inner}{argument},")).collect();
    format!("{lines}\n{}", " ".repeat(indent))
}

/// The inside of `use orch_runtime::{…};`, sorted and filled as rustfmt does.
pub(super) fn import_list(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort_by_key(|name| {
        let lower = name.chars().next().is_some_and(char::is_lowercase);
        (!lower || name.contains("::"), name.clone())
    });
    names.dedup();
    let one_line = names.join(", ");
    if "use orch_runtime::{};".len() + one_line.len() <= MAX_WIDTH {
        return vec![one_line];
    }
    let mut lines = vec![String::from("    ")];
    for name in &names {
        let line = lines.last().map_or(0, String::len);
        if line > 4 && line + name.len() + 1 > MAX_WIDTH {
            lines.push(String::from("    "));
        }
        if let Some(line) = lines.last_mut() {
            if line.len() > 4 {
                line.push(' ');
            }
            line.push_str(name);
            line.push(',');
        }
    }
    lines.into_iter().map(|line| format!("\n{line}")).chain(["\n".to_owned()]).collect()
}
