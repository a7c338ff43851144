//! Values: chains and calls, and the statements they stand in.

use super::scan::{Call, Chain, split_at_top};
use super::{INNER_WIDTH, MAX_WIDTH, STEP, spaces};

/// Arguments that are all this short share lines (`short_array_element_width_threshold`).
const SHORT: usize = 10;

/// Where a value stands, and what stands around it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) indent: usize,
    pub(super) prefix: &'a str,
    pub(super) suffix: &'a str,
}

impl Place<'_> {
    /// Whether `value` may stand here on one line.
    pub(super) fn holds(self, value: &str) -> bool {
        // In a field, rustfmt counts a last `?` twice and keeps a column free.
        let lost = match self.prefix.ends_with(": ") && value.ends_with('?') {
            true => 2,
            false => 0,
        };
        let width = self.indent + self.prefix.len() + value.len() + self.suffix.len();
        width + lost <= MAX_WIDTH && is_short(value)
    }

    /// `value` on several lines.
    pub(super) fn lines(self, value: &str) -> String {
        let outer = spaces(self.indent);
        let below = Place {
            indent: self.indent + STEP,
            prefix: "",
            suffix: self.suffix,
        };
        if self.prefix.ends_with("= ") && below.holds(value) {
            let (prefix, inner) = (self.prefix.trim_end(), spaces(below.indent));
            return format!("{outer}{prefix}\n{inner}{value}{}", self.suffix);
        }
        let chain = Chain::of(value);
        // Behind something, or a root that does not keep it, a lone link that fits into the next line
        // goes there.
        let is_kept = self.prefix.is_empty() && chain.root.len() <= STEP;
        let is_next = |link: &&str| !is_kept && below.holds(link);
        // The last of two links stays behind the first, where that is kept and no line of its own is
        // long enough for it.
        let stays = is_kept && matches!(chain.links[..], [_, last] if !below.holds(last));
        let is_chain = chain.links.len() > 1 && !stays;
        if is_chain || chain.links.first().is_some_and(is_next) {
            return self.chain(&chain);
        }
        match Call::last(value) {
            Some(call) if call.arguments.is_empty() => self.chain(&chain),
            Some(call) => self.call(&call),
            None => format!("{outer}{}{value}{}", self.prefix, self.suffix),
        }
    }

    /// One link per line; a root no longer than an indentation keeps the first one.
    fn chain(self, chain: &Chain<'_>) -> String {
        let (outer, inner) = (spaces(self.indent), spaces(self.indent + STEP));
        let kept = usize::from(self.prefix.is_empty() && chain.root.len() <= STEP);
        let mut text = format!("{outer}{}{}", self.prefix, chain.root);
        let below = Place {
            indent: self.indent + STEP,
            prefix: "",
            suffix: "",
        };
        for (at, link) in chain.links.iter().enumerate() {
            if at < kept {
                text.push_str(link);
            } else if below.holds(link) {
                text.push_str(&format!("\n{inner}{link}"));
            } else {
                text.push('\n');
                text.push_str(&below.lines(link));
            }
        }
        match self.suffix {
            " {" => format!("{text}\n{outer}{{"),
            suffix => text + suffix,
        }
    }

    /// The arguments below the call; a lone call among them takes the break instead.
    fn call(self, call: &Call<'_>) -> String {
        let (outer, inner) = (spaces(self.indent), spaces(self.indent + STEP));
        let head = format!("{outer}{}{}(", self.prefix, call.head);
        let tail = format!("){}{}", call.tail, self.suffix);
        let arguments: Vec<&str> = split_at_top(call.arguments, ',').map(str::trim).collect();
        if let [argument] = arguments[..]
            && is_plain_call(argument)
            && let Some(nested) = Call::last(argument).filter(Call::opens_in_a_call)
        {
            let place = Place {
                indent: self.indent,
                prefix: "",
                suffix: "",
            };
            return format!("{head}{}{tail}", place.call(&nested).trim_start());
        }
        format!("{head}\n{}{outer}{tail}", listed(&arguments, &inner))
    }
}

/// Arguments one per line, or filled when all of them are short.
pub(super) fn listed(arguments: &[&str], indent: &str) -> String {
    let is_short = |argument: &&str| argument.len() <= SHORT && !argument.starts_with('(');
    let packed = arguments.iter().all(is_short);
    let mut text = String::new();
    let mut line = String::new();
    for (at, argument) in arguments.iter().enumerate() {
        // A line is full one column early, but for the last argument.
        let room = MAX_WIDTH - usize::from(at + 1 < arguments.len());
        let shares = packed && line.len() + argument.len() + 2 <= room;
        if !line.is_empty() && !shares {
            text.push_str(&line);
            text.push('\n');
            line.clear();
        }
        if line.is_empty() {
            let place = Place {
                indent: indent.len(),
                prefix: "",
                suffix: ",",
            };
            match place.holds(argument) {
                true => line = format!("{indent}{argument},"),
                false => line = place.lines(argument),
            }
        } else {
            line.push_str(&format!(" {argument},"));
        }
    }
    format!("{text}{line}\n")
}

/// `Type::function(…)`, and nothing around it.
fn is_plain_call(value: &str) -> bool {
    let ends = Call::last(value).is_some_and(|call| call.tail.is_empty());
    ends && Chain::of(value).links.is_empty()
}

/// Whether `value` keeps to the limits inside a line.
fn is_short(value: &str) -> bool {
    // rustfmt counts a last `?` twice.
    let tries = value.len() - value.trim_end_matches('?').len();
    if Chain::of(value).links.len() > 1 && value.len() + tries > INNER_WIDTH {
        return false;
    }
    let Some(call) = Call::last(value) else {
        return true;
    };
    let arguments: Vec<&str> = split_at_top(call.arguments, ',').collect();
    match arguments[..] {
        [] => true,
        [argument] => {
            // rustfmt gives a call in a call as much room as a list, and breaks it where that helps.
            let nested = Call::last(argument).filter(|_| is_plain_call(argument));
            let opens = nested.is_some_and(|call| call.opens_in_a_call());
            is_short(argument) && !(opens && argument.len() > INNER_WIDTH)
        }
        _ => call.arguments.len() <= INNER_WIDTH,
    }
}
