//! Views: the values that templates print.

use serde::Serialize;

/// The values that one template prints: typed for the one that is compiled in, by name for a
/// package's own.
pub trait View: askama::Template + Serialize {
    /// The template, as [`all`](super::all) names it.
    const TEMPLATE: &'static str;
}

/// Declares views: `Name in "path/of/template" { field: Type }`.
macro_rules! views {
    ($(
        $(#[$doc:meta])*
        $view:ident $(<$life:lifetime>)? in $template:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(askama::Template, serde::Serialize)]
        #[template(path = $template, escape = "none")]
        struct $view $(<$life>)? { $($(#[$field_doc])* $field: $type),* }

        impl $(<$life>)? $crate::templates::View for $view $(<$life>)? {
            const TEMPLATE: &'static str = $template;
        }
    )*};
}

pub(crate) use views;
