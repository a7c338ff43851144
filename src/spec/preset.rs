//! Fields for domains that everybody has.

use super::{Field, Track};
use crate::naming::Name;

/// Fields to use when none are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// What to call it in the output.
    pub name: &'static str,
    /// What the operation keeps.
    pub track: Track,
    fields: &'static [&'static str],
}

const PRESETS: &[Preset] = &[
    Preset {
        name: "Payment",
        track: Track::None,
        fields: &["order_id:string:max=64", "amount:money:min=0.01"],
    },
    Preset {
        name: "FileUpload",
        track: Track::Progress,
        fields: &[
            "object_key:string:max=1024",
            "content_type:string:max=127",
            "size:u64:min=1",
            "sha256:string:pattern=[0-9a-f]{64}",
        ],
    },
    Preset {
        name: "Notification",
        track: Track::History,
        fields: &[
            "recipient:string:max=320",
            "channel:enum(push|sms|email)",
            "template:string:max=64",
            "body:text:max=4096",
        ],
    },
];

const GENERAL: Preset = Preset {
    name: "general",
    track: Track::None,
    fields: &["biz_key:string:max=255", "payload:json"],
};

impl Preset {
    /// The preset for a domain: the one of its name, else a key and a payload.
    #[must_use]
    pub fn of(domain: &Name) -> Self {
        let named = PRESETS
            .iter()
            .find(|preset| preset.name == domain.type_name());
        named.copied().unwrap_or(GENERAL)
    }

    /// The preset's fields.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        self.fields
            .iter()
            .filter_map(|text| Field::parse(text).ok())
            .map(|(field, _)| field)
            .collect()
    }

    /// The fields as a person would type them.
    #[must_use]
    pub const fn texts(&self) -> &'static [&'static str] {
        self.fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A preset with a typing error would lose a field silently.
    #[test]
    fn every_preset_parses() {
        for preset in PRESETS.iter().chain([&GENERAL]) {
            let texts: Vec<_> = preset.fields().iter().map(Field::to_string).collect();
            assert_eq!(texts, preset.fields, "{}", preset.name);
        }
    }
}
