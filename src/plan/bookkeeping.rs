//! What is kept beside the files: the lock and the merge bases.

use super::Step;
use crate::components::Owned;
use crate::disk::Tree;
use crate::error::Result;
use crate::lock::{self, Hash, Lock};
use crate::templates;
use std::collections::{BTreeMap, BTreeSet};

/// Merge bases that are missing, those nobody needs any more, and the lock, which comes last. Without a
/// spec nothing is left to remember.
pub(super) fn steps(
    tree: Tree<'_>,
    lock: &Lock,
    old_text: Option<&str>,
    files: &[Owned],
    spec_text: Option<&str>,
) -> Result<Vec<Step>> {
    let there = tree.list(lock::BASE)?;
    let mut steps = missing_bases(lock, &there, files);
    if let (Some(hash), Some(text)) = (&lock.spec, spec_text)
        && !there.iter().any(|name| name == hash.as_str())
    {
        let path = format!("{}/{hash}", lock::BASE);
        steps.push(Step::create(path, text.to_owned()));
    }
    let origins = lock.templates.iter().filter_map(|(path, hash)| {
        let built_in = templates::find(path).filter(|one| one.hash() == *hash);
        Some((hash, built_in?.text))
    });
    for (hash, text) in origins.collect::<BTreeMap<_, _>>() {
        if !there.iter().any(|name| name == hash.as_str()) {
            let path = format!("{}/{hash}", lock::BASE);
            steps.push(Step::create(path, text.to_owned()));
        }
    }
    let needed: BTreeSet<&Hash> = lock.kept().collect();
    for name in there {
        if Hash::parse(&name).is_some_and(|hash| !needed.contains(&hash)) {
            let path = format!("{}/{name}", lock::BASE);
            if let Some(bytes) = tree.read(&path)? {
                steps.push(Step::delete(path, &bytes));
            }
        }
    }
    if spec_text.is_none() {
        steps.extend(old_text.map(|text| Step::delete(lock::FILE.to_owned(), text.as_bytes())));
        return Ok(steps);
    }
    let text = lock.to_text();
    if old_text != Some(text.as_str()) {
        steps.push(Step::write(
            lock::FILE.to_owned(),
            old_text.map(str::as_bytes),
            text,
        ));
    }
    Ok(steps)
}

fn missing_bases(lock: &Lock, there: &[String], files: &[Owned]) -> Vec<Step> {
    let mut made = BTreeSet::new();
    let mut steps = Vec::new();
    for Owned { file, .. } in files {
        let Some(entry) = lock.files.get(file.path()) else {
            continue;
        };
        let stored = there.iter().any(|name| name == entry.hash.as_str());
        // Of a file that was skipped the lock says what was written before.
        let is_its_text = || entry.hash == file.hash();
        if Lock::keeps(file.path(), entry) && !stored && is_its_text() && made.insert(&entry.hash) {
            let path = format!("{}/{}", lock::BASE, entry.hash);
            steps.push(Step::create(path, file.contents().to_owned()));
        }
    }
    steps
}
