//! What a finding says about a further migration, done.

use orch_lint::{Finding, lint_sources, rules};

use crate::fixes::{bad_cases, options};

/// The statement in the help of a finding.
fn statement(finding: &Finding) -> Option<String> {
    let help = finding.help.as_ref()?;
    let (_, behind) = help.split_once("in a further migration")?;
    let statement = behind.split('`').nth(1)?;
    let is_whole = statement.starts_with("CREATE") || statement.starts_with("ALTER");
    is_whole.then(|| format!("{statement};\n"))
}

/// A migration of SeaORM that does it.
fn in_rust(statement: &str) -> String {
    format!(
        "impl MigrationTrait for Migration {{ async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {{ \
         manager.get_connection().execute_unprepared(\"{statement}\").await?; Ok(()) }} }}"
    )
}

/// Somebody copies the statement. That it does not help would be found a deployment later.
#[test]
fn what_a_finding_says_takes_it_away() {
    for (code, at_least) in [("ORC102", 5), ("ORC207", 4), ("ORC701", 3), ("ORC703", 6)] {
        let mut tried = 0;
        for case in bad_cases(rules::find(code).expect("a rule").name()) {
            let options = options(&[code, "ORC906"]);
            let mut tree = case.project();
            let before = lint_sources(&tree, &options).expect("a report").findings;
            let said = before.iter().filter_map(|of| Some((of, statement(of)?)));
            let said: Vec<_> = said.collect();
            for (at, (finding, statement)) in said.iter().enumerate() {
                let (folder, _) = finding.path.rsplit_once('/').expect("a folder");
                let (path, text) = match finding.path.ends_with(".rs") {
                    true => (
                        format!("{folder}/m90{at:02}_further.rs"),
                        in_rust(statement),
                    ),
                    false => (format!("{folder}/90{at:02}_further.sql"), statement.clone()),
                };
                tree.insert(path, text);
            }
            let report = lint_sources(&tree, &options).expect("a report");
            let left = report.render_full(false);
            let expected = before.len() - said.len();
            assert_eq!(
                report.findings.len(),
                expected,
                "{}\n{said:?}\n{left}",
                case.title
            );
            tried += said.len();
        }
        assert!(tried >= at_least, "{code}: {tried}");
    }
}
