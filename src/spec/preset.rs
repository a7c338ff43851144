//! Fields for domains that everybody has.

use super::{Domain, Field, GatewayKind, Operation, Track};

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

const STRIPE_CHARGE: Preset = Preset {
    name: "Stripe charge",
    track: Track::None,
    fields: &[
        "order_id:string:max=64",
        "amount:money:min=0.01",
        "source:string:max=255",
    ],
};

const STRIPE_REFUND: Preset = Preset {
    name: "Stripe refund",
    track: Track::None,
    fields: &[
        "order_id:string:max=64",
        "charge:string:max=255",
        "amount:money?:min=0.01",
    ],
};

const SMTP: Preset = Preset {
    name: "mail",
    track: Track::History,
    fields: &[
        "to:string:max=320",
        "subject:string:max=200",
        "body:text:max=4096",
    ],
};

const TWILIO: Preset = Preset {
    name: "text message",
    track: Track::History,
    fields: &["to:string:max=64", "body:text:max=1600"],
};

const FCM: Preset = Preset {
    name: "device notification",
    track: Track::History,
    fields: &[
        "device_token:string:max=1024",
        "title:string?:max=200",
        "body:text:max=3000",
    ],
};

impl Preset {
    /// The preset for an operation: the one of its domain's name, where that has what the gateway
    /// needs, else the gateway's own. Over plain HTTP, a domain without one gets a key and a payload.
    #[must_use]
    pub fn of(domain: &Domain, operation: &Operation) -> Self {
        let fits = |preset: &Self| {
            let fields = preset.fields();
            Operation {
                fields,
                ..operation.clone()
            }
            .fits(domain.gateway)
        };
        let mut named = PRESETS
            .iter()
            .filter(|preset| preset.name == domain.name.type_name());
        let named = named.next().copied().filter(fits);
        named.unwrap_or_else(|| Self::of_gateway(domain.gateway, operation))
    }

    fn of_gateway(gateway: GatewayKind, operation: &Operation) -> Self {
        match gateway {
            GatewayKind::Http => GENERAL,
            GatewayKind::Stripe if operation.is_refund() => STRIPE_REFUND,
            GatewayKind::Stripe => STRIPE_CHARGE,
            GatewayKind::S3 => PRESETS[1],
            GatewayKind::Smtp => SMTP,
            GatewayKind::Twilio => TWILIO,
            GatewayKind::Fcm => FCM,
        }
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
    use crate::naming::{Name, Role};

    const ALL: [Preset; 9] = [
        PRESETS[0],
        PRESETS[1],
        PRESETS[2],
        GENERAL,
        STRIPE_CHARGE,
        STRIPE_REFUND,
        SMTP,
        TWILIO,
        FCM,
    ];

    /// A preset with a typing error would lose a field silently.
    #[test]
    fn every_preset_parses() {
        for preset in ALL {
            let texts: Vec<_> = preset.fields().iter().map(Field::to_string).collect();
            assert_eq!(texts, preset.fields, "{}", preset.name);
        }
    }

    fn preset(domain: &str, event: &str, gateway: GatewayKind) -> Preset {
        let event = Name::parse(Role::Event, event).unwrap().0;
        let operation = Operation {
            name: crate::naming::operation_names(&event).remove(0),
            event,
            was: None,
            track: Track::None,
            fields: Vec::new(),
        };
        let domain = Domain {
            name: Name::parse(Role::Domain, domain).unwrap().0,
            was: None,
            gateway,
            callbacks: false,
            metrics: false,
            operations: Vec::new(),
        };
        let preset = Preset::of(&domain, &operation);
        let fields = preset.fields();
        assert!(
            Operation {
                fields,
                ..operation
            }
            .fits(gateway),
            "{preset:?}"
        );
        preset
    }

    #[test]
    fn a_preset_always_has_what_its_gateway_needs() {
        for (word, kind) in GatewayKind::ALL {
            for domain in ["Payment", "FileUpload", "Notification", "Shop"] {
                for event in ["PaymentRequested", "RefundRequested"] {
                    assert!(!preset(domain, event, *kind).fields().is_empty(), "{word}");
                }
            }
        }
    }

    #[test]
    fn the_domains_own_preset_wins_where_it_fits() {
        let of = |domain, event, kind| preset(domain, event, kind).name;
        use GatewayKind::{Fcm, Http, S3, Stripe, Twilio};
        assert_eq!(of("Payment", "PaymentRequested", Http), "Payment");
        assert_eq!(of("Payment", "PaymentRequested", Stripe), "Stripe charge");
        assert_eq!(of("Payment", "RefundRequested", Stripe), "Stripe refund");
        assert_eq!(
            of("Notification", "NotificationSent", Twilio),
            "Notification"
        );
        assert_eq!(of("Alarm", "AlarmRaised", Fcm), "device notification");
        assert_eq!(of("Archive", "ArchiveRequested", S3), "FileUpload");
        assert_eq!(of("Shop", "ShopOpened", Http), "general");
    }
}
