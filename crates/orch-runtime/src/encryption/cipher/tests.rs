//! Texts that are sealed, opened, moved and damaged.

use super::*;
use crate::clock::from_millis;
use crate::ids::{BizKey, IdemKey, OpId, OwnerId};
use crate::store::SealedColumn;
use proptest::prelude::*;

const OLD: &str = "old 1f9e1c3e0f3b8d0a5b7c6d4e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a\n";
const NEW: &str = "new aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";
const OTHER: &str = "old bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n";
const PRINTS: &str =
    "fingerprint cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\n";

fn cipher(lines: &[&str]) -> PayloadCipher {
    let text = format!("{}{PRINTS}", lines.concat());
    PayloadCipher::new(KeyRing::parse(&text).unwrap())
}

const PLACE: Place<'_> = Place {
    domain: "charge",
    column: SealedColumn::Payload,
    op_id: "op-1",
    event_type: "CHARGE_REQUESTED",
    fence: 0,
};

fn operation(owner: &str, event_type: &'static str, payload: &str) -> NewOperation {
    NewOperation {
        op_id: OpId::new("op-1").unwrap(),
        owner_id: OwnerId::new(owner).unwrap(),
        idem_key: IdemKey::new("k").unwrap(),
        biz_key: BizKey::new("b").unwrap(),
        event_type,
        fingerprint: Fingerprint::of(event_type, payload),
        payload: payload.to_owned(),
        columns: Vec::new(),
        accepted_at: from_millis(0),
        deadline_at: from_millis(1),
        trace_parent: None,
    }
}

proptest! {
    #[test]
    fn every_text_survives_sealing(text in any::<String>(), op_id in ".{1,40}", fence in any::<u32>()) {
        let cipher = cipher(&[OLD]);
        let place = Place { op_id: &op_id, fence, ..PLACE };
        let sealed = cipher.seal(&place, &text).unwrap();
        prop_assert!(sealed.starts_with("orch1:old:"));
        prop_assert_eq!(cipher.open(&place, sealed), Ok(text));
    }

    /// Parts of a place must not run into each other.
    #[test]
    fn two_places_never_share_their_additional_data(
        one in ("[a-z:]{0,3}", "[a-z:]{0,3}", "[A-Z:]{0,3}", 0_u32..12),
        two in ("[a-z:]{0,3}", "[a-z:]{0,3}", "[A-Z:]{0,3}", 0_u32..12),
    ) {
        let data = |(domain, op_id, event_type, fence): &(String, String, String, u32)| {
            envelope::additional_data(&Place { domain, op_id, event_type, fence: *fence, ..PLACE })
        };
        prop_assert_eq!(one == two, data(&one) == data(&two));
    }

    /// Whatever stands in a row, nothing panics and nothing is made up.
    #[test]
    fn hostile_text_is_refused(text in ".{0,60}") {
        let stored = format!("orch1:{text}");
        prop_assert!(cipher(&[OLD]).open(&PLACE, stored).is_err());
    }
}

/// Somebody with write access moves a sealed value to where it helps them.
#[test]
fn a_sealed_text_opens_in_its_own_place_only() {
    let cipher = cipher(&[OLD]);
    let sealed = cipher.seal(&PLACE, "secret").unwrap();
    for place in [
        Place {
            domain: "refund",
            ..PLACE
        },
        Place {
            column: SealedColumn::Result,
            ..PLACE
        },
        Place {
            op_id: "op-2",
            ..PLACE
        },
        Place {
            event_type: "REFUND_REQUESTED",
            ..PLACE
        },
        Place { fence: 1, ..PLACE },
    ] {
        let error = cipher.open(&place, sealed.clone()).unwrap_err().to_string();
        assert!(error.contains("moved here"), "{place:?}: {error}");
    }
    assert_eq!(cipher.open(&PLACE, sealed).as_deref(), Ok("secret"));
}

#[test]
fn a_changed_byte_is_noticed_wherever_it_is() {
    let cipher = cipher(&[OLD]);
    let sealed = cipher.seal(&PLACE, "secret").unwrap();
    for at in "orch1:old:".len()..sealed.len() {
        let mut bytes = sealed.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(cipher.open(&PLACE, changed).is_err(), "{at}");
    }
    for length in "orch1:".len()..sealed.len() {
        let cut = sealed[..length].to_owned();
        assert!(cipher.open(&PLACE, cut).is_err(), "{length}");
    }
}

#[test]
fn an_error_names_key_and_operation_and_nothing_else() {
    let sealed = cipher(&[OLD]).seal(&PLACE, "secret").unwrap();
    for (ring, part) in [
        (cipher(&[NEW]), "not among those of this process"),
        (cipher(&[OTHER]), "another key"),
    ] {
        let error = ring.open(&PLACE, sealed.clone()).unwrap_err().to_string();
        assert!(
            error.contains("op-1") && error.contains("\"old\""),
            "{error}"
        );
        assert!(error.contains(part), "{error}");
        assert!(
            !error.contains(&sealed["orch1:old:".len()..][..8]),
            "{error}"
        );
    }
}

#[test]
fn equal_texts_look_different_each_time() {
    let cipher = cipher(&[OLD]);
    let seal = || cipher.seal(&PLACE, "secret").unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn an_older_key_opens_and_the_first_one_seals() {
    let before = cipher(&[OLD]).seal(&PLACE, "secret").unwrap();
    let after = cipher(&[NEW, OLD]);
    assert_eq!(after.open(&PLACE, before).as_deref(), Ok("secret"));
    assert!(after.seal(&PLACE, "x").unwrap().starts_with("orch1:new:"));
    assert_eq!(after.current_prefix(), "orch1:new:");
}

#[test]
fn what_was_never_sealed_is_read_as_it_is() {
    let text = r#"{"pin":"4711"}"#.to_owned();
    assert_eq!(cipher(&[OLD]).open(&PLACE, text.clone()), Ok(text));
}

/// Otherwise every request that is repeated across a rotation would be answered as another one.
#[test]
fn a_fingerprint_does_not_change_with_the_current_key() {
    let asked = operation("ann", "CHARGE_REQUESTED", "{}");
    let before = cipher(&[OLD]).fingerprint("charge", &asked);
    assert_eq!(before, cipher(&[NEW, OLD]).fingerprint("charge", &asked));
    assert_ne!(before.as_str(), asked.fingerprint.as_str());
    assert!(
        before.matches(asked.fingerprint.as_str()),
        "rows from before"
    );
}

/// Equal digests would tell who asked for the same thing, and let one guess serve for all.
#[test]
fn a_fingerprint_says_nothing_across_owners_domains_and_commands() {
    let cipher = cipher(&[OLD]);
    let one = cipher.fingerprint("charge", &operation("ann", "A", "{}"));
    for (domain, owner, event_type, payload) in [
        ("refund", "ann", "A", "{}"),
        ("charge", "bob", "A", "{}"),
        ("charge", "ann", "B", "{}"),
        ("charge", "ann", "A", "[]"),
        ("chargea", "nn", "A", "{}"),
    ] {
        let other = cipher.fingerprint(domain, &operation(owner, event_type, payload));
        assert_ne!(one.as_str(), other.as_str());
    }
}
