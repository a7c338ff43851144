//! The sources of the runtime and of the linter, for packages that vendor them.

use super::file::defect;
use super::{Class, Component, Context, GeneratedFile, Made, Render, Rendered};
use crate::spec::{PackageKind, RuntimeSource};
use toml_edit::DocumentMut;

/// The component.
pub(super) const COMPONENT: Component = Component {
    id: "vendor",
    needs: &[],
    templates: &[],
    render: Render::Package(render),
};

/// One file of a crate that is part of this program.
pub(super) struct Embedded {
    pub(super) package: &'static str,
    pub(super) path: &'static str,
    /// The hash of the text.
    pub(super) hash: &'static str,
    pub(super) text: &'static str,
}

pub(super) static EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/vendored.rs"));

/// Tables of a crate's manifest that mean something in its own workspace only.
const OWN_TABLES: &[&str] = &["lints", "dev-dependencies", "test", "bench", "example"];

fn render(context: &Context<'_>) -> Rendered {
    let package = context.package;
    let is_unused = package.kind != PackageKind::Service && package.domains.is_empty();
    if package.runtime != RuntimeSource::Vendored || is_unused {
        return Ok(Vec::new());
    }
    let folder = &package.vendor;
    EMBEDDED.iter().map(|one| one.file(folder)).collect()
}

impl Embedded {
    fn file(&self, folder: &str) -> Made {
        let path = format!("{folder}/{}/{}", self.package, self.path);
        if self.path != "Cargo.toml" {
            let file = GeneratedFile::ready(path, Class::Generated, self.text);
            return Ok(file.with_hash(self.hash));
        }
        let mut manifest: DocumentMut = self
            .text
            .parse()
            .map_err(|error: toml_edit::TomlError| defect(&path, error.message()))?;
        for table in OWN_TABLES {
            manifest.remove(table);
        }
        Ok(GeneratedFile::ready(
            path,
            Class::Generated,
            manifest.to_string(),
        ))
    }
}
