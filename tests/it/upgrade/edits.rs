//! What people do to files between two versions.

use proptest::prelude::*;

use crate::command::{Place, files};

/// One edit: which file, which line, and what becomes of it.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    file: prop::sample::Index,
    line: prop::sample::Index,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A line is put in.
    Add,
    /// A line gets a comment at its end.
    Change,
    /// A line goes.
    Remove,
    /// The file goes.
    Delete,
}

pub(super) fn some() -> impl Strategy<Value = Vec<Edit>> {
    let kind = prop_oneof![
        6 => Just(Kind::Add),
        6 => Just(Kind::Change),
        3 => Just(Kind::Remove),
        1 => Just(Kind::Delete),
    ];
    let edit = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        kind,
    );
    prop::collection::vec(
        edit.prop_map(|(file, line, kind)| Edit { file, line, kind }),
        0..25,
    )
}

/// Makes them; says which words must not be lost.
pub(super) fn make(place: &Place, package: &str, edits: &[Edit]) -> Vec<String> {
    let mut tokens = Vec::new();
    for (number, edit) in edits.iter().enumerate() {
        let all: Vec<String> = files(&place.path(package))
            .into_iter()
            .filter(|path| path.ends_with(".rs") && !path.contains("/generated/"))
            .filter(|path| {
                !path.ends_with("lib.rs")
                    && !path.ends_with("payment/mod.rs")
                    && !path.ends_with("file_upload/mod.rs")
                    && !path.ends_with("refund/mod.rs")
            })
            .collect();
        let path = format!("{package}/{}", edit.file.get(&all));
        let text = place.read(&path);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if matches!(edit.kind, Kind::Delete) || lines.is_empty() {
            tokens.retain(|token: &String| !text.contains(token.as_str()));
            std::fs::remove_file(place.path(&path)).unwrap();
            continue;
        }
        let at = edit.line.index(lines.len());
        let token = format!("MINE-{number}-");
        match edit.kind {
            Kind::Add => lines.insert(at, format!("// {token}")),
            Kind::Change => lines[at] += &format!(" // {token}"),
            Kind::Remove | Kind::Delete => {
                let line = lines.remove(at);
                tokens.retain(|token| !line.contains(token.as_str()));
                place.write(&path, &(lines.join("\n") + "\n"));
                continue;
            }
        }
        tokens.push(token);
        place.write(&path, &(lines.join("\n") + "\n"));
    }
    tokens
}
