//! The known name that somebody probably meant.

/// The name in `known` with the fewest differing letters, unless too many differ to guess.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = (name.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|known| (distance(name, known), known))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Letters to insert, delete or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_a_slip_and_nothing_wilder() {
        let known = ["ORCH_RATE_LIMIT_PER_KEY", "ORCH_RATE_LIMIT_PER_CLIENT"];
        assert_eq!(nearest("ORCH_RATE_LIMT_PER_KEY", known), Some(known[0]));
        assert_eq!(nearest("ORCH_RATELIMIT_PER_CLIENT", known), Some(known[1]));
        assert_eq!(nearest("ORCH_COLOUR", known), None);
    }

    #[test]
    fn counts_edits() {
        assert_eq!(
            (
                distance("", "abc"),
                distance("abc", ""),
                distance("kitten", "sitting")
            ),
            (3, 3, 3)
        );
    }
}
