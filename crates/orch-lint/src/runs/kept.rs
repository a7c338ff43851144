//! A report as it is kept: rules by their codes.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Link, Place, Severity, Unknown};
use crate::fix::Fix;
use crate::report::Report;
use crate::rules::{self, Rule};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    findings: Vec<KeptFinding>,
    unknowns: Vec<(String, u32, u32, String, String)>,
    files: usize,
    orchestrators: usize,
    sagas: usize,
    commands: usize,
    operations: usize,
    unparsed: Vec<String>,
    baselined: usize,
    rules: Vec<String>,
    suppressed: BTreeMap<String, usize>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptFinding {
    code: String,
    severity: Severity,
    message: String,
    help: Option<String>,
    chain: Vec<Link>,
    path: String,
    start: Place,
    end: Place,
    bytes: Range<usize>,
    item: String,
    fingerprint: String,
    fix: Option<Fix>,
    kin: String,
    text: String,
    ordinal: usize,
    source_line: String,
}

impl Kept {
    pub(super) fn new(report: &Report) -> Self {
        let unknown = |of: &Unknown| {
            let (path, message) = (of.path.clone(), of.message.clone());
            (path, of.line, of.column, of.code.to_owned(), message)
        };
        let suppressed = report.suppressed.iter();
        Kept {
            findings: report.findings.iter().map(KeptFinding::new).collect(),
            unknowns: report.unknowns.iter().map(unknown).collect(),
            files: report.files,
            orchestrators: report.orchestrators,
            sagas: report.sagas,
            commands: report.commands,
            operations: report.operations,
            unparsed: report.unparsed.clone(),
            baselined: report.baselined,
            rules: report
                .rules
                .iter()
                .map(|rule| rule.code().to_owned())
                .collect(),
            suppressed: suppressed
                .map(|(code, count)| ((*code).to_owned(), *count))
                .collect(),
        }
    }

    /// The report; nothing when it names a rule that there is not.
    pub(super) fn report(&self) -> Option<Report> {
        let unknown = |(path, line, column, code, message): &(String, u32, u32, String, String)| {
            Some(Unknown {
                path: path.clone(),
                line: *line,
                column: *column,
                code: rules::find(code)?.code(),
                message: message.clone(),
            })
        };
        let rules = self.rules.iter().map(|code| rules::find(code));
        let suppressed = self.suppressed.iter();
        let suppressed = suppressed.map(|(code, count)| Some((rules::find(code)?.code(), *count)));
        Some(Report {
            findings: self
                .findings
                .iter()
                .map(KeptFinding::finding)
                .collect::<Option<_>>()?,
            unknowns: self.unknowns.iter().map(unknown).collect::<Option<_>>()?,
            files: self.files,
            orchestrators: self.orchestrators,
            sagas: self.sagas,
            commands: self.commands,
            operations: self.operations,
            unparsed: self.unparsed.clone(),
            baselined: self.baselined,
            rules: rules.collect::<Option<Vec<&Rule>>>()?,
            suppressed: suppressed.collect::<Option<_>>()?,
            timings: Vec::new(),
        })
    }
}

impl KeptFinding {
    fn new(of: &Finding) -> Self {
        KeptFinding {
            code: of.code.to_owned(),
            severity: of.severity,
            message: of.message.clone(),
            help: of.help.clone(),
            chain: of.chain.clone(),
            path: of.path.clone(),
            start: of.start,
            end: of.end,
            bytes: of.bytes.clone(),
            item: of.item.clone(),
            fingerprint: of.fingerprint.clone(),
            fix: of.fix.clone(),
            kin: of.kin.clone(),
            text: of.text.clone(),
            ordinal: of.ordinal,
            source_line: of.source_line.clone(),
        }
    }

    fn finding(&self) -> Option<Finding> {
        let rule = rules::find(&self.code)?;
        Some(Finding {
            code: rule.code(),
            name: rule.name(),
            severity: self.severity,
            message: self.message.clone(),
            help: self.help.clone(),
            chain: self.chain.clone(),
            path: self.path.clone(),
            start: self.start,
            end: self.end,
            bytes: self.bytes.clone(),
            item: self.item.clone(),
            fingerprint: self.fingerprint.clone(),
            fix: self.fix.clone(),
            kin: self.kin.clone(),
            text: self.text.clone(),
            ordinal: self.ordinal,
            source_line: self.source_line.clone(),
        })
    }
}
