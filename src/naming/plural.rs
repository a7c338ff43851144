//! Plurals for routes and lists.
//!
//! English is met half-way: the regular rules, the irregular words that occur in business domains,
//! and words that look plural already stay as they are. A wrong plural costs a route that reads
//! badly; it never costs a clash, because singular and plural are never both identifiers.

const IRREGULAR: &[(&str, &str)] = &[
    ("person", "people"),
    ("child", "children"),
    ("man", "men"),
    ("woman", "women"),
    ("foot", "feet"),
    ("quiz", "quizzes"),
    ("leaf", "leaves"),
    ("half", "halves"),
    ("shelf", "shelves"),
    ("criterion", "criteria"),
    ("index", "indexes"),
];

const UNCHANGED: &[&str] = &[
    "data",
    "media",
    "money",
    "news",
    "series",
    "species",
    "equipment",
    "information",
    "software",
    "people",
    "children",
    "feedback",
];

/// The words with the last one in the plural.
pub(super) fn of_words(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    if let Some(last) = words.last_mut() {
        *last = of(last);
    }
    words
}

fn of(word: &str) -> String {
    if let Some((_, plural)) = IRREGULAR.iter().find(|(singular, _)| *singular == word) {
        return (*plural).to_owned();
    }
    if UNCHANGED.contains(&word) || is_plural(word) {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    if let Some(stem) = word.strip_suffix("sis") {
        return format!("{stem}ses");
    }
    // A single letter too: `as` would be a keyword.
    let hissing = ["s", "x", "z", "ch", "sh"]
        .iter()
        .any(|end| word.ends_with(end));
    if word.len() == 1 || hissing {
        return format!("{word}es");
    }
    format!("{word}s")
}

/// Whether the word ends like a plural; `status`, `address`, `alias` and `analysis` do not.
fn is_plural(word: &str) -> bool {
    word.ends_with('s')
        && word.len() > 3
        && !["ss", "us", "as", "is"]
            .iter()
            .any(|end| word.ends_with(end))
}
