//! A package as an older version of the templates would have left it, with a user's line in each file that
//! changed since.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

const LOCK: &str = "orch.lock";
const BASE: &str = ".orch/base";
/// The file of the user's own that changes in every domain.
const CHANGED: &str = "/rules.rs\"";

/// The version that is said to have written the package.
const VERSION: &str = "generator = \"0.2.0\"";
/// What that version wrote in place of today's first line.
const FIRST: &str = "//! What may be asked for, as an older template said it.\n";
/// What the user added since.
const LAST: &str = "\n/// Added by the user.\npub const OPEN_ON_SUNDAYS: bool = false;\n";

/// Makes `package`, which this version wrote, an older one; answers how many files are to be merged.
///
/// An upgrade then finds three texts of each: the older template's in `.orch/base`, that and the user's
/// line in the file, and today's template.
pub(super) fn age(package: &Path) -> Result<usize> {
    let lock = package.join(LOCK);
    let text = fs::read_to_string(&lock)?;
    let mut aged = String::with_capacity(text.len());
    let mut count = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("generator = ") {
            aged += VERSION;
            aged.push('\n');
        } else if let Some((path, hash)) = entry(line) {
            aged += &line.replace(hash, &change(package, path, hash)?);
            count += 1;
        } else {
            aged += line;
        }
    }
    ensure!(aged.contains(VERSION), "{LOCK} names no version");
    fs::write(lock, aged)?;
    Ok(count)
}

/// Whether an upgrade merged all that [`age`] changed: `count` files have today's line and the user's.
pub(super) fn is_merged(package: &Path, count: usize) -> Result<()> {
    let lock = fs::read_to_string(package.join(LOCK))?;
    ensure!(!lock.contains(VERSION), "{LOCK} is of the older version");
    let paths = lock.lines().filter_map(|line| Some(entry(line)?.0));
    let mut merged = 0;
    for path in paths {
        let text = fs::read_to_string(package.join(path))?;
        let is_new = !text.contains(FIRST) && text.starts_with("//!");
        ensure!(is_new && text.ends_with(LAST), "{path} was not merged");
        merged += 1;
    }
    ensure!(merged == count, "{merged} files were merged, not {count}");
    Ok(())
}

/// Path and hash in a line of the lock that is about a file to change.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (path, rest) = line.split_once(" = {")?;
    let (_, hash) = rest.split_once("hash = \"")?;
    let path = path.ends_with(CHANGED).then(|| path.trim_matches('"'))?;
    Some((path, hash.split('"').next()?))
}

/// Changes one file and the text behind its hash; answers the hash of what the older template made.
fn change(package: &Path, path: &str, hash: &str) -> Result<String> {
    let (file, base) = (package.join(path), package.join(BASE));
    let today = fs::read_to_string(&file)?;
    let (_, rest) = today.split_once('\n').context("it has no lines")?;
    let older = format!("{FIRST}{rest}");
    let digest = Sha256::digest(older.as_bytes());
    let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(&file, format!("{older}{LAST}"))?;
    fs::rename(base.join(hash), base.join(&name)).with_context(|| format!("the base of {path}"))?;
    fs::write(base.join(&name), older)?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "src/pay/rules.rs";

    fn package() -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("orch-older-{}", std::process::id()));
        fs::create_dir_all(folder.join("src/pay")).unwrap();
        fs::create_dir_all(folder.join(BASE)).unwrap();
        fs::write(folder.join(RULES), "//! Today.\nfn check() {}\n").unwrap();
        fs::write(folder.join(BASE).join("0a"), "//! Today.\nfn check() {}\n").unwrap();
        let lock = format!(
            "generator = \"9.9.9\"\n\n[yours]\n\"Cargo.toml\" = {{ owner = \"x\", hash = \"0b\" }}\n\
             \"{RULES}\" = {{ owner = \"x\", hash = \"0a\" }}\n"
        );
        fs::write(folder.join(LOCK), lock).unwrap();
        folder
    }

    /// A merge that was none would be measured as a quick one.
    #[test]
    fn an_older_package_has_three_texts_to_merge_and_is_seen_not_to_be_merged() {
        let folder = package();
        assert_eq!(age(&folder).unwrap(), 1);
        let lock = fs::read_to_string(folder.join(LOCK)).unwrap();
        let (_, hash) = lock.lines().find_map(entry).unwrap();
        let base = fs::read_to_string(folder.join(BASE).join(hash)).unwrap();
        assert_eq!(base, format!("{FIRST}fn check() {{}}\n"));
        let yours = fs::read_to_string(folder.join(RULES)).unwrap();
        assert_eq!(yours, format!("{base}{LAST}"));
        assert!(lock.contains("hash = \"0b\"") && lock.contains(VERSION));
        assert!(is_merged(&folder, 1).is_err());

        fs::write(
            folder.join(LOCK),
            lock.replace(VERSION, "generator = \"9.9.9\""),
        )
        .unwrap();
        assert!(is_merged(&folder, 1).is_err());
        fs::write(
            folder.join(RULES),
            format!("//! Today.\nfn check() {{}}\n{LAST}"),
        )
        .unwrap();
        is_merged(&folder, 1).unwrap();
        assert!(is_merged(&folder, 2).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
