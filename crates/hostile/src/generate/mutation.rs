//! What goes wrong when a file is edited by hand.

use super::words::HOSTILE;
use crate::random::Random;

/// The bytes with one thing changed.
pub(super) fn mutate(random: &mut Random, bytes: Vec<u8>) -> Vec<u8> {
    let Ok(text) = String::from_utf8(bytes.clone()) else {
        return bytes;
    };
    match random.below(12) {
        0..=4 => by_lines(random, &text).into_bytes(),
        5..=7 => by_words(random, text).into_bytes(),
        8 => by_characters(random, &text).into_bytes(),
        9 => as_saved(random, &text),
        10 => huge(random, text).into_bytes(),
        _ => broken(random, bytes),
    }
}

/// A line is lost, doubled, swapped or put in.
fn by_lines(random: &mut Random, text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return String::new();
    }
    let (at, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(5) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(other, lines[at]),
        2 => lines.swap(at, other),
        3 => lines.truncate(at),
        _ => lines.insert(
            at,
            random.pick(&[
                "# a comment",
                "",
                "nonsense = 1",
                "[other]",
                "[[domain]]",
                "[store]",
                "name = 3",
                "callbacks = \"yes\"",
                "callbacks = false",
                "retry = 3",
                "[[domain.operation]]",
                "= 1",
                "version = 1",
                "fields = \"a:string\"",
                "track = 1",
                "[domain]",
                "version = 2",
                "\"\" = 1",
            ]),
        ),
    }
    lines.join("\n")
}

/// A word is misspelt, or a value becomes one of another type.
fn by_words(random: &mut Random, text: String) -> String {
    let (from, to) = *random.pick(&[
        &("version = 1", "version = \"1\""),
        &("version = 1", "version = 99999999999999999999"),
        &("event", "evnt"),
        &("name", "Name"),
        &("gateway = \"http\"", "gateway = [\"http\"]"),
        &("fields = [", "fields = [1, "),
        &("fields = [", "fields = [[],"),
        &("fields = [", "fields = ["),
        &("\"]", "\",]"),
        &("[[domain]]", "[domain]"),
        &("[[domain.operation]]", "[[operation]]"),
        &("[[domain.operation]]", "[[domain.operation]] # next"),
        &("\"", "'"),
        &("\"", "\"\"\""),
        &("kind", "\"kind\""),
        &(" = ", "="),
        &("source = \"path\"", "source = \"vendored\""),
        &("true", "1979-05-27"),
        &("[store]", "[Store]"),
        &("\n\n", "\n# comment\n"),
    ]);
    if random.percent(50) {
        text.replacen(from, to, 1)
    } else {
        text.replace(from, to)
    }
}

/// Something strange stands between two characters.
fn by_characters(random: &mut Random, text: &str) -> String {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let Some(at) = places.get(random.below(places.len().max(1))) else {
        return text.to_owned();
    };
    let (before, after) = text.split_at(*at);
    format!("{before}{}{after}", random.pick(HOSTILE))
}

/// The same text as another editor saves it.
fn as_saved(random: &mut Random, text: &str) -> Vec<u8> {
    match random.below(4) {
        0 => text.replace('\n', "\r\n").into_bytes(),
        1 => format!("\u{feff}{text}").into_bytes(),
        2 => text.replace('\n', "\r").into_bytes(),
        _ => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    }
}

fn huge(random: &mut Random, text: String) -> String {
    match random.below(4) {
        0 => text + &"# long\n".repeat(10_000),
        1 => text + &"[[domain]]\n".repeat(500),
        2 => text + "x = " + &"[".repeat(300),
        _ => text.replacen(
            "fields = [",
            &format!("fields = [\"{}:string\", ", "a".repeat(20_000)),
            1,
        ),
    }
}

/// Some bytes are others.
fn broken(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..random.between(1, 4) {
        let at = random.below(bytes.len().max(1));
        if let Some(byte) = bytes.get_mut(at) {
            *byte = random.next().to_le_bytes()[0];
        }
    }
    bytes
}
