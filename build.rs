//! Embeds the sources of the runtime and of the linter, for packages that vendor them.

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
            let path = file
                .strip_prefix(&folder)?
                .to_string_lossy()
                .replace('\\', "/");
            writeln!(
                table,
                "    Embedded {{ package: {name:?}, path: {path:?}, text: include_str!({file:?}) }},"
            )?;
        }
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("vendored.rs"), table)?;
    Ok(())
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
