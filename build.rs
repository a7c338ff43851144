//! Embeds the sources of the runtime and of the linter, for packages that vendor them, and the texts
//! of the templates, for packages that have some of their own.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::{env, error::Error, fmt::Write as _, fs};

const CRATES: &[&str] = &["orch-runtime", "orch-lint"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut table = String::from("&[\n");
    for name in CRATES {
        let folder = root.join("crates").join(name);
        let mut files = vec![folder.join("Cargo.toml")];
        walk(&folder.join("src"), &mut files)?;
        files.sort();
        println!(
            "cargo::rerun-if-changed={}",
            folder.join("Cargo.toml").display()
        );
        println!("cargo::rerun-if-changed={}", folder.join("src").display());
        for file in files {
            let path = slashed(file.strip_prefix(&folder)?);
            writeln!(
                table,
                "    Embedded {{ package: {name:?}, path: {path:?}, hash: {:?}, text: include_str!({file:?}) }},",
                hash(&fs::read(&file)?)
            )?;
        }
    }
    table.push_str("]\n");
    // What is found follows from these and from what parses for them. A published package may have no lock.
    let mut linter = table.clone().into_bytes();
    let lock = root.join("Cargo.lock");
    if lock.is_file() {
        println!("cargo::rerun-if-changed={}", lock.display());
        linter.extend(fs::read(&lock)?);
    }
    println!("cargo::rustc-env=ORCH_GEN_SOURCES={}", hash(&linter));
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("vendored.rs"), table)?;
    fs::write(out.join("templates.rs"), templates(&root)?)?;
    Ok(())
}

fn templates(root: &Path) -> Result<String, Box<dyn Error>> {
    let folder = root.join("templates");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    walk(&folder, &mut files)?;
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let path = slashed(file.strip_prefix(&folder)?);
        writeln!(
            table,
            "    BuiltIn {{ path: {path:?}, text: include_str!({file:?}) }},"
        )?;
    }
    table.push_str("]\n");
    Ok(table)
}

/// The hash of an embedded text: taken here, it is not taken again by each run.
fn hash(bytes: &[u8]) -> String {
    let hex = |text: String, byte: &u8| text + &format!("{byte:02x}");
    Sha256::digest(bytes).iter().fold(String::new(), hex)
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
