//! `--fix` and `--diff`: what the linter mends by itself.
//!
//! **Invariant:** all files are written or none, each only while it is as it was linted, and none that the
//! generator would write again or that lies elsewhere than it seems.

use super::super::facts::Facts;
use super::super::output::Output;
use super::args::Lint;
use super::owners::Owners;
use super::refused;
use crate::apply::Session;
use crate::disk::Real;
use crate::error::{Code, Error, Exit, Result};
use crate::plan::{self, Step};
use orch_lint::sources::{Disk, SourceTree};
use orch_lint::{Applicability, Finding, Mended, Options, Report};
use std::path::Path;

/// Mends what is on the disk below `root`, and gives what is left to find.
pub(super) fn fix(
    arguments: &Lint,
    root: &Path,
    options: &Options,
    facts: &Facts,
    output: &mut Output<'_>,
) -> Result<Fixed> {
    let session = Session::open(&Real, root)?;
    let mended = mended(arguments.unsafe_fixes, root, options, facts)?;
    write(&session, &mended)?;
    say_what_is_left(&mended, output);
    Ok(Fixed {
        said: fixed(mended.fixed, mended.files.len()),
        defects: !mended.defects.is_empty(),
        report: mended.report,
    })
}

/// What became of a run with `--fix`.
pub(super) struct Fixed {
    /// How much was fixed, in a sentence.
    pub(super) said: String,
    /// Whether a fix was none.
    pub(super) defects: bool,
    /// What is found now.
    pub(super) report: Report,
}

/// Writes all files, unless one of them is not any more what was linted.
fn write(session: &Session<'_>, mended: &Mended) -> Result<()> {
    let steps = mended.files.iter().map(|file| {
        let before = Some(file.before.as_bytes());
        Step::write(file.path.clone(), before, file.after.clone())
    });
    session.restore(&steps.collect::<Vec<Step>>())
}

/// Prints what `fix` would change.
pub(super) fn diff(
    arguments: &Lint,
    root: &Path,
    options: &Options,
    facts: &Facts,
    output: &mut Output<'_>,
) -> Result<Exit> {
    if output.json {
        return Err(Error::new(Code::Usage, "a diff is no JSON document")
            .help("leave out `--json`, or `--diff`: every finding in the document has its fixes"));
    }
    let mended = mended(arguments.unsafe_fixes, root, options, facts)?;
    for file in &mended.files {
        let (before, after) = (Some(file.before.as_str()), Some(file.after.as_str()));
        let diff = plan::unified(&file.path, before, after, output.style());
        // A line without anything may be the last one, and counts.
        output.line(diff.strip_suffix('\n').unwrap_or(&diff));
    }
    say_what_is_left(&mended, output);
    let has_defects = !mended.defects.is_empty();
    Ok(match mended.files.is_empty() {
        _ if has_defects => Exit::Internal,
        _ if !mended.report.unparsed.is_empty() => Exit::Internal,
        true => Exit::Done,
        false => Exit::Findings,
    })
}

fn mended(with_unsafe: bool, root: &Path, options: &Options, facts: &Facts) -> Result<Mended> {
    let allowed = if with_unsafe {
        Applicability::Unsafe
    } else {
        Applicability::Safe
    };
    let owners = Owners::of(root);
    let lint = |tree: &dyn SourceTree| orch_lint::lint_with(tree, options, &facts.cache);
    orch_lint::mend(&Disk::new(root), allowed, &|path| owners.leave(path), &lint)
        .map_err(|error| refused(&error, root))
}

fn say_what_is_left(mended: &Mended, output: &mut Output<'_>) {
    let places = |findings: &[Finding]| {
        let places = findings.iter();
        let places: Vec<String> = places
            .map(|of| format!("{}:{} {}", of.path, of.start.line, of.code))
            .collect();
        places.join(", ")
    };
    if !mended.left.is_empty() {
        let where_to = "generated files and links are not changed: mend `orch.toml`, a template or the \
                        file behind the link";
        output.note(&format!("not fixed: {} ({where_to})", places(&mended.left)));
    }
    if !mended.defects.is_empty() {
        let what = "a fix would leave a file that does not parse, which is a defect of the linter";
        output.aside(&format!("not fixed: {} ({what})", places(&mended.defects)));
    }
}

fn fixed(findings: usize, files: usize) -> String {
    let plural = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    format!(
        "Fixed {} in {}.",
        plural(findings, "finding"),
        plural(files, "file")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const UNNEEDED: &str = "// orch: allow(ORC604) long ago\nfn f() {}\n";

    fn write_to(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
    }

    /// An editor saves while the linter thinks; what was typed must not be lost.
    #[test]
    fn what_was_saved_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("src")).unwrap();
        write_to(&root.join("Cargo.toml"), "[package]\nname = \"shop\"\n");
        write_to(&root.join("src/lib.rs"), "mod a;\nmod b;\n");
        let (first, second) = (root.join("src/a.rs"), root.join("src/b.rs"));
        write_to(&first, UNNEEDED);
        write_to(&second, UNNEEDED);
        let facts = Facts::default();
        let session = Session::open(&Real, root).unwrap();
        let mended = mended(false, root, &Options::default(), &facts).unwrap();
        assert_eq!(mended.files.len(), 2);
        let typed = format!("{UNNEEDED}fn typed() {{}}\n");
        write_to(&second, &typed);
        let error = write(&session, &mended).unwrap_err();
        assert_eq!(error.code(), Code::TreeChanged);
        assert_eq!(fs::read_to_string(&first).unwrap(), UNNEEDED);
        assert_eq!(fs::read_to_string(&second).unwrap(), typed);
        write_to(&second, UNNEEDED);
        write(&session, &mended).unwrap();
        assert_eq!(fs::read_to_string(&second).unwrap(), "fn f() {}\n");
    }
}
