//! Names that are taken, by whom, and what to use instead.

use super::{Name, Role};
use crate::error::{Code, Error};

/// Who has a name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// The Rust language, in any edition.
    Keyword,
    /// The standard library's prelude and its crates.
    Std,
    /// The runtime and what it re-exports.
    Runtime,
    /// A module or folder of the generated tree.
    Tree,
    /// A device on Windows, where no file can have this name.
    Device,
}

/// Keywords of every edition, strict and reserved.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Weak keywords: fine as a field, confusing as a type and a module.
const WEAK: &[&str] = &["auto", "default", "macro_rules", "raw", "safe", "union"];

/// The prelude, primitive types and crates that are always there, in snake case.
const STD: &[&str] = &[
    "alloc",
    "as_mut",
    "as_ref",
    "bool",
    "char",
    "clone",
    "copy",
    "core",
    "debug",
    "double_ended_iterator",
    "drop",
    "eq",
    "err",
    "exact_size_iterator",
    "extend",
    "f32",
    "f64",
    "fn_mut",
    "fn_once",
    "from",
    "from_iterator",
    "future",
    "hash",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "into",
    "into_future",
    "into_iterator",
    "isize",
    "iterator",
    "none",
    "ok",
    "option",
    "ord",
    "partial_eq",
    "partial_ord",
    "proc_macro",
    "result",
    "send",
    "sized",
    "some",
    "std",
    "str",
    "string",
    "sync",
    "test",
    "to_owned",
    "to_string",
    "try_from",
    "try_into",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "unpin",
    "usize",
    "vec",
];

/// What generated code takes from the runtime, and the crates behind it, in snake case.
const RUNTIME: &[&str] = &[
    "api",
    "axum",
    "breaker",
    "bulkhead",
    "bytes",
    "cleaner",
    "clock",
    "command",
    "command_error",
    "date",
    "date_time",
    "dead_letter",
    "decimal",
    "engine",
    "entity",
    "finalizer",
    "gateway",
    "gateway_error",
    "hook",
    "hook_tx",
    "id_source",
    "idem_key",
    "idempotency",
    "inbox",
    "json",
    "json_client",
    "lease",
    "money",
    "monitor",
    "op_id",
    "operation",
    "operation_store",
    "orch",
    "orch_gen",
    "orch_lint",
    "orch_runtime",
    "orchestrator",
    "outbox",
    "outcome",
    "owner_id",
    "page",
    "probe",
    "rate_limit",
    "reaper",
    "receipt",
    "repository",
    "request",
    "response",
    "router",
    "runtime",
    "saga",
    "secret",
    "serde",
    "serde_json",
    "sqlite_store",
    "store",
    "tokio",
    "tracing",
    "uuid",
    "wal",
    "worker",
    "workers",
    "world",
    "write_ahead_log",
];

/// Modules and folders of the generated tree, in snake case.
const TREE: &[&str] = &[
    "app",
    "architecture",
    "auth",
    "benches",
    "bin",
    "build",
    "callbacks",
    "common",
    "config",
    "controller",
    "docs",
    "examples",
    "gateway",
    "generated",
    "health",
    "lib",
    "main",
    "metrics",
    "migrations",
    "orchestrations",
    "ready",
    "routes",
    "rules",
    "service",
    "src",
    "support",
    "target",
    "tests",
    "vendor",
    "wiring",
];

/// Who has the name, if anybody.
#[must_use]
pub fn reserved(name: &Name) -> Option<Reserved> {
    let module = name.module();
    let flat = module.replace('_', "");
    let has = |list: &[&str]| list.contains(&module);
    if has(KEYWORDS) || has(WEAK) {
        Some(Reserved::Keyword)
    } else if is_device(&flat) {
        Some(Reserved::Device)
    } else if has(STD) {
        Some(Reserved::Std)
    } else if has(RUNTIME) || name.type_name() == "Self" {
        Some(Reserved::Runtime)
    } else if has(TREE) {
        Some(Reserved::Tree)
    } else {
        None
    }
}

/// Whether no function can have this name, in any edition.
#[must_use]
pub fn is_keyword(snake: &str) -> bool {
    KEYWORDS.contains(&snake)
}

/// Columns that the runtime owns in every operations table.
const COLUMNS: &[&str] = &[
    "accepted_at",
    "attempts",
    "biz_key",
    "completed_at",
    "created_at",
    "deadline_at",
    "error_cause",
    "error_code",
    "event_type",
    "fence",
    "fingerprint",
    "first_sent_at",
    "idem_key",
    "interruptions",
    "lease_expires_at",
    "lease_owner",
    "message",
    "next_attempt_at",
    "op_id",
    "owner_id",
    "payload",
    "probes",
    "progress_done",
    "progress_total",
    "provider_ref",
    "result",
    "state",
    "trace_parent",
    "unaccounted_at",
    "updated_at",
];

/// What generated commands call their own functions, methods of traits that a getter would hide, and
/// what stands in requests beside the fields.
const COMMAND: &[&str] = &[
    "as_ref",
    "borrow",
    "check",
    "clone",
    "columns",
    "deref",
    "fields",
    "found",
    "from_json",
    "idempotency_key",
    "len",
    "new",
    "taken",
];

/// Why a field cannot have this name, if so.
#[must_use]
pub fn reserved_field(snake: &str) -> Option<&'static str> {
    if is_keyword(snake) {
        Some("it is a Rust keyword")
    } else if COLUMNS.contains(&snake) {
        Some("the runtime keeps a column of this name")
    } else if COMMAND.contains(&snake) {
        Some("a generated command uses this name itself")
    } else {
        None
    }
}

/// Whether no file on Windows can have this name, in lower case.
#[must_use]
pub fn is_device(flat: &str) -> bool {
    let numbered = |device: &str| {
        flat.strip_prefix(device)
            .is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
    };
    matches!(flat, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

impl Reserved {
    /// The sentence that refuses the name, with another one that is free.
    pub(super) fn refuse(self, role: Role, typed: &str, name: &Name) -> Error {
        let owner = match self {
            Self::Keyword => "a Rust keyword",
            Self::Std => "a name of the standard library",
            Self::Runtime => "a name of the runtime",
            Self::Tree => "a module or folder of the generated tree",
            Self::Device => "a device on Windows, where no file can have this name",
        };
        Error::new(
            Code::NameReserved,
            format!("`{typed}` cannot be {} name: it is {owner}", role.noun()),
        )
        .help(format!("try `{}`", alternative(role, name)))
    }
}

fn alternative(role: Role, name: &Name) -> String {
    match role {
        Role::Domain | Role::Saga => format!("Customer{}", name.type_name()),
        Role::Event => format!("{}Requested", name.type_name()),
    }
}
