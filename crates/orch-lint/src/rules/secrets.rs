//! What nobody may read: card numbers, passwords, tokens and keys, by name and type. Shared by the
//! rules about secrets.

use crate::model::RTy;

/// Names of what nobody may read.
const SECRETS: &[&str] = &[
    "access_token",
    "api_key",
    "api_secret",
    "auth_token",
    "bearer_token",
    "card_number",
    "client_secret",
    "credit_card",
    "cvc",
    "cvv",
    "pan",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "refresh_token",
    "secret",
    "secret_access_key",
    "secret_key",
    "token",
];

/// Among them those that also name harmless things: only a text is meant.
const AMBIGUOUS: &[&str] = &["pan", "secret", "token"];

/// Words before `_token` with which it opens something: other tokens name pages, leases and locks.
const OPENS: &[&str] = &[
    "api", "app", "auth", "bearer", "bot", "deploy", "id", "jwt", "login", "oauth", "personal",
    "service", "session", "user", "webhook",
];

/// Words with which a name is about a secret and is none: `has_password`, `masked_card_number`.
const ABOUT: &[&str] = &[
    "accept",
    "accepts",
    "allow",
    "allows",
    "by",
    "change",
    "dummy",
    "empty",
    "encrypted",
    "example",
    "fake",
    "forgot",
    "has",
    "hash",
    "hashed",
    "hide",
    "invalid",
    "is",
    "masked",
    "max",
    "min",
    "missing",
    "need",
    "needs",
    "no",
    "public",
    "redacted",
    "require",
    "required",
    "requires",
    "reset",
    "sample",
    "sealed",
    "show",
    "supports",
    "test",
    "use",
    "uses",
    "without",
    "wrong",
];

/// Whether a name is one of a secret.
pub(super) fn is_name(name: &str) -> bool {
    SECRETS.contains(&name) || is_kind(name)
}

/// `db_password`, `stripe_api_key`, `id_token`.
fn is_kind(name: &str) -> bool {
    let before = |kind: &str| name.strip_suffix(kind)?.strip_suffix('_');
    let kinds = SECRETS
        .iter()
        .filter(|kind| !matches!(**kind, "pan" | "token"));
    let opens = |of: &&str| {
        of.rsplit('_')
            .next()
            .is_some_and(|word| OPENS.contains(&word))
    };
    let mut kinds = kinds.filter_map(|kind| before(kind));
    let found = kinds.next().or_else(|| before("token").filter(opens));
    found.is_some_and(|of| !of.is_empty() && !of.split('_').any(|word| ABOUT.contains(&word)))
}

/// Whether a type shows what it holds: a text, bytes, or a number where a number can be the secret.
pub(super) fn is_plain(ty: &RTy, name: &str) -> bool {
    let RTy::External(path, args) = ty else {
        return false;
    };
    match path.last().map_or("", String::as_str) {
        "String" | "str" => true,
        "Option" | "Vec" | "Box" | "Arc" | "Cow" | "slice" => {
            args.first().is_some_and(|inner| is_plain(inner, name))
                || args.first().is_some_and(is_byte)
        }
        "u16" | "u32" | "u64" | "i32" | "i64" => {
            matches!(name, "card_number" | "credit_card" | "cvc" | "cvv")
        }
        _ => false,
    }
}

fn is_byte(ty: &RTy) -> bool {
    matches!(ty, RTy::External(path, _) if path.last().is_some_and(|last| last == "u8"))
}

/// Whether a name is one of a secret, and nothing that is known of its type speaks against it.
pub(super) fn may_be(name: &str, ty: impl FnOnce() -> Option<RTy>) -> bool {
    if !is_name(name) {
        return false;
    }
    let in_doubt = !AMBIGUOUS.contains(&name)
        && (SECRETS.contains(&name) || !name.ends_with("_secret") && !name.ends_with("_token"));
    ty().map_or(in_doubt, |ty| is_plain(&ty, name))
}
