//! Sources as they will be: some files are others, or gone.

use std::collections::{BTreeMap, BTreeSet};

use super::{Content, Entry, SourceTree};

/// A tree in which some files are replaced, added or taken away, such as by a plan that is not carried
/// out yet.
#[derive(Debug, Clone)]
pub struct Overlay<T> {
    under: T,
    files: BTreeMap<String, Option<String>>,
}

impl<T: SourceTree> Overlay<T> {
    /// `under`, with the text of each file in `files` in the place of what is there; those without a text
    /// are gone.
    #[must_use]
    pub const fn new(under: T, files: BTreeMap<String, Option<String>>) -> Self {
        Overlay { under, files }
    }
}

impl<T: SourceTree> SourceTree for Overlay<T> {
    fn read(&self, path: &str) -> Option<Content> {
        match self.files.get(path) {
            Some(text) => text.clone().map(Content::Text),
            None => self.under.read(path),
        }
    }

    fn entries(&self, dir: &str) -> Vec<Entry> {
        let prefix = match dir {
            "" => String::new(),
            dir => format!("{dir}/"),
        };
        let below = self.files.iter();
        let below = below.filter_map(|(path, text)| Some((path.strip_prefix(&prefix)?, text)));
        let (mut gone, mut added) = (BTreeSet::new(), BTreeMap::new());
        for (path, text) in below {
            match (path.split_once('/'), text) {
                (Some((dir, _)), Some(_)) => _ = added.insert(dir, true),
                (None, Some(_)) => _ = added.insert(path, false),
                (None, None) => _ = gone.insert(path),
                (Some(_), None) => {}
            }
        }
        let mut entries = self.under.entries(dir);
        entries.retain(|entry| {
            let name = entry.name.as_str();
            !gone.contains(name) && !added.contains_key(name)
        });
        entries.extend(added.into_iter().map(|(name, is_dir)| Entry {
            name: name.to_owned(),
            is_dir,
        }));
        entries
    }

    fn above(&self) -> Vec<String> {
        self.under.above()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Memory, walk};
    use super::*;

    #[test]
    fn what_is_laid_over_counts() {
        let under = Memory::from([("src/a.rs", "old"), ("src/b.rs", "b"), ("src/c/d.rs", "d")]);
        let text = |text: &str| Some(text.to_owned());
        let over = BTreeMap::from([
            ("src/a.rs".to_owned(), text("new")),
            ("src/b.rs".to_owned(), None),
            ("src/c/e.rs".to_owned(), text("e")),
            ("src/f/g.rs".to_owned(), text("g")),
        ]);
        let tree = Overlay::new(under, over);
        let files = ["src/a.rs", "src/c/d.rs", "src/c/e.rs", "src/f/g.rs"];
        assert_eq!(walk(&tree, "src", "rs"), files);
        assert_eq!(tree.read("src/a.rs"), Some(Content::Text("new".into())));
        assert_eq!(tree.read("src/b.rs"), None);
        assert_eq!(tree.read("src/c/d.rs"), Some(Content::Text("d".into())));
    }
}
