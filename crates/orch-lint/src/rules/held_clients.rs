//! Clients of caches and queues among what types hold.

use super::Check;
use crate::load::FileId;
use crate::model::{DefId, RTy};
use crate::syntax::{ItemKind, Span};

/// Crates whose types speak to a cache or a queue.
const CRATES: [&str; 14] = [
    "apalis",
    "async_nats",
    "bb8_redis",
    "deadpool_redis",
    "fred",
    "lapin",
    "memcache",
    "nats",
    "pulsar",
    "r2d2_redis",
    "rdkafka",
    "redis",
    "rumqttc",
    "rusty_celery",
];

/// A field that holds one.
pub(super) struct Client {
    pub(super) file: FileId,
    pub(super) span: Span,
    /// The crate.
    pub(super) of: String,
}

/// The clients that a type holds itself.
pub(super) fn of(check: &Check<'_, '_>, id: DefId) -> Vec<Client> {
    let workspace = check.workspace;
    let ItemKind::Struct(_, fields) = &workspace.def(id).item.kind else {
        return Vec::new();
    };
    let scope = workspace.def_scope(id, &[]);
    let file = workspace.file_of(id);
    let clients = fields.list.iter().filter_map(|field| {
        Some(Client {
            file,
            span: field.ty.span,
            of: named(&workspace.lower(&field.ty, &scope))?,
        })
    });
    clients.collect()
}

/// The first crate of a client in a type.
fn named(ty: &RTy) -> Option<String> {
    match ty {
        RTy::External(_, args) => {
            let first = ty.external().and_then(<[String]>::first);
            let own = first.filter(|of| CRATES.contains(&of.as_str()));
            own.cloned().or_else(|| args.iter().find_map(named))
        }
        RTy::Tuple(parts) => parts.iter().find_map(named),
        _ => None,
    }
}
