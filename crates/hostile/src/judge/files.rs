//! The files that a spec makes, and what has to hold for each.

use orch_gen::components::{self, Component, GeneratedFile, Shapes};
use orch_gen::model::{PackageModel, Place, Style};
use orch_gen::spec::{PackageKind, Spec};
use orch_gen::templates::Templates;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What a spec makes, but for the runtime's sources.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) style: Style,
    pub(crate) files: Vec<GeneratedFile>,
}

/// The longest path below a package's root: Windows allows 260 characters for all of it.
const LONGEST: usize = 150;

/// What was parsed already, as a plan keeps it.
static SHAPES: LazyLock<Shapes> = LazyLock::new(Shapes::default);

/// Of so many cases, one is parsed without that shortcut.
const PARSED_ANEW: u64 = 50;

/// Renders a package and looks at each of its files.
pub(super) fn render(spec: &Spec, case: u64) -> Result<Rendered, String> {
    let is_guest = spec.package != PackageKind::Service;
    let package = ["pay", "payment-service", "a-service-with-a-long-name"][index(case, 3)];
    let place = Place {
        style: if is_guest && case.is_multiple_of(2) {
            Style::Edition2021
        } else {
            Style::Edition2024
        },
        owns_library: !is_guest,
        standalone: case.is_multiple_of(3),
        ..Place::alone(package)
    };
    let model = PackageModel::new(spec, &place);
    let (_, owned) = components::render(&own(), &model, &Templates::default())
        .map_err(|error| error.to_string())?;
    let files: Vec<GeneratedFile> = owned.into_iter().map(|owned| owned.file).collect();
    no_two_clash(&files)?;
    for file in &files {
        is_safe(file.path())?;
        file.check(&SHAPES).map_err(|error| error.to_string())?;
        if case.is_multiple_of(PARSED_ANEW) {
            parses(file)?;
        }
    }
    Ok(Rendered {
        style: place.style,
        files,
    })
}

/// Every component but the runtime's sources, which are the same for every spec.
fn own() -> Vec<Component> {
    components::ALL
        .iter()
        .filter(|one| one.id != "vendor")
        .copied()
        .collect()
}

fn index(case: u64, count: u64) -> usize {
    usize::try_from(case % count).unwrap_or_default()
}

/// On a disk that ignores case, no file is another one, and none is where a folder has to be.
fn no_two_clash(files: &[GeneratedFile]) -> Result<(), String> {
    let mut taken = BTreeSet::new();
    for file in files {
        if !taken.insert(file.path().to_lowercase()) {
            return Err(format!("two files are `{}`", file.path()));
        }
    }
    for path in &taken {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        if let Some(folder) = above.into_iter().find(|folder| taken.contains(*folder)) {
            return Err(format!("`{folder}` is a file and a folder"));
        }
    }
    Ok(())
}

/// Whether Windows has such a file.
fn is_safe(path: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("the path `{}` {why}", path.escape_debug()));
    if path.len() >= LONGEST {
        return wrong("is too long");
    }
    for part in path.split('/') {
        let stem = part
            .split('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let is_numbered = |device: &str| {
            let number = stem.strip_prefix(device);
            number.is_some_and(|n| n.len() == 1 && n.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let is_device = matches!(
            stem.as_str(),
            "con" | "prn" | "aux" | "nul" | "conin$" | "conout$"
        );
        if is_device || is_numbered("com") || is_numbered("lpt") {
            return wrong("is a device");
        }
        let is_odd = |c: char| "<>:\"|?*\\".contains(c) || c.is_control();
        if part.is_empty() || part == ".." || part.contains(is_odd) {
            return wrong("has a part that cannot be there");
        }
        if part.ends_with(['.', ' ']) {
            return wrong("has a part that ends with a dot or a blank");
        }
    }
    Ok(())
}

fn parses(file: &GeneratedFile) -> Result<(), String> {
    let path = file.path();
    let wrong = match path.rsplit('.').next() {
        Some("rs") => syn::parse_file(file.contents()).err(),
        _ => None,
    };
    match wrong {
        Some(why) => Err(format!(
            "`{path}` has a known shape and does not parse: {why}"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_safe;

    /// A check that cannot fail proves nothing.
    #[test]
    fn paths_that_windows_does_not_have_are_found() {
        for path in [
            "src/con.rs",
            "src/COM1/mod.rs",
            "a:b",
            "src/x ",
            "src/x./mod.rs",
            "a//b",
            "a\\b",
            "../x",
            &"a".repeat(150),
        ] {
            assert!(is_safe(path).is_err(), "{path}");
        }
        for path in [
            "src/lib.rs",
            "src/control/mod.rs",
            ".gitignore",
            "com10/x",
            "Cargo.toml",
        ] {
            assert_eq!(is_safe(path), Ok(()), "{path}");
        }
    }
}
