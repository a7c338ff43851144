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
    "secret_key",
    "token",
];

/// Among them those that also name harmless things: only a text is meant.
const AMBIGUOUS: &[&str] = &["pan", "secret", "token"];

/// Whether a name is one of a secret.
pub(super) fn is_name(name: &str) -> bool {
    SECRETS.contains(&name)
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
pub(super) fn may_be(name: &str, ty: Option<RTy>) -> bool {
    let is_known_plain = ty.as_ref().map(|ty| is_plain(ty, name));
    let in_doubt = !AMBIGUOUS.contains(&name);
    is_name(name) && is_known_plain.unwrap_or(in_doubt)
}
