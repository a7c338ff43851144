//! The options of a generated package, and the command lines that a row of their values is.

use super::pairwise::{Pair, Row};

/// An option with its values; the first is the plain one.
pub(super) const OPTIONS: [(&str, &[&str]); 10] = [
    ("store", &["sqlite", "postgres"]),
    (
        "gateway",
        &["http", "stripe", "s3", "smtp", "twilio", "fcm"],
    ),
    ("callbacks", &["no", "yes"]),
    ("track", &["none", "progress", "history"]),
    ("operations", &["one", "two"]),
    (
        "fields",
        &["preset", "all", "single", "optional", "secret", "twelve"],
    ),
    ("names", &["short", "long"]),
    ("saga", &["no", "coordinated", "choreographed"]),
    (
        "package",
        &[
            "own",
            "2021 with router",
            "2021",
            "2024 with router",
            "2024",
        ],
    ),
    ("runtime", &["path", "vendored"]),
];

/// What a call behind a gateway needs; the second list is what a refund needs.
const SLOTS: &[(&str, &[&str], &[&str])] = &[
    (
        "stripe",
        &["amount:money:min=0.01", "source:string:max=255"],
        &["charge:string:max=255", "amount:money?"],
    ),
    (
        "s3",
        &[
            "object_key:string",
            "content_type:string",
            "size:u64:min=1",
            "sha256:string:pattern=[0-9a-f]{64}",
        ],
        &[
            "object_key:string",
            "content_type:string",
            "size:u64:min=1",
            "sha256:string:pattern=[0-9a-f]{64}",
        ],
    ),
    (
        "smtp",
        &["to:string", "subject:string", "body:text"],
        &["to:string", "subject:string", "body:text"],
    ),
    (
        "twilio",
        &["to:string:max=64", "body:text"],
        &["recipient:text", "message:text"],
    ),
    (
        "fcm",
        &["device_token:string", "body:text"],
        &["token:string", "title:string", "body:text"],
    ),
];

const ALL: &[&str] = &[
    "string:string",
    "text:text",
    "bool:bool",
    "i32:i32",
    "i64:i64",
    "u32:u32",
    "u64:u64",
    "decimal:decimal",
    "price:money",
    "uuid:uuid",
    "date:date",
    "datetime:datetime",
    "json:json",
    "bytes:bytes",
    "level:enum(low|high)",
    "words:list<string>",
    "sums:list<money>",
    "levels:list<enum(a|b-c)>",
    "days:list<date>",
    "blobs:list<bytes>",
];

const OPTIONAL: &[&str] = &[
    "text:text?",
    "flag:bool?",
    "count:i64?:min=-5:max=5",
    "rate:decimal?",
    "price:money?:min=0.01",
    "uuid:uuid?",
    "date:date?",
    "datetime:datetime?",
    "json:json?",
    "bytes:bytes?:max=64",
    "level:enum(low|high)?",
    "words:list<string>?",
    "order:string?",
];

const SECRET: &[&str] = &[
    "reference:string:max=64",
    "token_of:string:secret:max=64",
    "note:text?:secret",
    "pin:u32:secret",
    "price:money:secret",
    "born:date:secret",
    "extra:json:secret",
    "blob:bytes:secret",
    "words:list<string>:secret",
    "code:string:secret:pattern=[A-Z]{3}-\\d+",
];

const TWELVE: &[&str] = &[
    "one:string:min=3:max=9",
    "two:text:pattern=[a-z]+-[0-9]{2}",
    "three:i32:min=-1:max=1",
    "four:i64",
    "five:u32:max=7",
    "six:u64:min=1000000",
    "seven:decimal:min=-0.5:max=12.25",
    "eight:money:max=100",
    "nine:bool",
    "ten:bool",
    "eleven:bool",
    "twelve:bool",
];

/// The value of an option in a row.
pub(super) fn value(row: &Row, option: &str) -> &'static str {
    let at = OPTIONS.iter().position(|(name, _)| *name == option);
    at.map_or("", |at| OPTIONS[at].1[row[at]])
}

/// A pair in words.
pub(super) fn in_words((one, other): Pair) -> String {
    let value = |(option, at): (usize, usize)| {
        let (name, values) = OPTIONS[option];
        format!("{name} {}", values[at])
    };
    format!("{} with {}", value(one), value(other))
}

/// A row in words.
pub(super) fn shown(row: &Row) -> String {
    let values = OPTIONS
        .iter()
        .map(|(name, _)| format!("{name} {}", value(row, name)));
    values.collect::<Vec<_>>().join(", ")
}

/// The arguments of its command lines, but for where the package and the runtime are.
pub(super) fn command_lines(row: &Row) -> Vec<Vec<String>> {
    let is_long = value(row, "names") == "long";
    let (domain, events) = if is_long {
        (
            "NotificationOfTheDeliveryDepartment",
            [
                "ConfirmationOfTheDeliveryAppointmentRequested",
                "ReversalOfTheDeliveryAppointmentRefundRequested",
            ],
        )
    } else {
        ("Pay", ["PayRequested", "RefundRequested"])
    };
    let count = if value(row, "operations") == "two" {
        2
    } else {
        1
    };
    let lines = events.into_iter().take(count).enumerate();
    let mut lines: Vec<Vec<String>> = lines
        .map(|(at, event)| command_line(row, domain, event, at == 1))
        .collect();
    let kind = match value(row, "saga") {
        "coordinated" => Some("saga"),
        "choreographed" => Some("choreography"),
        _ => None,
    };
    lines.extend(kind.map(|kind| saga(kind, is_long, domain, &events[..count])));
    lines
}

/// Whether a command line adds to what earlier ones made.
pub(super) fn builds_on_others(line: &[String]) -> bool {
    line.first().is_some_and(|word| word == "generate")
}

/// What limits a step, and what its events are called.
const LIMITS: &str =
    "time_budget=10m,max_attempts=5,backoff_base=2s,backoff_cap=1m,event=Called,failure=NotCalled";

/// A saga of each kind of step: in our own database, an operation, and one that it can do without.
fn saga(kind: &str, is_long: bool, domain: &str, events: &[&str]) -> Vec<String> {
    let (name, [own, call, last]) = match is_long {
        false => ("Order", ["reserve", "pay", "tell"]),
        true => (
            "AppointmentOfTheDepartment",
            [
                "reservation_of_what_is_to_be_delivered",
                "confirmation_of_what_is_to_be_delivered",
                "a_word_to_those_who_wait_for_the_parcel",
            ],
        ),
    };
    let undone = match events {
        [_, undo, ..] => format!("undo={domain}.{undo}"),
        _ => "none=it cannot be, \"once\" done".to_owned(),
    };
    let steps = [
        own.to_owned(),
        format!("{call}={domain}.{},after=,{LIMITS},{undone}", events[0]),
        format!("{last},after={own}+{call},optional"),
    ];
    let mut line = ["generate", kind, name].map(str::to_owned).to_vec();
    line.extend(steps.iter().map(|step| format!("--step={step}")));
    line.push("--time-budget=90m".to_owned());
    line
}

fn command_line(row: &Row, domain: &str, event: &str, is_refund: bool) -> Vec<String> {
    let mut line: Vec<String> = [domain, event].map(str::to_owned).to_vec();
    line.extend(fields(row, is_refund));
    for option in ["store", "gateway", "track"] {
        line.push(format!("--{option}={}", value(row, option)));
    }
    if value(row, "callbacks") == "yes" {
        line.push("--callbacks".to_owned());
    }
    if ["2021", "2024"].contains(&value(row, "package")) {
        line.push("--no-router".to_owned());
    }
    line
}

fn fields(row: &Row, is_refund: bool) -> Vec<String> {
    let rest = match value(row, "fields") {
        "all" => ALL,
        "single" => return vec!["order_id:string".to_owned()],
        "optional" => OPTIONAL,
        "secret" => SECRET,
        "twelve" => TWELVE,
        _ => return Vec::new(),
    };
    let gateway = value(row, "gateway");
    let slots = SLOTS.iter().find(|(word, _, _)| *word == gateway);
    let slots = slots.map_or(
        &[][..],
        |(_, call, refund)| if is_refund { refund } else { call },
    );
    let prefix = if value(row, "names") == "long" {
        "a_name_of_many_words_for_"
    } else {
        ""
    };
    let mut fields: Vec<String> = slots.iter().map(|slot| (*slot).to_owned()).collect();
    fields.extend(rest.iter().map(|field| format!("{prefix}{field}")));
    fields
}
