//! Reading a request body as JSON, more strictly than serde does by itself.
//!
//! Refused besides what is no JSON: a name that stands twice in one object (two readers would see two
//! different requests) and the character U+0000 (PostgreSQL cannot store it, so it would fail later).
//! All such places are collected and named by their path, such as `items[2].name`.

use std::fmt;

use axum::http::StatusCode;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

use crate::operation::command::Violations;

use super::error::ApiError;

/// How serde_json hands over a number when some crate of the program asked it for arbitrary precision.
const NUMBER: &str = "$serde_json::private::Number";
/// Longest part of a name that an answer repeats.
const SHOWN: usize = 64;

/// Reads `body` as one JSON object.
///
/// # Errors
/// 400, with the place of the trouble.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Json>, ApiError> {
    let mut walk = Walk::default();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = Strict(&mut walk)
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| malformed(body, &error))?;
    walk.found.into_result()?;
    match value {
        Json::Object(fields) => Ok(fields),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            Err(refused("the body must be a JSON object"))
        }
    }
}

fn malformed(body: &[u8], error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    if body.iter().all(u8::is_ascii_whitespace) {
        return refused("the body is empty; a JSON object is expected");
    }
    if error.is_eof() {
        return refused("the body ends in the middle of the JSON text");
    }
    refused(&format!(
        "the body is no acceptable JSON: line {line}, column {column}: {error}"
    ))
}

fn refused(detail: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "MALFORMED_JSON", detail)
}

/// Where the reader is, and what it found wrong.
#[derive(Default)]
struct Walk {
    path: String,
    found: Violations,
}

impl Walk {
    /// Runs `read` one level below, at `step`.
    fn below<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let here = self.path.len();
        self.path.push_str(step);
        let answer = read(self);
        self.path.truncate(here);
        answer
    }

    fn note(&mut self, problem: &str) {
        let path = if self.path.is_empty() {
            "body"
        } else {
            &self.path
        };
        self.found.add(path, problem);
    }

    fn check(&mut self, text: &str) {
        if text.contains('\0') {
            self.note("must not hold the character U+0000");
        }
    }
}

/// Reads one value of any kind.
struct Strict<'a>(&'a mut Walk);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        let number = Number::from_f64(value);
        number
            .map(Json::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        self.0.check(value);
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        loop {
            let step = format!("[{}]", list.len());
            match self
                .0
                .below(&step, |walk| items.next_element_seed(Strict(walk)))?
            {
                Some(item) => list.push(item),
                None => return Ok(Json::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if fields.is_empty() && name == NUMBER {
                let digits: String = entries.next_value()?;
                let number = serde_json::from_str(&digits).map(Json::Number);
                return number.map_err(A::Error::custom);
            }
            let value = self.0.below(&step(&self.0.path, &name), |walk| {
                walk.check(&name);
                if fields.contains_key(&name) {
                    walk.note("stands there twice");
                }
                entries.next_value_seed(Strict(walk))
            })?;
            fields.insert(name, value);
        }
        Ok(Json::Object(fields))
    }
}

/// How `name` is written behind `path`.
fn step(path: &str, name: &str) -> String {
    let dot = if path.is_empty() { "" } else { "." };
    let shown: String = name.chars().take(SHOWN).map(visible).collect();
    format!("{dot}{shown}")
}

fn visible(c: char) -> char {
    if c.is_control() {
        char::REPLACEMENT_CHARACTER
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(body: &str) -> Vec<String> {
        let error = object(body.as_bytes()).unwrap_err();
        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
        error
            .errors()
            .iter()
            .map(|error| error.field.clone())
            .collect()
    }

    fn code(body: &[u8]) -> String {
        object(body).unwrap_err().code().to_owned()
    }

    #[test]
    fn a_repeated_name_is_refused_at_any_depth() {
        assert_eq!(named(r#"{"a":1,"a":1}"#), ["a"]);
        assert_eq!(named(r#"{"list":[{},{"b":1,"b":2}]}"#), ["list[1].b"]);
        assert_eq!(named(r#"{"a":1,"\u0061":2}"#), ["a"]);
    }

    #[test]
    fn a_nul_character_is_named_where_it_stands() {
        assert_eq!(
            named(r#"{"a":"x\u0000","b":{"c":["","\u0000"]}}"#),
            ["a", "b.c[1]"]
        );
        assert_eq!(named(r#"{"k\u0000":1}"#), ["k\u{fffd}"]);
    }

    #[test]
    fn what_is_no_json_object_is_refused() {
        let bodies: [&[u8]; 12] = [
            b"",
            b"  ",
            b"{",
            b"{]",
            b"[]",
            b"null",
            b"\"a\"",
            b"{} {}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":1e999}",
            b"{\"a\":\"\\ud800\"}",
            b"\xef\xbb\xbf{}",
        ];
        for body in bodies {
            assert_eq!(
                code(body),
                "MALFORMED_JSON",
                "{}",
                String::from_utf8_lossy(body)
            );
        }
    }

    #[test]
    fn a_number_in_disguise_is_a_number() {
        let read = object(br#"{"a":{"$serde_json::private::Number":"17"}}"#).unwrap();
        assert_eq!(read["a"], 17);
        let more = br#"{"a":{"$serde_json::private::Number":"17","b":1}}"#;
        assert_eq!(code(more), "MALFORMED_JSON");
        assert_eq!(
            code(br#"{"a":{"$serde_json::private::Number":"x"}}"#),
            "MALFORMED_JSON"
        );
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow_the_stack() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(code(deep.as_bytes()), "MALFORMED_JSON");
    }

    #[test]
    fn the_last_repetition_of_a_name_is_not_the_only_one_checked() {
        assert_eq!(named(r#"{"a":"\u0000","a":1}"#), ["a", "a"]);
    }

    proptest! {
        #[test]
        fn whatever_arrives_is_answered(body: Vec<u8>) {
            drop(object(&body));
        }

        #[test]
        fn accepted_text_means_what_serde_reads(keys in proptest::collection::btree_map("[a-z]{1,4}", "[^\u{0}]{0,8}", 0..8)) {
            let text = serde_json::to_string(&keys).unwrap();
            let read = object(text.as_bytes()).unwrap();
            prop_assert_eq!(Json::Object(read), serde_json::from_str::<Json>(&text).unwrap());
        }
    }
}
