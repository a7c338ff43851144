//! Reports of earlier runs, so that nothing is worked out again where nothing changed.
//!
//! A report follows from the options and from what the run read: texts, and the entries of folders. A run is
//! kept with all of that ([`Trace`]), by content and never by time, and its report is given again when
//! everything is as it was. That a file was *not* there belongs to it, too.
//!
//! **Invariant:** a kept run changes how long the next one takes, never what it finds. What another build of
//! the program wrote, or what is damaged, is as good as none.

mod kept;
mod recorded;

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::options::Options;
use crate::report::Report;
use crate::sources::SourceTree;
use kept::Kept;
use recorded::{Recorded, Trace};

/// How many are kept: a package is linted as it is, as it is staged, and as it was.
const MOST: usize = 4;

/// Length of the hash before the runs in their file.
const CHECK: usize = 32;

/// Earlier runs, the latest first.
#[derive(Debug, Default)]
pub(crate) struct Runs(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    runs: VecDeque<Arc<Run>>,
    is_new: bool,
}

/// One run.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    options: String,
    read: Trace,
    report: Kept,
}

impl Runs {
    /// What [`save`](Self::save) wrote to a file; nothing when that cannot be read.
    pub(crate) fn open(file: &Path, program: &str) -> Self {
        let bytes = std::fs::read(file).unwrap_or_default();
        let runs = decoded(&bytes, program).unwrap_or_default();
        Runs(Mutex::new(Known {
            runs: runs.into_iter().map(Arc::new).collect(),
            is_new: false,
        }))
    }

    /// Keeps them in a file, unless they are in it already.
    pub(crate) fn save(&self, file: &Path, program: &str) -> io::Result<()> {
        let known = self.known();
        if !known.is_new {
            return Ok(());
        }
        let runs: Vec<&Run> = known.runs.iter().map(AsRef::as_ref).collect();
        let runs = postcard::to_stdvec(&runs).map_err(io::Error::other)?;
        let mut bytes = check(&runs, program).to_vec();
        bytes.extend(runs);
        crate::cache::replace(file, &bytes)
    }

    /// The report of an earlier run with these options that read the same, else that of `work`, which is
    /// kept.
    pub(crate) fn report<E>(
        &self,
        tree: &dyn SourceTree,
        options: &Options,
        work: impl FnOnce(&dyn SourceTree) -> Result<Report, E>,
    ) -> Result<Report, E> {
        let options = key(options);
        let tree = Recorded::new(tree);
        let earlier = self.known().runs.clone();
        for run in earlier {
            if run.options == options
                && tree.is_as_it_was(&run.read)
                && let Some(report) = run.report.report()
            {
                return Ok(report);
            }
        }
        let report = work(&tree)?;
        if let Some(read) = tree.into_trace() {
            let report = Kept::new(&report);
            self.keep(Run {
                options,
                read,
                report,
            });
        }
        Ok(report)
    }

    fn keep(&self, run: Run) {
        let mut known = self.known();
        known.runs.push_front(Arc::new(run));
        known.runs.truncate(MOST);
        known.is_new = true;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // The list is whole whenever its lock is free.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything in the options that a report depends on.
fn key(options: &Options) -> String {
    let Options {
        today,
        rules,
        allow_empty,
        ignore_baseline,
        clock: _,
    } = options;
    format!("{today:?} {rules:?} {allow_empty} {ignore_baseline}")
}

fn decoded(bytes: &[u8], program: &str) -> Option<Vec<Run>> {
    let (found, runs) = bytes.split_at_checked(CHECK)?;
    let is_whole = found == check(runs, program);
    is_whole.then(|| postcard::from_bytes(runs).ok())?
}

/// Tells runs of this build that are whole from all other bytes.
fn check(runs: &[u8], program: &str) -> [u8; CHECK] {
    let mut hash = Sha256::new();
    hash.update(program);
    hash.update([0]);
    hash.update(runs);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{LintError, Selection};
    use crate::sources::Memory;
    use std::cell::Cell;
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    const MANIFEST: &str = "[package]\nname = 'billing'\nedition = '2024'\n";

    fn tree() -> Memory {
        let lib = "mod a;\nmod b;\nmod gone;\n#[path = \"../common/c.rs\"]\nmod c;\n// orch: allow(ORC001)\n";
        Memory::from([
            ("Cargo.toml", MANIFEST),
            ("src/lib.rs", lib),
            ("src/a.rs", "fn broken( {"),
            ("src/b.rs", "fn b() {}"),
            ("common/d.rs", "fn d() {}"),
            ("migrations/0001_b.sql", "CREATE TABLE b (id TEXT);"),
        ])
    }

    fn options() -> Options {
        Options {
            allow_empty: true,
            ..Options::default()
        }
    }

    /// The report as a person sees it, and whether it had to be worked out.
    fn run(runs: &Runs, tree: &dyn SourceTree, options: &Options) -> (String, bool) {
        let worked = Cell::new(false);
        let work = |tree: &dyn SourceTree| -> Result<Report, LintError> {
            worked.set(true);
            crate::lint_sources(tree, options)
        };
        let report = runs.report(tree, options, work).unwrap();
        (format!("{report:?}"), worked.get())
    }

    fn fresh(tree: &dyn SourceTree, options: &Options) -> String {
        format!("{:?}", crate::lint_sources(tree, options).unwrap())
    }

    #[test]
    fn where_nothing_changed_nothing_is_worked_out() {
        let runs = Runs::default();
        let (first, worked) = run(&runs, &tree(), &options());
        assert!(worked && first.contains("ORC9"), "{first}");
        assert_eq!(run(&runs, &tree(), &options()), (first, false));
    }

    /// A report of another state of the sources would say that all is well when it is not.
    #[test]
    fn every_change_is_seen() {
        let changes: [(&str, Option<&str>); 10] = [
            ("src/b.rs", Some("fn b() { }")),
            ("src/b.rs", None),
            ("src/a.rs", Some("fn a() {}")),
            ("src/gone.rs", Some("fn back() {}")),
            ("src/gone/mod.rs", Some("fn back() {}")),
            ("common/c.rs", Some("fn c() {}")),
            ("src/new.rs", Some("fn new() {}")),
            ("migrations/0002_c.sql", Some("CREATE TABLE c (id TEXT);")),
            ("orch.toml", Some("[lint.rules]\nORC803 = \"off\"\n")),
            (
                "Cargo.toml",
                Some("[package]\nname = 'b'\nedition = '2021'\n"),
            ),
        ];
        for (path, text) in changes {
            let runs = Runs::default();
            run(&runs, &tree(), &options());
            let mut changed = tree();
            match text {
                Some(text) => changed.insert(path, text),
                None => changed.remove(path),
            }
            let expected = fresh(&changed, &options());
            assert_eq!(run(&runs, &changed, &options()), (expected, true), "{path}");
            let (_, worked) = run(&runs, &tree(), &options());
            assert!(!worked, "{path}: as it was before");
        }
    }

    #[test]
    fn every_option_is_part_of_it() {
        let runs = Runs::default();
        run(&runs, &tree(), &options());
        let others = [
            Options::default(),
            Options {
                ignore_baseline: true,
                ..options()
            },
            Options {
                today: crate::Date::new(2026, 1, 1),
                ..options()
            },
            Options {
                rules: Selection::only(["ORC901"]),
                ..options()
            },
        ];
        for other in others {
            let expected = fresh(&tree(), &other);
            assert_eq!(run(&runs, &tree(), &other), (expected, true));
        }
    }

    /// A tree of which a file reads otherwise each time.
    struct Restless(Memory, Mutex<u32>);

    impl SourceTree for Restless {
        fn read(&self, path: &str) -> Option<crate::sources::Content> {
            let mut turn = self.1.lock().unwrap();
            *turn += 1;
            match path {
                "Cargo.toml" => Some(crate::sources::Content::Text(format!("{MANIFEST}# {turn}"))),
                _ => self.0.read(path),
            }
        }

        fn entries(&self, dir: &str) -> Vec<crate::sources::Entry> {
            self.0.entries(dir)
        }
    }

    /// What such a run found belongs to no state that there ever was.
    #[test]
    fn a_run_during_which_a_file_changed_is_not_kept() {
        let runs = Runs::default();
        let tree = Restless(tree(), Mutex::default());
        let work = |tree: &dyn SourceTree| -> Result<Report, LintError> {
            tree.read("Cargo.toml");
            tree.read("Cargo.toml");
            Ok(Report::default())
        };
        runs.report(&tree, &options(), work).unwrap();
        assert!(runs.known().runs.is_empty());
    }

    /// A tree that counts what is asked of it.
    struct Counting(Memory, Mutex<BTreeMap<String, u32>>);

    impl Counting {
        fn count(&self, path: &str) {
            *self.1.lock().unwrap().entry(path.to_owned()).or_default() += 1;
        }
    }

    impl SourceTree for Counting {
        fn read(&self, path: &str) -> Option<crate::sources::Content> {
            self.count(path);
            self.0.read(path)
        }

        fn entries(&self, dir: &str) -> Vec<crate::sources::Entry> {
            self.count(&format!("{dir}/"));
            self.0.entries(dir)
        }
    }

    #[test]
    fn what_was_compared_is_not_read_again_for_the_run_that_follows() {
        let asked = |runs: &Runs| {
            let tree = Counting(tree(), Mutex::default());
            assert!(run(runs, &tree, &options()).1);
            tree.1.into_inner().unwrap()
        };
        let others = Runs::default();
        for turn in 0..MOST {
            let mut other = tree();
            other.insert("src/b.rs", format!("fn b() {{ {turn} }}"));
            run(&others, &other, &options());
        }
        assert_eq!(asked(&others), asked(&Runs::default()));
    }

    #[test]
    fn damage_and_other_programs_cost_time_and_nothing_else() {
        let name = format!("orch-lint-runs-{}", std::process::id());
        let file: PathBuf = std::env::temp_dir().join(name);
        let runs = Runs::default();
        let (expected, _) = run(&runs, &tree(), &options());
        runs.save(&file, "1").unwrap();
        let again = run(&Runs::open(&file, "1"), &tree(), &options());
        assert_eq!(again, (expected.clone(), false));
        let other = run(&Runs::open(&file, "2"), &tree(), &options());
        assert_eq!(other, (expected.clone(), true));
        let whole = std::fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(decoded(&damaged, "1").is_none(), "byte {at}");
            assert!(decoded(&whole[..at], "1").is_none(), "cut at {at}");
        }
        std::fs::remove_file(&file).unwrap();
    }
}
