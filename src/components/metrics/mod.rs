//! What watches one domain: a Grafana dashboard, Prometheus alerts and their tests.
//!
//! The runtime shows the numbers of every domain whether they are watched or not; these files are
//! for the people who get up at night. Limits are a matter of taste, so the files are the user's own.

mod panel;
mod rows;

use self::panel::{Panel, panels};
use super::{Class, Component, Context, Render, Rendered};
use crate::model::{DomainModel, PackageModel};
use crate::spec::PackageKind;
use crate::templates::views;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "metrics",
    needs: &[],
    templates: &[
        "monitoring/[domain]/dashboard.json.j2",
        "monitoring/[domain]/alerts.yml.j2",
        "monitoring/[domain]/alerts_test.yml.j2",
    ],
    render: Render::Domain(render),
};

views! {
    DashboardView<'a> in "monitoring/[domain]/dashboard.json.j2" {
        /// What Grafana knows it by: no two dashboards may have the same.
        uid: String,
        title: String,
        prose: &'a str,
        tables: &'a str,
        panels: Vec<Panel>,
    }
}

macro_rules! alert_views {
    ($($view:ident $template:literal;)*) => {
        views! {
            $($view<'a> in $template {
                name: &'a str,
                prose: &'a str,
                module: &'a str,
                /// The domain's label in metrics.
                tables: &'a str,
                screaming: &'a str,
                callbacks: bool,
                /// A sentence that says how parked operations are found.
                dead_letters: &'a str,
            })*
        }
    };
}

// A test repeats all that a person is told.
alert_views! {
    AlertsView "monitoring/[domain]/alerts.yml.j2";
    AlertsTestView "monitoring/[domain]/alerts_test.yml.j2";
}

fn render(context: &Context<'_>, domain: &DomainModel) -> Rendered {
    if !domain.metrics {
        return Ok(Vec::new());
    }
    let (name, module, tables) = (domain.type_name(), domain.module(), domain.tables_name());
    let (prose, screaming) = (&domain.prose(), &domain.screaming());
    let (callbacks, dead_letters) = (domain.callbacks, &dead_letters(context.package, tables));
    let dashboard = DashboardView {
        uid: uid(&context.package.name, module),
        title: format!("{}: {prose}", context.package.name),
        prose,
        tables,
        panels: panels(domain),
    };
    let alerts = AlertsView {
        name,
        prose,
        module,
        tables,
        screaming,
        callbacks,
        dead_letters,
    };
    let tests = AlertsTestView {
        name,
        prose,
        module,
        tables,
        screaming,
        callbacks,
        dead_letters,
    };
    let path = |file: &str| format!("monitoring/{module}/{file}");
    let class = Class::Yours;
    Ok(vec![
        context.text(path("dashboard.json"), class, &dashboard)?,
        context.text(path("alerts.yml"), class, &alerts)?,
        context.text(path("alerts_test.yml"), class, &tests)?,
    ])
}

/// Grafana takes 40 characters at most, which is what a domain's module may have.
fn uid(package: &str, module: &str) -> String {
    let module = module.replace('_', "-");
    let whole = format!("{package}-{module}");
    if whole.len() <= 40 { whole } else { module }
}

/// A program of the user's own has no command that lists them.
fn dead_letters(package: &PackageModel, tables: &str) -> String {
    match package.kind {
        PackageKind::Service => format!("`{} dead-letters` lists them.", package.name),
        PackageKind::Existing { .. } => {
            format!("`select op_id from {tables}_operations where state = 'PARKED'` lists them.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::{ALL, render};
    use crate::model::Place;
    use crate::spec::Spec;
    use crate::templates::Templates;
    use serde_json::Value;

    fn files(domain: &str) -> Vec<(String, String)> {
        let text = format!(
            "version = 1\n[[domain]]\nname = \"FileUpload\"\n{domain}\n\
             [[domain.operation]]\nevent = \"FileUploadRequested\"\nfields = [\"id:string\"]\n\
             [[domain.operation]]\nevent = \"RemovalRequested\"\nfields = [\"id:string\"]\n"
        );
        let place = Place::alone("files");
        let package = PackageModel::new(&Spec::parse(&text).unwrap(), &place);
        let (_, files) = render(ALL, &package, &Templates::default()).unwrap();
        let files = files.into_iter().filter(|owned| owned.owner == "metrics");
        files
            .map(|owned| {
                let text = owned.file.contents().to_owned();
                (owned.file.path().to_owned(), text)
            })
            .collect()
    }

    fn dashboard(files: &[(String, String)]) -> Value {
        let named = |(path, _): &&(String, String)| path.ends_with("/dashboard.json");
        serde_json::from_str(&files.iter().find(named).unwrap().1).unwrap()
    }

    #[test]
    fn a_domain_that_is_not_watched_has_no_file() {
        assert_eq!(files("").len(), 0);
        assert_eq!(files("metrics = false").len(), 0);
    }

    #[test]
    fn the_files_of_a_domain_speak_of_that_domain_alone() {
        let files = files("metrics = true");
        let paths: Vec<_> = files.iter().map(|(path, _)| path.as_str()).collect();
        let expected = ["alerts.yml", "alerts_test.yml", "dashboard.json"];
        assert_eq!(
            paths,
            expected.map(|file| format!("monitoring/file_upload/{file}"))
        );
        let (_, alerts) = &files[0];
        assert!(
            alerts.contains("- alert: FileUploadOperationsParked"),
            "{alerts}"
        );
        assert!(
            alerts.contains("{{ $value | humanizeDuration }}"),
            "{alerts}"
        );
        let dashboard = dashboard(&files);
        assert_eq!(dashboard["uid"], "files-file-upload");
        for panel in dashboard["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                let query = target["expr"].as_str().unwrap();
                let is_ours = [
                    "domain=\"file_upload\"",
                    "lane=\"file_upload\"",
                    "route=~\"",
                ];
                assert!(is_ours.iter().any(|part| query.contains(part)), "{query}");
            }
        }
    }

    /// A panel or an alert of what is never counted stays empty, and silent, for ever.
    #[test]
    fn callbacks_are_watched_where_they_are_taken() {
        for (keys, expected) in [
            ("metrics = true", false),
            ("metrics = true\ncallbacks = true", true),
        ] {
            for (path, text) in files(keys) {
                let has = text.contains("orchestration_callback_");
                assert_eq!(has, expected, "{path}\n{text}");
            }
        }
    }

    /// Grafana draws panels that overlap, or have one id, over each other.
    #[test]
    fn panels_have_their_own_ids_and_places() {
        let dashboard = dashboard(&files("metrics = true\ncallbacks = true"));
        let panels = dashboard["panels"].as_array().unwrap();
        let (mut ids, mut cells) = (Vec::new(), Vec::new());
        for panel in panels {
            ids.push(panel["id"].as_u64().unwrap());
            let at = |key| panel["gridPos"][key].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{panel}");
            for x in at("x")..at("x") + at("w") {
                cells.extend((at("y")..at("y") + at("h")).map(|y| (x, y)));
            }
        }
        let count = cells.len();
        cells.sort_unstable();
        cells.dedup();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((cells.len(), ids.len()), (count, panels.len()));
    }
}
