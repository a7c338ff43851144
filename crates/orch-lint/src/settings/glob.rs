//! Patterns of paths: `src/legacy/**`.
//!
//! `*` is any part of one name, `?` one character of it, `**` any number of whole folders. A pattern is for
//! the whole path of a file. Everything else stands for itself, and what other tools give a meaning to
//! is refused, so that a pattern never means less than its author thinks.

/// Longer patterns are refused, in characters.
const MAX_LENGTH: usize = 200;

/// A pattern that can be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// `**`.
    Folders,
    /// One name, with `*` and `?`.
    Name(Vec<char>),
}

impl Glob {
    /// Reads a pattern; `Err` says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > MAX_LENGTH {
            return Err(format!("it has more than {MAX_LENGTH} characters"));
        }
        if let Some(sign) = text.chars().find(|c| "[]{}!\\".contains(*c)) {
            return Err(format!("`{sign}` has no meaning in it"));
        }
        let segments = text.split('/').map(|segment| match segment {
            "" => Err("it is empty, or has a `/` too many".to_owned()),
            "." | ".." => Err(format!("`{segment}` is no name of a file or folder")),
            "**" => Ok(Segment::Folders),
            name if name.contains("**") => Err("`**` stands alone between two `/`".to_owned()),
            name => Ok(Segment::Name(name.chars().collect())),
        });
        Ok(Glob {
            segments: segments.collect::<Result<_, _>>()?,
        })
    }

    /// Whether it is for a path with `/` between names.
    pub(super) fn matches(&self, path: &str) -> bool {
        let names: Vec<Vec<char>> = path.split('/').map(|name| name.chars().collect()).collect();
        let is_folders = |segment: &Segment| matches!(segment, Segment::Folders);
        let is_name = |segment: &Segment, name: &Vec<char>| match segment {
            Segment::Folders => false,
            Segment::Name(pattern) => is_named(pattern, name),
        };
        fits(&self.segments, &names, is_folders, is_name)
    }
}

/// Whether `*` and `?` of a pattern make it the name of one file or folder.
pub(crate) fn fits_name(pattern: &str, name: &str) -> bool {
    let [pattern, name]: [Vec<char>; 2] = [pattern, name].map(|text| text.chars().collect());
    is_named(&pattern, &name)
}

fn is_named(pattern: &[char], name: &[char]) -> bool {
    fits(pattern, name, |c| *c == '*', |of, c| *of == '?' || of == c)
}

/// Whether a row of things is what a pattern says, in which some elements stand for any number of
/// things. Only the last of these is ever tried again, so no pattern takes longer than the two
/// lengths multiplied.
fn fits<P, T>(
    pattern: &[P],
    things: &[T],
    is_any: impl Fn(&P) -> bool,
    is_one: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut at, mut thing) = (0, 0);
    let mut again: Option<(usize, usize)> = None;
    while thing < things.len() {
        match pattern.get(at) {
            Some(element) if is_any(element) => {
                again = Some((at + 1, thing));
                at += 1;
            }
            Some(element) if is_one(element, &things[thing]) => {
                at += 1;
                thing += 1;
            }
            _ => {
                let Some((behind, taken)) = again else {
                    return false;
                };
                again = Some((behind, taken + 1));
                (at, thing) = (behind, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(is_any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Glob::parse(pattern).unwrap().matches(path)
    }

    #[test]
    fn a_pattern_is_for_whole_paths() {
        for (pattern, path, is_match) in [
            ("src/legacy/**", "src/legacy/a.rs", true),
            ("src/legacy/**", "src/legacy/b/c/a.rs", true),
            ("src/legacy/**", "src/legacyx/a.rs", false),
            ("src/legacy", "src/legacy/a.rs", false),
            ("**/generated/*.rs", "src/pay/generated/a.rs", true),
            ("**/generated/*.rs", "generated/a.rs", true),
            ("**/generated/*.rs", "src/generated/x/a.rs", false),
            ("src/**/mod.rs", "src/mod.rs", true),
            ("src/**/mod.rs", "src/a/b/mod.rs", true),
            ("src/**/a/**/b.rs", "src/a/a/x/b.rs", true),
            ("src/*_test.rs", "src/pay_test.rs", true),
            ("src/*_test.rs", "src/x/pay_test.rs", false),
            ("src/?.rs", "src/ü.rs", true),
            ("src/?.rs", "src/ab.rs", false),
            ("**", "a/b.rs", true),
            ("*.rs", "a.rs.rs", true),
        ] {
            assert_eq!(matches(pattern, path), is_match, "{pattern} {path}");
        }
    }

    #[test]
    fn what_would_mean_nothing_is_refused() {
        for (pattern, why) in [
            ("", "it is empty, or has a `/` too many"),
            ("/src/**", "it is empty, or has a `/` too many"),
            ("src/", "it is empty, or has a `/` too many"),
            ("src//a.rs", "it is empty, or has a `/` too many"),
            ("./src/**", "`.` is no name of a file or folder"),
            ("../x/**", "`..` is no name of a file or folder"),
            ("src/a**", "`**` stands alone between two `/`"),
            ("src/{a,b}.rs", "`{` has no meaning in it"),
            ("!src/**", "`!` has no meaning in it"),
            ("src\\legacy", "`\\` has no meaning in it"),
        ] {
            assert_eq!(Glob::parse(pattern).unwrap_err(), why, "{pattern}");
        }
        assert!(Glob::parse(&"a".repeat(201)).is_err());
    }

    /// A pattern that is tried in every way would never end on such a name.
    #[test]
    fn no_pattern_takes_long() {
        let (pattern, name) = ("*a".repeat(99), "a".repeat(20_000));
        assert!(!matches(&pattern, &format!("{name}b")));
        let (pattern, path) = ("**/a/".repeat(39) + "b", "a/".repeat(5_000) + "c");
        assert!(!matches(&pattern, &path));
    }
}
