//! The statements, one by one.

use super::apply;
use crate::sql::schema::Schema;

fn uniques(sql: &str) -> Vec<(Vec<String>, bool)> {
    let mut schema = Schema::default();
    apply(&mut schema, "m.sql", sql);
    let table = schema.table("t").unwrap();
    table
        .uniques
        .iter()
        .map(|of| (of.columns.clone(), of.partial))
        .collect()
}

fn key(columns: &[&str]) -> (Vec<String>, bool) {
    (columns.iter().map(|name| (*name).into()).collect(), false)
}

#[test]
fn every_spelling_is_a_key() {
    for sql in [
        "create table t (a text not null unique, b text)",
        "create table t (a text constraint uk unique)",
        "create table t (a text, unique (a))",
        "create table t (a text, CONSTRAINT uk UNIQUE NULLS NOT DISTINCT (a))",
        "create table t (a text primary key)",
        "create table t (a text, primary key (a))",
        "create table s.t (a text); create unique index concurrently if not exists i on only s.t using btree (a)",
        "create table t (a text); alter table only t add constraint uk unique (a)",
        "create table t (a text); create unique index i on t (a); alter table t add constraint uk unique using index i",
        "create table t (b text); alter table t add column a text unique",
        "create table \"t\" (\"a\" text check (length(a) > 1 or a = 'x;y') unique)",
        "create table t2 (a text unique); alter table t2 rename to t",
        "create table t (x text unique); alter table t rename column x to a",
    ] {
        assert_eq!(uniques(sql), [key(&["a"])], "{sql}");
    }
}

#[test]
fn what_is_dropped_is_gone() {
    for sql in [
        "create table t (a text unique); alter table t drop constraint t_a_key",
        "create table t (a text unique); alter table t drop constraint if exists t_a_key, add b int",
        "create table t (a text); create unique index i on t (a); drop index concurrently if exists i",
        "create table t (a text unique); alter table t drop column a",
        "create table t (a text unique); drop table t; create table t (a text)",
    ] {
        assert_eq!(uniques(sql), [], "{sql}");
    }
}

#[test]
fn partial_and_expression_keys_are_marked() {
    assert!(uniques("create table t (a text); create unique index i on t (a) where b")[0].1);
    assert!(uniques("create table t (a text); create unique index i on t (lower(a))")[0].1);
}

#[test]
fn a_trigger_body_does_not_end_at_its_first_statement() {
    let sql = "create trigger x after insert on t begin drop table t; end; create table t (a text unique)";
    assert_eq!(uniques(sql), [key(&["a"])]);
}

#[test]
fn comments_and_strings_make_no_key() {
    let sql = "create table t (a text default 'unique' -- unique (a)\n /* unique (a) */)";
    assert_eq!(uniques(sql), []);
}

#[test]
fn what_is_not_understood_is_remembered() {
    let mut schema = Schema::default();
    apply(
        &mut schema,
        "m.sql",
        "do $$ begin alter table t add unique (a); end $$",
    );
    assert!(schema.is_uncertain("t"));
}

fn schema(sql: &str) -> Schema {
    let mut schema = Schema::default();
    apply(&mut schema, "m.sql", sql);
    schema
}

/// Each column as `name type`, with `?` where NULL is allowed.
fn shape(sql: &str) -> Vec<String> {
    let schema = schema(sql);
    let table = schema.table("t").unwrap();
    let show = |name: &str, ty: &str| {
        let mark = table.nullable(name).map_or("", |_| "?");
        format!("{name} {ty}{mark}")
    };
    let columns = table.columns.iter();
    columns.map(|of| show(&of.name, &of.ty)).collect()
}

#[test]
fn columns_keep_their_type_and_whether_null_is_allowed() {
    let sql = "create table t (
        id bigserial, a varchar(10)[] NOT NULL, \"B\" numeric(10, 2) default 1, at timestamp (3) without time zone,
        k text collate \"C\" primary key, s pg_catalog.text constraint c not null, constraint x foreign key (a) references o (a))";
    assert_eq!(
        shape(sql),
        [
            "id bigserial",
            "a varchar [ ]",
            "b numeric?",
            "at timestamp without time zone?",
            "k text",
            "s text"
        ]
    );
}

#[test]
fn columns_follow_what_alters_them() {
    for (change, wanted) in [
        ("alter table t alter column a set not null", "a text"),
        (
            "alter table t alter a type varchar(3) using a::varchar, alter a set not null",
            "a varchar",
        ),
        (
            "alter table t add column b int not null; alter table t drop column a",
            "b int",
        ),
        ("alter table t rename a to z", "z text?"),
        ("alter table t add primary key (a)", "a text"),
        (
            "alter table t add constraint c check (a is not null and length(a) > 1)",
            "a text",
        ),
        (
            "create unique index i on t (a); alter table t add constraint k primary key using index i",
            "a text",
        ),
        (
            "create table n (a text not null); insert into n select * from t; drop table t; alter table n rename to t",
            "a text",
        ),
        (
            "alter table t alter a set not null; alter table t alter a drop not null",
            "a text?",
        ),
    ] {
        let sql = format!("create table t (a text); {change}");
        assert_eq!(shape(&sql), [wanted], "{change}");
    }
}

#[test]
fn a_column_may_be_called_key() {
    assert_eq!(
        uniques("create table t (key text unique, index varchar(3))"),
        [key(&["key"])]
    );
    assert_eq!(
        shape("create table t (a text, key varchar(3), KEY i (a), index (a))"),
        ["a text?", "key varchar?"]
    );
}

fn allowed(sql: &str) -> Vec<Vec<String>> {
    let schema = schema(sql);
    let checks = schema.table("t").unwrap().checks.iter();
    checks
        .filter_map(|of| Some(of.allowed.as_ref()?.values.clone()))
        .collect()
}

#[test]
fn every_spelling_of_a_check_gives_what_it_allows() {
    for check in [
        "s in ('A', 'B')",
        "((s)::text = ANY ((ARRAY['A'::character varying, 'B'::character varying])::text[]))",
        "s = any (array['A', 'B'])",
        "s = 'A' or (s = 'B')",
        "s is null or s in ('A', 'B')",
        "length(s) > 0 and s in ('A', 'B')",
        "\"S\" IN (('A'), 'B'::text)",
    ] {
        for sql in [
            format!("create table t (s text check ({check}))"),
            format!("create table t (s text, constraint c check ({check}))"),
            format!(
                "create table t (s text); alter table t add constraint c check ({check}) not valid"
            ),
            format!("create table t (x text check ({check})); alter table t rename column x to s"),
        ] {
            assert_eq!(allowed(&sql), [["A", "B"]], "{sql}");
        }
    }
}

#[test]
fn what_a_check_does_not_say_for_certain_is_not_known() {
    for check in [
        "s not in ('A', 'B')",
        "s in ('A', lower('B'))",
        "lower(s) in ('A', 'B')",
        "s = 'A' or r = 'B'",
        "s = 'A' or length(s) = 1",
        "s in (select x from y)",
        "s > 'A'",
        "not (s in ('A', 'B'))",
    ] {
        let sql = format!("create table t (s text, check ({check}))");
        assert_eq!(allowed(&sql), Vec::<Vec<String>>::new(), "{check}");
    }
}

#[test]
fn checks_end_by_their_name_and_with_their_column() {
    for end in [
        "alter table t drop constraint t_s_check",
        "alter table t drop column s",
        "alter table t rename constraint t_s_check to c; alter table t drop constraint c",
    ] {
        let sql = format!("create table t (a int, s text check (s in ('A'))); {end}");
        assert_eq!(allowed(&sql), Vec::<Vec<String>>::new(), "{end}");
    }
}

#[test]
fn enum_types_keep_their_values() {
    let found = schema(
        "create type app.st as enum ('A', 'B'); alter type app.st add value if not exists 'C' after 'A';
         alter type st rename value 'B' to 'D'; create table t (s app.st); alter type st rename to state",
    );
    assert_eq!(found.enum_values("state").unwrap(), ["A", "D", "C"]);
    assert_eq!(found.table("t").unwrap().columns[0].ty, "state");
}

#[test]
fn indexes_keep_their_order_and_their_condition() {
    let sql = "create table t (a int, b int); create index concurrently i on t using btree (b desc, a) include (c) where (a > 1);
        create index j on t (a); drop index if exists j";
    let found = schema(sql);
    let indexes = &found.table("t").unwrap().indexes;
    assert_eq!(indexes.len(), 1);
    assert_eq!(indexes[0].columns, ["b", "a"]);
    assert_eq!(indexes[0].condition, ["a"]);
}

#[test]
fn an_action_that_is_not_understood_makes_its_table_uncertain() {
    let found = schema(
        "create table t (a int); create table u (a int); alter table t modify column a text",
    );
    assert!(found.is_uncertain("t") && !found.is_uncertain("u"));
    let known =
        schema("create table t (a int); alter table t owner to me, enable row level security");
    assert!(!known.is_uncertain("t"));
}
