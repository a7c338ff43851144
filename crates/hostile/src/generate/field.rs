//! Fields: every type with every constraint, and some that cannot be.

use super::words::{
    FIELD_TAKEN, FIELD_WORDS, PATTERNS, PATTERNS_TAKEN, PLAIN, VARIANTS, VARIANTS_TAKEN,
};
use crate::random::Random;

/// The types that are one word.
pub(crate) const SIMPLE: [&str; 14] = [
    "string", "text", "bool", "i32", "i64", "u32", "u64", "decimal", "money", "uuid", "date",
    "datetime", "json", "bytes",
];

/// What people type for a type and is none.
const WRONG: &[&str] = &[
    "float",
    "",
    "String",
    "list<",
    "list<>",
    "enum",
    "enum()",
    "list<list<string>>",
    "u8",
    "vec",
    "list<enum(a|b)",
    "enum(a|a)",
    "string??",
    "map<string>",
    "\u{0}",
    "strıng",
    "bool ",
    "?",
];

/// What a gateway needs; each is a list of fields.
const SLOTS: &[(&str, &[&str])] = &[
    (
        "stripe",
        &[
            "amount:money:min=0.01",
            "source:string",
            "charge:string:max=255",
        ],
    ),
    (
        "s3",
        &[
            "object_key:string",
            "content_type:string",
            "size:u64:min=1",
            "sha256:string:pattern=[0-9a-f]{64}",
        ],
    ),
    (
        "smtp",
        &["to:string", "subject:string:max=200", "body:text"],
    ),
    ("twilio", &["recipient:string", "body:text:max=1600"]),
    (
        "fcm",
        &["device_token:string", "title:string?", "body:text"],
    ),
];

/// The fields of an operation behind a gateway.
pub(super) fn fields(random: &mut Random, gateway: &str) -> Vec<String> {
    let needed = SLOTS.iter().find(|(word, _)| *word == gateway);
    let mut fields: Vec<String> = Vec::new();
    if random.percent(95) {
        fields.extend(
            needed
                .into_iter()
                .flat_map(|(_, slots)| slots.iter())
                .map(|one| (*one).to_owned()),
        );
    }
    let count = match random.below(50) {
        0 => random.between(38, 42),
        1..=4 => random.between(7, 14),
        _ => random.between(1, 4),
    };
    let wild = random.percent(18);
    for at in 0..count {
        let mut field = field(random, wild);
        if count > 30 && !wild {
            field = format!("{}{at}_{field}", random.pick(&["a", "b", "c"]));
        }
        let name = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
        let twin = fields.iter().any(|other| name(other) == name(&field));
        if !twin || random.percent(4) {
            fields.push(field);
        }
    }
    fields
}

/// One field; a wild one may be wrong in any part.
fn field(random: &mut Random, wild: bool) -> String {
    let name = field_name(random, wild);
    if wild && random.percent(6) {
        return name;
    }
    let kind = kind(random, wild);
    let optional = if random.percent(22) { "?" } else { "" };
    let constraints = constraints(random, &kind, wild);
    format!("{name}:{kind}{optional}{constraints}")
}

fn field_name(random: &mut Random, wild: bool) -> String {
    if wild && random.percent(12) {
        return random.pick(FIELD_TAKEN).to_owned();
    }
    match random.below(20) {
        0 => "b".repeat(random.between(30, 41)),
        1 => {
            format!("{}_{}", random.pick(FIELD_WORDS), random.pick(FIELD_WORDS)).replace("__", "_")
        }
        2 => orch_gen::naming::snake_of(random.pick(PLAIN)) + "_id",
        3 => format!("field{}", random.below(20)),
        _ => orch_gen::naming::snake_of(random.pick(FIELD_WORDS)),
    }
}

fn kind(random: &mut Random, wild: bool) -> String {
    if wild && random.percent(6) {
        return random.pick(WRONG).to_owned();
    }
    match random.below(20) {
        0..=1 => format!("list<{}>", random.pick(&SIMPLE)),
        2 => format!("list<{}>", values(random, wild)),
        3..=4 => values(random, wild),
        _ => random.pick(&SIMPLE).to_owned(),
    }
}

fn values(random: &mut Random, wild: bool) -> String {
    let count = match random.below(30) {
        0 => random.between(20, 66),
        _ => random.between(1, 4),
    };
    let mut values: Vec<&str> = Vec::new();
    for _ in 0..count {
        let words = if wild && random.percent(5) {
            VARIANTS_TAKEN
        } else {
            VARIANTS
        };
        let word = random.pick(words);
        if !values.contains(&word) || random.percent(2) {
            values.push(word);
        }
    }
    format!("enum({})", values.join("|"))
}

fn constraints(random: &mut Random, kind: &str, wild: bool) -> String {
    if wild && random.percent(10) {
        return random
            .pick(&[
                ":max=0",
                ":min=-1",
                ":max=99999999999999999999",
                ":secret:secret",
                ":secret=1",
                ":min",
                ":min=9:max=1",
                ":pattern",
                ":maximum=3",
                ":",
                "::",
                ":max=+1",
                ":max=1e3",
                ":min=\u{0}",
                ":max=٣",
                ":pattern=a:max=3",
                ":max=3:pattern=a",
            ])
            .to_owned();
    }
    let mut text = match random.below(5) {
        0 => limits(random, kind),
        1 if wild && random.percent(30) => format!(":pattern={}", random.pick(PATTERNS_TAKEN)),
        _ => String::new(),
    };
    let may_be_secret = kind != "bool" && !kind.starts_with("enum") || wild;
    if random.percent(6) {
        text = format!(":was={}{text}", field_name(random, wild));
    }
    if may_be_secret && random.percent(12) {
        text = format!(":secret{text}");
    }
    if text.is_empty() && matches!(kind, "string" | "text") && random.percent(25) {
        text = format!(":pattern={}", random.pick(PATTERNS));
    }
    text
}

/// Limits at the edges of what a type can hold.
fn limits(random: &mut Random, kind: &str) -> String {
    let all: &[&str] = match kind {
        "string" | "text" | "bytes" => &[
            ":max=1",
            ":max=64",
            ":min=1",
            ":min=0:max=1",
            ":min=3:max=3",
            ":max=1048576",
            ":min=1048576",
            ":min=255",
            ":max=007",
        ],
        "i32" => &[
            ":min=-2147483648",
            ":max=2147483647",
            ":min=-1:max=1",
            ":min=0:max=0",
            ":max=-5",
            ":min=1_0",
        ],
        "i64" => &[
            ":min=-9223372036854775808",
            ":max=9223372036854775807",
            ":min=-1",
            ":max=-9223372036854775808",
        ],
        "u32" => &[
            ":min=0",
            ":max=4294967295",
            ":min=1:max=1",
            ":max=0",
            ":max=4294967296",
        ],
        "u64" => &[
            ":min=1",
            ":max=9223372036854775807",
            ":max=18446744073709551615",
            ":min=10000",
        ],
        "decimal" => &[
            ":min=-0.5",
            ":max=999999999999999.999999999",
            ":min=0.000000001:max=0.000000001",
            ":min=-0",
            ":max=1.",
        ],
        "money" => &[
            ":min=0.01",
            ":min=0.001:max=0.001",
            ":max=1000",
            ":min=0",
            ":max=0",
            ":min=5:max=5.00",
            ":min=00.5",
        ],
        list if list.starts_with("list") => {
            &[":max=1", ":min=1:max=3", ":min=2", ":max=1048576", ":min=0"]
        }
        _ => &["", ":max=1"],
    };
    random.pick(all).to_owned()
}
