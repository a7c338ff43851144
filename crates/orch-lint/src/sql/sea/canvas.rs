//! A text in which words have their places: statements that are lined up with a file of Rust.

use crate::syntax::Pos;

/// A text that grows to its end.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    text: String,
    end: Pos,
}

impl Default for Canvas {
    fn default() -> Self {
        Canvas {
            text: String::new(),
            end: Pos { line: 1, column: 0 },
        }
    }
}

impl Canvas {
    /// Puts a word at a place, or behind what is there when that is further on.
    pub(super) fn at(&mut self, place: Pos, word: &str) {
        while self.end.line < place.line {
            self.push("\n");
        }
        self.push(" ");
        while self.end < place {
            self.push(" ");
        }
        self.push(word);
    }

    /// Puts a word behind what is there.
    pub(super) fn then(&mut self, word: &str) {
        self.push(" ");
        self.push(word);
    }

    /// Ends a statement.
    pub(super) fn end(&mut self) {
        self.push(";");
    }

    /// What was put down.
    pub(super) fn text(self) -> String {
        self.text
    }

    fn push(&mut self, word: &str) {
        self.text.push_str(word);
        for letter in word.chars() {
            if letter == '\n' {
                self.end.line += 1;
                self.end.column = 0;
            } else {
                self.end.column += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_where_they_belong_or_as_near_as_there_is_room() {
        let mut canvas = Canvas::default();
        canvas.then("create table");
        canvas.at(Pos { line: 2, column: 4 }, "payment");
        canvas.at(Pos { line: 2, column: 6 }, "late");
        canvas.at(Pos { line: 3, column: 0 }, "x");
        canvas.end();
        assert_eq!(canvas.text(), " create table\n    payment late\n x;");
    }
}
