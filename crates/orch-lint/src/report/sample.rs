//! A report with names that try to break out of every format.

use std::collections::BTreeMap;

use super::Report;
use crate::finding::{Finding, Link, Place, Severity, Site, Unknown};
use crate::rules;

/// A path with everything that some format gives a meaning to.
pub(super) const PATH: &str = "src/a b/100%,x:\"y\"<'&'>é|`.rs";

/// An error over one line, a warning over two, and an undecided question; three rules ran.
pub(super) fn report() -> Report {
    let codes = ["ORC002", "ORC803", "ORC003", "ORC302"];
    Report {
        rules: codes.iter().filter_map(|code| rules::find(code)).collect(),
        findings: vec![warning(), error()],
        unknowns: vec![Unknown {
            path: PATH.into(),
            line: 7,
            column: 1,
            code: "ORC003",
            message: "cannot look into `T<\u{1}>`".into(),
        }],
        suppressed: BTreeMap::from([("ORC002", 3)]),
        files: 2,
        orchestrators: 1,
        ..Report::default()
    }
}

/// An error with a help and line breaks.
pub(super) fn error() -> Finding {
    Finding {
        code: "ORC002",
        name: "txn-in-execute",
        severity: Severity::Error,
        message: "opens `a, b: c` at 50%\r\n::error::]]> <b> \u{0}\u{7}\u{fffe}|".into(),
        help: Some("write \"it\" in\nthe hook".into()),
        chain: vec![
            Link {
                name: "Pay".into(),
                site: None,
            },
            Link {
                name: "pool::]]> <b>\r\n|".into(),
                site: Some(site()),
            },
        ],
        path: PATH.into(),
        start: Place { line: 3, column: 9 },
        end: Place {
            line: 3,
            column: 11,
        },
        bytes: 40..43,
        item: "crate::Pay::execute".into(),
        fingerprint: "00ff".into(),
        fix: None,
        kin: String::new(),
        text: String::new(),
        ordinal: 0,
        source_line: "    é = öx();".into(),
    }
}

/// What the error leads to.
fn site() -> Site {
    Site {
        path: PATH.into(),
        start: Place { line: 8, column: 5 },
        end: Place { line: 8, column: 9 },
        bytes: 90..94,
        source_line: "    pool: Pool,".into(),
    }
}

/// A warning without a help.
pub(super) fn warning() -> Finding {
    Finding {
        code: "ORC803",
        name: "missing-docs",
        severity: Severity::Warning,
        message: "`Pay` has no doc comment".into(),
        help: None,
        chain: Vec::new(),
        path: "src/lib.rs".into(),
        start: Place { line: 1, column: 1 },
        end: Place { line: 2, column: 2 },
        bytes: 0..14,
        item: String::new(),
        fingerprint: "00fe".into(),
        fix: None,
        kin: String::new(),
        text: String::new(),
        ordinal: 0,
        source_line: "pub struct P {".into(),
    }
}
