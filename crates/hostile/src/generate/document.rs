//! The texts of `orch.toml` that people write by hand.

use super::{field, mutation, name};
use crate::random::Random;
use std::fmt::Write as _;

/// A document; about half of them are edited once more by an unsteady hand.
pub(super) fn document(random: &mut Random) -> Vec<u8> {
    let text = text(random);
    if random.percent(60) {
        return text.into_bytes();
    }
    let mut bytes = text.into_bytes();
    for _ in 0..random.between(1, 3) {
        bytes = mutation::mutate(random, bytes);
    }
    bytes
}

fn text(random: &mut Random) -> String {
    let mut text = "version = 1\n".to_owned();
    if random.percent(30) {
        text += random.pick(&[
            "[package]\nkind = \"service\"\n",
            "[package]\nkind = \"existing\"\n",
            "[package]\nkind = \"existing\"\nrouter = false\n",
            "[package]\n",
        ]);
    }
    if random.percent(80) {
        text += random.pick(&[
            "[runtime]\nsource = \"path\"\npath = \"../crates\"\n",
            "[runtime]\nsource = \"vendored\"\n",
            "[runtime]\nsource = \"git\"\ngit = \"https://example.com/a.git\"\nrev = \"0\"\n",
            "[runtime]\nsource = \"git\"\ngit = \"file:///a \\\"b\\\"\\\\c\"\n",
            "[runtime]\nsource = \"registry\"\nversion = \"0.3\"\n",
            "[runtime]\nsource = \"path\"\npath = 'C:\\crates \"x\" { }'\n",
        ]);
    }
    if random.percent(60) {
        text += random.pick(&[
            "[store]\nkind = \"sqlite\"\n",
            "[store]\nkind = \"postgres\"\n",
        ]);
    }
    let mut stem = name::stem(random);
    for _ in 0..random.pick(&[&1_usize, &1, &1, &2, &2, &3]).to_owned() {
        domain(random, &stem, &mut text);
        stem = match random.below(12) {
            0 => format!("{stem}Callbacks"),
            1 => stem.to_ascii_uppercase(),
            2 => format!("{stem}{}", random.below(12)),
            _ => name::stem(random),
        };
    }
    text
}

fn domain(random: &mut Random, stem: &str, text: &mut String) {
    let gateway = random.pick(&[
        "http", "http", "http", "stripe", "s3", "smtp", "twilio", "fcm",
    ]);
    let typed = if random.percent(97) {
        stem.to_owned()
    } else {
        name::typed(random, stem)
    };
    let _ = write!(
        text,
        "\n[[domain]]\nname = {}\ngateway = \"{gateway}\"\n",
        quoted(&typed)
    );
    if random.percent(35) && matches!(gateway, "http" | "stripe" | "twilio") {
        *text += "callbacks = true\n";
    }
    if random.percent(10) {
        *text += "metrics = true\n";
    }
    if random.percent(10) {
        let _ = writeln!(text, "was = {}", quoted(&name::stem(random)));
    }
    for _ in 0..random.pick(&[&1_usize, &1, &2, &3]).to_owned() {
        let event = name::event(random, stem);
        let event = if random.percent(97) {
            event
        } else {
            name::typed(random, &event)
        };
        let _ = write!(text, "\n[[domain.operation]]\nevent = {}\n", quoted(&event));
        if random.percent(10) {
            let was = name::event(random, stem);
            let _ = writeln!(text, "was = {}", quoted(&was));
        }
        if random.percent(30) {
            let _ = writeln!(
                text,
                "track = \"{}\"",
                random.pick(&["none", "progress", "history"])
            );
        }
        let fields = field::fields(random, gateway);
        let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        let _ = writeln!(text, "fields = [{}]", fields.join(", "));
    }
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}
