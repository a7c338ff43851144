//! Rows of options in which every pair of two options' values stands at least once.
//!
//! Which pairs there cannot be is not written down here: who makes rows is asked, and a pair that is
//! refused among otherwise plain values is no legal one.

use std::collections::BTreeSet;

/// The value of each option, by its position.
pub(super) type Row = Vec<usize>;

/// A value of one option, and a value of another.
pub(super) type Pair = ((usize, usize), (usize, usize));

/// Rows that hold every legal pair.
#[derive(Debug)]
pub(super) struct Covering {
    pub(super) rows: Vec<Row>,
    /// How many pairs are legal.
    pub(super) legal: usize,
    /// The others.
    pub(super) refused: BTreeSet<Pair>,
}

/// Makes rows for options with so many values each; the first value of each is a plain one.
pub(super) fn cover<E>(
    counts: &[usize],
    mut is_legal: impl FnMut(&Row) -> Result<bool, E>,
) -> Result<Covering, E> {
    let mut open = BTreeSet::new();
    let mut refused = BTreeSet::new();
    for pair in pairs(counts) {
        let row = plain_with(counts, pair);
        if is_legal(&row)? {
            open.insert(pair);
        } else {
            refused.insert(pair);
        }
    }
    let legal = open.len();
    let mut rows = Vec::new();
    while let Some(pair) = open.first().copied() {
        let row = widest(counts, pair, &open, &refused);
        // A row that only more than two of its values forbid makes room for the plain one.
        let row = if is_legal(&row)? {
            row
        } else {
            plain_with(counts, pair)
        };
        open.retain(|pair| !holds(&row, *pair));
        rows.push(row);
    }
    Ok(Covering {
        rows,
        legal,
        refused,
    })
}

fn pairs(counts: &[usize]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (one, first) in counts.iter().enumerate() {
        for (other, second) in counts.iter().enumerate().skip(one + 1) {
            for value in 0..*first {
                pairs.extend((0..*second).map(|with| ((one, value), (other, with))));
            }
        }
    }
    pairs
}

fn plain_with(counts: &[usize], (one, other): Pair) -> Row {
    let mut row = vec![0; counts.len()];
    row[one.0] = one.1;
    row[other.0] = other.1;
    row
}

fn holds(row: &Row, (one, other): Pair) -> bool {
    row[one.0] == one.1 && row[other.0] == other.1
}

/// The row with `pair` whose other values, chosen one after the other, stand in the most open pairs.
fn widest(counts: &[usize], pair: Pair, open: &BTreeSet<Pair>, refused: &BTreeSet<Pair>) -> Row {
    let mut chosen: Vec<Option<usize>> = vec![None; counts.len()];
    chosen[pair.0.0] = Some(pair.0.1);
    chosen[pair.1.0] = Some(pair.1.1);
    for option in 0..counts.len() {
        if chosen[option].is_some() {
            continue;
        }
        let with = |value: usize, among: &BTreeSet<Pair>| {
            let others = chosen.iter().enumerate();
            let others = others.filter_map(|(other, with)| Some((other, (*with)?)));
            others
                .filter(|other| among.contains(&ordered((option, value), *other)))
                .count()
        };
        let legal = (0..counts[option]).filter(|value| with(*value, refused) == 0);
        // What no value chosen so far is paired with may still have open pairs further on.
        let still = |value: usize| {
            let all = open.iter();
            all.filter(|(one, other)| [one, other].contains(&&(option, value)))
                .count()
        };
        let best =
            legal.max_by_key(|value| (with(*value, open), still(*value), usize::MAX - value));
        chosen[option] = best.or(Some(0));
    }
    chosen.into_iter().map(Option::unwrap_or_default).collect()
}

fn ordered(one: (usize, usize), other: (usize, usize)) -> Pair {
    if one.0 < other.0 {
        (one, other)
    } else {
        (other, one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair, but for those that are refused, is in some row; and there are few rows.
    #[test]
    fn every_legal_pair_is_covered() {
        let counts = [2, 6, 2, 3, 5];
        let is_legal = |row: &Row| !(row[1] > 2 && row[2] == 1);
        let covering = cover(&counts, |row| Ok::<_, ()>(is_legal(row))).unwrap();
        assert_eq!(covering.refused.len(), 3);
        for pair in pairs(&counts) {
            let is_covered = covering.rows.iter().any(|row| holds(row, pair));
            assert_eq!(is_covered, is_legal(&plain_with(&counts, pair)), "{pair:?}");
        }
        assert!(covering.rows.iter().all(is_legal));
        assert!(covering.rows.len() < 45, "{}", covering.rows.len());
    }
}
