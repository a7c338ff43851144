//! SARIF 2.1.0.

use serde_json::{Value, json};

use super::{Report, told};
use crate::finding::{Finding, Link, Site, Unknown};
use crate::fix::{Edit, Fix};
use crate::rules::Rule;

/// Code hosts refuse a run with more results.
const MAX_RESULTS: usize = 25_000;
/// What paths are relative to.
const ROOT: &str = "%SRCROOT%";
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The whole report as one log with one run.
pub(super) fn render(report: &Report) -> String {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    let left_out = findings.len().saturating_sub(MAX_RESULTS);
    if left_out > 0 {
        findings = report.errors_first();
        findings.truncate(MAX_RESULTS);
    }
    let results: Vec<Value> = findings.iter().map(|of| result(of, report)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "orch-lint",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": report.rules.iter().map(|rule| described(rule)).collect::<Vec<Value>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                ROOT: { "description": { "text": "The folder that paths are relative to." } },
            },
            "invocations": [{
                "executionSuccessful": report.unparsed.is_empty(),
                "exitCode": report.exit_code(),
                "toolExecutionNotifications": notifications(report, left_out),
            }],
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn described(rule: &Rule) -> Value {
    let description = rule.description();
    let first = description.split_inclusive(". ").next().unwrap_or_default();
    json!({
        "id": rule.code(),
        "name": pascal(rule.name()),
        "shortDescription": { "text": first.trim_end() },
        "fullDescription": { "text": description },
        "help": { "text": rule.docs(), "markdown": rule.docs() },
        "defaultConfiguration": { "level": rule.severity().as_str() },
        "properties": { "name": rule.name() },
    })
}

/// `txn-in-execute` as readers of SARIF expect names: `TxnInExecute`.
fn pascal(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().map(|of| of.to_ascii_uppercase());
        first.chain(letters).collect::<String>()
    });
    words.collect()
}

fn result(of: &Finding, report: &Report) -> Value {
    let mut location = json!({ "physicalLocation": physical(&of.site()) });
    if !of.item.is_empty() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": of.item }]);
    }
    let mut result = json!({
        "ruleId": of.code,
        "level": of.severity.as_str(),
        "message": { "text": told(of) },
        "locations": [location],
        "partialFingerprints": { "orchLint/v1": of.fingerprint },
    });
    if let Some(index) = index(of.code, report) {
        result["ruleIndex"] = json!(index);
    }
    if let Some(fix) = &of.fix {
        result["fixes"] = json!([fixed(fix, &of.path)]);
    }
    if !of.chain.is_empty() {
        result["properties"] = json!({ "chain": of.names_on_way() });
    }
    let related: Vec<Value> = of.elsewhere().enumerate().map(related).collect();
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    result
}

/// A step of the way to the cause.
fn related((number, (link, site)): (usize, (&Link, &Site))) -> Value {
    json!({
        "id": number,
        "message": { "text": link.name },
        "physicalLocation": physical(site),
    })
}

fn physical(site: &Site) -> Value {
    json!({
        "artifactLocation": { "uri": uri(&site.path), "uriBaseId": ROOT },
        "region": {
            "startLine": site.start.line,
            "startColumn": site.start.column,
            "endLine": site.end.line,
            "endColumn": site.end.column,
            "byteOffset": site.bytes.start,
            "byteLength": site.bytes.len(),
        },
    })
}

/// Viewers apply what is in a log without asking, so a title says when somebody has to look.
fn fixed(fix: &Fix, path: &str) -> Value {
    let replacements: Vec<Value> = fix.edits.iter().map(replacement).collect();
    json!({
        "description": { "text": format!("{} ({})", fix.title, fix.applicability.as_str()) },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(path), "uriBaseId": ROOT },
            "replacements": replacements,
        }],
    })
}

fn replacement(edit: &Edit) -> Value {
    let mut replacement = json!({
        "deletedRegion": {
            "startLine": edit.start.line,
            "startColumn": edit.start.column,
            "endLine": edit.end.line,
            "endColumn": edit.end.column,
            "byteOffset": edit.bytes.start,
            "byteLength": edit.bytes.len(),
        },
    });
    if !edit.replacement.is_empty() {
        replacement["insertedContent"] = json!({ "text": edit.replacement });
    }
    replacement
}

fn index(code: &str, report: &Report) -> Option<usize> {
    report.rules.iter().position(|rule| rule.code() == code)
}

/// What a reader must know who sees only the results.
fn notifications(report: &Report, left_out: usize) -> Vec<Value> {
    let unknowns = report.unknowns.iter().map(|of| undecided(of, report));
    let mut all: Vec<Value> = unknowns.collect();
    if left_out > 0 {
        let total = report.findings.len();
        let text =
            format!("{left_out} of {total} findings are left out: a code host takes {MAX_RESULTS}");
        all.insert(
            0,
            json!({ "level": "warning", "message": { "text": text } }),
        );
    }
    all
}

fn undecided(of: &Unknown, report: &Report) -> Value {
    let mut rule = json!({ "id": of.code });
    if let Some(index) = index(of.code, report) {
        rule["index"] = json!(index);
    }
    json!({
        "level": "note",
        "message": { "text": format!("undecided: {}", of.message) },
        "associatedRule": rule,
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&of.path), "uriBaseId": ROOT },
            "region": { "startLine": of.line, "startColumn": of.column },
        } }],
    })
}

/// A path as a relative reference: everything that could have a meaning in a URI is encoded.
fn uri(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn log(report: &Report) -> Value {
        serde_json::from_str(&render(report)).unwrap()
    }

    #[test]
    fn a_result_names_its_rule_its_place_and_its_fingerprint() {
        let run = &log(&sample::report())["runs"][0];
        let result = &run["results"][1];
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "ORC002");
        assert_eq!(result["partialFingerprints"]["orchLint/v1"], "00ff");
        let place = &result["locations"][0]["physicalLocation"];
        let uri = &place["artifactLocation"]["uri"];
        assert_eq!(
            uri,
            "src/a%20b/100%25%2Cx%3A%22y%22%3C%27%26%27%3E%C3%A9%7C%60.rs"
        );
        assert_eq!(place["region"]["startColumn"], 9);
        assert_eq!(place["region"]["byteLength"], 3);
    }

    /// A reader clicks through the way to the cause; what is named nowhere is in no file.
    #[test]
    fn steps_of_the_way_are_related_locations() {
        let results = &log(&sample::report())["runs"][0]["results"];
        assert_eq!(results[0].get("relatedLocations"), None);
        let related = results[1]["relatedLocations"].as_array().unwrap();
        let [pool] = &related[..] else {
            panic!("{related:?}");
        };
        assert_eq!(pool["message"]["text"], "pool::]]> <b>\r\n|");
        assert_eq!(pool["physicalLocation"]["region"]["startLine"], 8);
        let names = &results[1]["properties"]["chain"];
        assert_eq!(names, &json!(["Pay", "pool::]]> <b>\r\n|"]));
    }

    #[test]
    fn a_rule_brings_its_documentation() {
        let rule = &log(&sample::report())["runs"][0]["tool"]["driver"]["rules"][0];
        let markdown = rule["help"]["markdown"].as_str().unwrap();
        assert!(markdown.contains("## Why is this bad?"));
        assert_eq!(rule["defaultConfiguration"]["level"], "error");
        assert_eq!(rule["name"], "TxnInExecute");
        assert_eq!(rule["properties"]["name"], "txn-in-execute");
        let full = rule["fullDescription"]["text"].as_str().unwrap();
        assert!(full.ends_with("inside `Orchestrator::execute`."), "{full}");
    }

    /// A code host refuses the whole upload; errors must not be what is missing.
    #[test]
    fn what_a_code_host_would_refuse_is_cut_and_said() {
        let mut report = sample::report();
        report.findings = vec![sample::warning(); MAX_RESULTS];
        report.findings.push(sample::error());
        let run = &log(&report)["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), MAX_RESULTS);
        assert_eq!(results[0]["level"], "error");
        let said = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
        assert!(said.as_str().unwrap().starts_with("1 of 25001 findings"));
    }
}
