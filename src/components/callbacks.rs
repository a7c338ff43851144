//! Callbacks of a domain's provider: the receiver, and the table of the inbox.

use askama::Template;

use super::gateway::no_template;
use super::{Class, Component, Context, GeneratedFile, Render, RenderError, Rendered};
use crate::model::DomainModel;
use crate::spec::{GatewayKind, StoreKind};

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "callbacks",
    needs: &[],
    templates: &[
        "src/[domain]/callbacks/http.rs.j2",
        "src/[domain]/callbacks/stripe.rs.j2",
        "src/[domain]/callbacks/twilio.rs.j2",
        "migrations/sqlite/[number]_[domain]_callbacks.sql.j2",
        "migrations/postgres/[number]_[domain]_callbacks.sql.j2",
        "migrations/[store]/[number]_[domain]_callbacks.down.sql.j2",
    ],
    render: Render::Domain(render),
};

macro_rules! receiver_views {
    ($($view:ident $path:literal;)*) => {$(
        #[derive(Template)]
        #[template(path = $path, escape = "none")]
        struct $view<'a> {
            name: &'a str,
            prose: &'a str,
            screaming: &'a str,
        }
    )*};
}

receiver_views! {
    HttpView "src/[domain]/callbacks/http.rs.j2";
    StripeView "src/[domain]/callbacks/stripe.rs.j2";
    TwilioView "src/[domain]/callbacks/twilio.rs.j2";
}

#[derive(Template)]
#[template(
    path = "migrations/sqlite/[number]_[domain]_callbacks.sql.j2",
    escape = "none"
)]
struct SqliteUpView<'a> {
    prose: &'a str,
    domain: &'a str,
}

#[derive(Template)]
#[template(
    path = "migrations/postgres/[number]_[domain]_callbacks.sql.j2",
    escape = "none"
)]
struct PostgresUpView<'a> {
    prose: &'a str,
    domain: &'a str,
}

#[derive(Template)]
#[template(
    path = "migrations/[store]/[number]_[domain]_callbacks.down.sql.j2",
    escape = "none"
)]
struct DownView<'a> {
    prose: &'a str,
    domain: &'a str,
}

fn render(context: &Context<'_>, domain: &DomainModel) -> Rendered {
    let Some(migration) = domain.callbacks_migration() else {
        return Ok(Vec::new());
    };
    let (prose, module) = (&domain.prose(), domain.module());
    let store = context.package.store;
    let down = DownView {
        prose,
        domain: module,
    };
    let path = |end: &str| format!("migrations/{}/{migration}{end}", store.keyword());
    let receiver = receiver(domain, prose)?;
    let domain = module;
    let up = match store {
        StoreKind::Sqlite => {
            let view = SqliteUpView { prose, domain };
            GeneratedFile::text(path(".sql"), Class::Generated, &view)?
        }
        StoreKind::Postgres => {
            let view = PostgresUpView { prose, domain };
            GeneratedFile::text(path(".sql"), Class::Generated, &view)?
        }
    };
    Ok(vec![
        receiver,
        up,
        GeneratedFile::text(path(".down.sql"), Class::Generated, &down)?,
    ])
}

/// What understands the provider's callbacks.
fn receiver(domain: &DomainModel, prose: &str) -> Result<GeneratedFile, RenderError> {
    let file = format!("{}/callbacks.rs", domain.folder());
    let (name, screaming) = (domain.type_name(), &domain.screaming());
    let class = Class::Yours;
    match domain.gateway {
        GatewayKind::Http => {
            let view = HttpView {
                name,
                prose,
                screaming,
            };
            GeneratedFile::rust(file, class, &view)
        }
        GatewayKind::Stripe => {
            let view = StripeView {
                name,
                prose,
                screaming,
            };
            GeneratedFile::rust(file, class, &view)
        }
        GatewayKind::Twilio => {
            let view = TwilioView {
                name,
                prose,
                screaming,
            };
            GeneratedFile::rust(file, class, &view)
        }
        GatewayKind::S3 | GatewayKind::Smtp | GatewayKind::Fcm => {
            Err(no_template(domain.gateway, &file))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything behind the first line, which names who wrote it.
    fn statements(text: &str) -> &str {
        text.split_once('\n').unwrap().1.trim()
    }

    /// What is generated is what the runtime is tested with, on both databases.
    #[test]
    fn the_inbox_is_the_one_of_the_runtimes_own_tests() {
        let (prose, domain) = ("charge", "charge");
        let sqlite = SqliteUpView { prose, domain }.render().unwrap();
        let postgres = PostgresUpView { prose, domain }.render().unwrap();
        let tested = include_str!("../../crates/orch-runtime/tests/it/callbacks/callbacks.sql");
        assert_eq!(statements(&sqlite), statements(tested));
        let tested =
            include_str!("../../crates/orch-runtime/tests/it/callbacks/callbacks.postgres.sql");
        assert_eq!(statements(&postgres), statements(tested));
    }
}
