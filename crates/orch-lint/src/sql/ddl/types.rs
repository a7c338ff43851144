//! Enum types and domains.

use super::Read;
use crate::sql::reader::{Reader, split_commas, text_of};
use crate::sql::schema::Schema;

impl Reader<'_, '_> {
    /// Behind `CREATE TYPE`.
    pub(super) fn create_type(&mut self, schema: &mut Schema) -> Read {
        let name = self.name()?;
        if !self.eat_all(&["as", "enum"]) || !self.eat_punct('(') {
            return Some(());
        }
        let body = self.until_close();
        let values = split_commas(&body).into_iter().filter_map(|part| {
            let first = part.first()?;
            text_of(first)
        });
        schema.create_enum(name.text, values.collect());
        Some(())
    }

    /// Behind `CREATE DOMAIN`: whether NULL is in it.
    pub(super) fn create_domain(&mut self, schema: &mut Schema) -> Read {
        let name = self.name()?;
        self.eat("as");
        let base = self.column_type();
        let rest = &self.tokens[self.at..];
        let says_so = rest
            .windows(2)
            .any(|pair| pair[0].is("not") && pair[1].is("null"));
        if says_so || schema.keeps_null_out(&base) {
            schema.keep_null_out(name.text);
        }
        Some(())
    }

    /// Behind `ALTER DOMAIN`.
    pub(super) fn alter_domain(&mut self, schema: &mut Schema) -> Read {
        let name = self.name()?;
        self.eat_all(&["set", "not", "null"]).then_some(())?;
        schema.keep_null_out(name.text);
        Some(())
    }

    /// Behind `ALTER TYPE`.
    pub(super) fn alter_type(&mut self, schema: &mut Schema) -> Read {
        let name = self.name()?;
        if self.eat_all(&["rename", "to"]) {
            schema.rename_enum(name.text, self.name()?.text);
        } else if self.eat_all(&["rename", "value"]) {
            let from = text_of(&self.next()?)?;
            self.eat("to");
            let to = text_of(&self.next()?)?;
            let values = schema.enum_mut(name.text)?;
            *values.iter_mut().find(|value| **value == from)? = to;
        } else if self.eat_all(&["add", "value"]) {
            self.eat_all(&["if", "not", "exists"]);
            let added = text_of(&self.next()?)?;
            let values = schema.enum_mut(name.text)?;
            if !values.contains(&added) {
                values.push(added);
            }
        }
        Some(())
    }
}
