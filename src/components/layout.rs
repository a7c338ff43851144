//! Layout that depends on the length of names, by rustfmt's rules, so that output is clean as rendered.

/// The longest line.
const MAX_WIDTH: usize = 100;
/// The longest list of arguments of a call on one line (`fn_call_width`).
const CALL_WIDTH: usize = 60;
/// Arguments that are all this short share lines (`short_array_element_width_threshold`).
const SHORT: usize = 10;

/// A function's head at four spaces: `head a: A, b: B tail`, one parameter per line where it is long.
pub(super) fn signature(head: &str, parameters: &[String], tail: &str) -> String {
    let line = format!("{head}{}{tail}", parameters.join(", "));
    let room = MAX_WIDTH - 4;
    if line.len() < room || (line.len() == room && !line.ends_with(';')) {
        return line;
    }
    // A declaration that fills the line to its end: rustfmt moves only the answer down.
    if let Some((start, answer)) = line.split_once(" -> ")
        && line.len() == room
    {
        return format!("{start}\n    -> {answer}");
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
    let mut lines: Vec<String> = Vec::new();
    let packed = arguments.iter().all(|argument| argument.len() <= SHORT);
    for argument in arguments {
        match lines.last_mut() {
            Some(line) if packed && line.len() + argument.len() + 2 <= MAX_WIDTH => {
                line.push_str(&format!(" {argument},"));
            }
            _ => lines.push(format!("{inner}{argument},")),
        }
    }
    format!("\n{}\n{}", lines.join("\n"), " ".repeat(indent))
}

/// `use <path>::{…};` with its names sorted and filled as rustfmt does.
pub(super) fn import(path: &str, names: &[String]) -> String {
    let mut names = names.to_vec();
    names.sort_by_key(|name| (name.starts_with(char::is_lowercase), name.clone()));
    names.dedup();
    if let [name] = &names[..] {
        return format!("use {path}::{name};");
    }
    let line = format!("use {path}::{{{}}};", names.join(", "));
    if line.len() < MAX_WIDTH {
        return line;
    }
    let mut text = format!("use {path}::{{\n   ");
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

/// `[a, b]` where it fits in a line that has `used` characters besides, else one item per line at
/// `indent` (`array_width`).
pub(super) fn array(items: &[String], indent: usize, used: usize) -> String {
    let line = items.join(", ");
    if line.len() <= CALL_WIDTH && used + line.len() + 2 <= MAX_WIDTH {
        return format!("[{line}]");
    }
    let inner = " ".repeat(indent + 4);
    let lines: String = items
        .iter()
        .map(|item| format!("{inner}{item},\n"))
        .collect();
    format!("[\n{lines}{}]", " ".repeat(indent))
}

/// The heads of a gateway's methods for one operation, as an `impl` block has them.
pub(super) struct Methods {
    /// Acts; uses its command.
    pub(super) act: String,
    /// Acts; leaves its command alone.
    pub(super) act_unused: String,
    /// Probes; uses its command.
    pub(super) probe: String,
    /// Probes; leaves its command alone.
    pub(super) probe_unused: String,
    /// Probes; as the port declares it.
    pub(super) probe_port: String,
}

/// See [`Methods`].
pub(super) fn methods(module: &str, command: &str) -> Methods {
    let parameters = |argument: &str| {
        let command = format!("{argument}: &{command}");
        ["&self", "key: &OpId", &command].map(str::to_owned)
    };
    let head = |name: &str, argument: &str, answer: &str| {
        let tail = format!(") -> {answer} {{");
        signature(&format!("async fn {name}("), &parameters(argument), &tail)
    };
    let (receipt, probe) = ("Result<Receipt, GatewayError>", format!("probe_{module}"));
    Methods {
        act: head(module, "command", receipt),
        act_unused: head(module, "_", receipt),
        probe: head(&probe, "command", "Probe"),
        probe_unused: head(&probe, "_", "Probe"),
        probe_port: signature(
            &format!("fn {probe}("),
            &parameters("command"),
            ") -> impl Future<Output = Probe> + Send;",
        ),
    }
}
