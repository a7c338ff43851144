//! Applying: old or new, whatever fails.

mod faults;
mod faulty;
mod kill;
mod outside;
mod session;

use crate::lock::Hash;
use crate::plan::Step;
use faulty::{Fault, Faulty};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Every file and every folder below a root; folders end with `/`.
type Snapshot = BTreeMap<String, Vec<u8>>;

fn snapshot(root: &Path) -> Snapshot {
    let mut found = Snapshot::new();
    walk(root, root, &mut found);
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Snapshot) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path
            .strip_prefix(root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            found.insert(format!("{name}/"), Vec::new());
            walk(root, &path, found);
        } else {
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

fn without_staging(snapshot: &Snapshot) -> Snapshot {
    let ours = |path: &String| path.starts_with(".orch/staging") || path == ".orch/";
    snapshot
        .iter()
        .filter(|(path, _)| !ours(path))
        .map(|(a, b)| (a.clone(), b.clone()))
        .collect()
}

/// A place for one package that is thrown away with the test.
struct Place {
    parent: TempDir,
    root: PathBuf,
}

impl Place {
    fn empty() -> Self {
        // In memory where there is such a place: these tests make thousands of trees.
        let parent = tempfile::tempdir_in("/dev/shm")
            .or_else(|_| tempfile::tempdir())
            .unwrap();
        let root = parent.path().join("pay");
        Self { parent, root }
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let place = Self::empty();
        std::fs::create_dir(&place.root).unwrap();
        for (path, text) in files {
            let path = place.root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        place
    }

    fn beside(&self) -> Vec<String> {
        snapshot(self.parent.path())
            .into_keys()
            .filter(|path| !path.starts_with("pay/"))
            .collect()
    }
}

fn write(path: &str, before: Option<&str>, after: &'static str) -> Step {
    let expected = before.map(|text| Hash::of(text.as_bytes()));
    Step {
        path: path.to_owned(),
        precious: expected.is_some(),
        expected,
        contents: Some(after.as_bytes().into()),
    }
}

fn delete(path: &str, before: &str) -> Step {
    let expected = Some(Hash::of(before.as_bytes()));
    Step {
        path: path.to_owned(),
        expected,
        contents: None,
        precious: false,
    }
}

fn apply(disk: &dyn crate::disk::Write, root: &Path, steps: &[Step]) -> crate::error::Result<()> {
    super::Session::open(disk, root)?.carry_out(steps)
}

fn recover_on(disk: &dyn crate::disk::Write, root: &Path) -> crate::error::Result<super::Recovery> {
    super::Session::open(disk, root).map(|session| session.recovery())
}

fn recover(root: &Path) -> super::Recovery {
    recover_on(&Faulty::new(Fault::None), root).unwrap()
}

/// The real disk, for tests elsewhere.
pub(crate) fn patient() -> impl crate::disk::Write {
    Faulty::new(Fault::None)
}
