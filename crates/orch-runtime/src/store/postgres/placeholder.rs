//! `?1` as repositories and hooks write it, into `$1` as PostgreSQL reads it.

/// Rewrites placeholders outside of quotes and comments.
pub(super) fn numbered(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(found) = rest.find(['?', '\'', '"', '-']) {
        let (before, from) = rest.split_at(found);
        text.push_str(before);
        let (taken, left) = match from.as_bytes().first() {
            Some(b'?') => {
                let is_numbered = from[1..].starts_with(|c: char| c.is_ascii_digit());
                text.push(if is_numbered { '$' } else { '?' });
                ("", &from[1..])
            }
            Some(b'-') if from.starts_with("--") => split_after(from, from.find('\n')),
            Some(b'-') => from.split_at(1),
            Some(quote) => split_after(from, from[1..].find(char::from(*quote)).map(|at| at + 1)),
            None => (from, ""),
        };
        text.push_str(taken);
        rest = left;
    }
    text.push_str(rest);
    text
}

/// Splits behind the character at `at`, or at the end.
fn split_after(text: &str, at: Option<usize>) -> (&str, &str) {
    text.split_at(at.map_or(text.len(), |at| at + 1))
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn placeholders_are_numbered_the_other_way() {
        let sql = "select a - ?1 from t where b = ?12 and c ->> 'x' = ?2";
        let expected = "select a - $1 from t where b = $12 and c ->> 'x' = $2";
        assert_eq!(numbered(sql), expected);
    }

    #[test]
    fn texts_names_comments_and_operators_are_left_alone() {
        for sql in [
            "select '?1', \"?1\" from t",
            "select 1 -- ?1\nfrom t",
            "select '?1''?2', j ? 'key' from t",
            "select 'open ?1",
            "select -1",
        ] {
            assert_eq!(numbered(sql), sql);
        }
        assert_eq!(numbered("-- ?1\n?1"), "-- ?1\n$1");
    }
}
