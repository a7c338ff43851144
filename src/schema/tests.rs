//! Histories: what is written is never touched, and what is asked for beyond becomes one more step.

use super::*;
use crate::spec::StoreKind;

/// The tables of payment as today's templates make them, with these columns.
fn payment(columns: &str) -> String {
    let named = Named {
        kind: Kind::Domain,
        store: StoreKind::Sqlite,
        module: "payment",
        prose: "payment",
    };
    let up = named.tables(&[]).unwrap().up;
    up.replacen("    state TEXT", &format!("{columns}    state TEXT"), 1)
}

const COLUMNS: &str =
    "    order_id TEXT,\n    amount_value INTEGER NOT NULL,\n    \"order\" INTEGER,\n";

fn history(files: &[(&str, &str)]) -> History {
    let files = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    History::new(files, StoreKind::Sqlite)
}

fn column(name: &str, sql: &str) -> Column {
    Column {
        name: name.to_owned(),
        sql: sql.to_owned(),
        filled_by: vec!["PAYMENT_REQUESTED".to_owned()],
    }
}

fn wanted(columns: &[(&str, &str)]) -> Wanted {
    Wanted {
        kind: Kind::Domain,
        module: "payment".to_owned(),
        events: vec!["PAYMENT_REQUESTED".to_owned()],
        columns: columns
            .iter()
            .map(|(name, sql)| column(name, sql))
            .collect(),
        inbox: false,
    }
}

fn names(history: &History, wanted: &[Wanted]) -> Vec<String> {
    let all = migrations(history, wanted, StoreKind::Sqlite);
    all.into_iter().map(|migration| migration.name).collect()
}

fn the_change(history: &History, wanted: Wanted) -> (String, Change) {
    let mut all = migrations(history, &[wanted], StoreKind::Sqlite);
    let last = all.pop().unwrap();
    match last.step {
        Step::Change(change) => (last.name, change),
        step => panic!("{step:?}"),
    }
}

const SAME: &[(&str, &str)] = &[
    ("order_id", "TEXT"),
    ("amount_value", "INTEGER"),
    ("\"order\"", "INTEGER"),
];

#[test]
fn a_table_that_holds_what_is_wanted_stays_as_it_is() {
    let history = history(&[("migrations/sqlite/0007_payment.sql", &payment(COLUMNS))]);
    let all = migrations(&history, &[wanted(SAME)], StoreKind::Sqlite);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].name, "0007_payment");
    assert!(matches!(&all[0].step, Step::Written(written) if written.up == payment(COLUMNS)));
}

#[test]
fn new_columns_are_added_by_a_migration_of_their_own() {
    let history = history(&[("migrations/sqlite/0001_payment.sql", &payment(COLUMNS))]);
    let (name, change) = the_change(&history, wanted(&[SAME, &[("note", "TEXT")]].concat()));
    assert_eq!(name, "0002_payment_add_note");
    assert_eq!(change.added, [column("note", "TEXT")]);
    assert!(change.set_aside.is_empty() && change.relaxed.is_empty());
}

/// What was stored under the old type must not be lost, nor stand in the way of the new one.
#[test]
fn a_column_of_another_type_is_set_aside() {
    let history = history(&[("migrations/sqlite/0001_payment.sql", &payment(COLUMNS))]);
    let changed = [("order_id", "INTEGER"), SAME[1], SAME[2]];
    let (name, change) = the_change(&history, wanted(&changed));
    assert_eq!(name, "0002_payment_retype_order_id");
    let aside = ("order_id".to_owned(), "order_id_before_0002".to_owned());
    assert_eq!(change.set_aside, [aside]);
    assert_eq!(change.added, [column("order_id", "INTEGER")]);
}

/// An operation without the field would be refused by the database.
#[test]
fn a_column_that_must_not_be_empty_is_relaxed_when_no_command_fills_it() {
    let history = history(&[("migrations/sqlite/0001_payment.sql", &payment(COLUMNS))]);
    let (name, change) = the_change(&history, wanted(&[SAME[0], SAME[2]]));
    assert_eq!(name, "0002_payment_relax_amount_value");
    let strict = ("amount_value".to_owned(), "INTEGER".to_owned());
    assert_eq!(change.relaxed, [strict]);
    let kept = wanted(&[SAME[1], SAME[2]]);
    assert_eq!(
        names(&history, &[kept]),
        ["0001_payment"],
        "one that may be empty stays"
    );
}

/// As earlier versions wrote it: a column that the commands of some events have to fill.
#[test]
fn a_column_that_one_event_fills_stands_in_the_way_of_no_other() {
    let check =
        "order_id TEXT CHECK (event_type NOT IN ('PAYMENT_REQUESTED') OR order_id IS NOT NULL),";
    let table = payment(&COLUMNS.replace("order_id TEXT,", check));
    let history = history(&[("migrations/sqlite/0001_payment.sql", &table)]);
    let mut both = wanted(SAME);
    both.events.push("REFUND_REQUESTED".to_owned());
    both.columns[1]
        .filled_by
        .push("REFUND_REQUESTED".to_owned());
    assert_eq!(
        names(&history, std::slice::from_ref(&both)),
        ["0001_payment"]
    );
    both.columns[0].filled_by.clear();
    let (name, change) = the_change(&history, both);
    assert_eq!(name, "0002_payment_relax_order_id");
    assert_eq!(change.relaxed, [("order_id".to_owned(), "TEXT".to_owned())]);
}

/// Reading back what was written is the only memory there is.
#[test]
fn a_change_is_read_back() {
    let change = "-- Other columns.\n\
        ALTER TABLE payment_operations ADD COLUMN relaxed_column INTEGER;\n\
        UPDATE payment_operations SET relaxed_column = amount_value;\n\
        ALTER TABLE payment_operations DROP COLUMN amount_value;\n\
        ALTER TABLE payment_operations RENAME COLUMN relaxed_column TO amount_value;\n\
        ALTER TABLE payment_operations RENAME COLUMN order_id TO order_id_before_0002;\n\
        ALTER TABLE payment_operations ADD COLUMN order_id INTEGER;\n";
    let history = history(&[
        ("migrations/sqlite/0002_payment_retype_order_id.sql", change),
        ("migrations/sqlite/0001_payment.sql", &payment(COLUMNS)),
    ]);
    let there = wanted(&[("order_id", "INTEGER")]);
    let expected = ["0001_payment", "0002_payment_retype_order_id"];
    assert_eq!(names(&history, &[there]), expected);
}

#[test]
fn numbers_go_on_and_domains_with_alike_names_are_told_apart() {
    let other = payment(COLUMNS).replace("payment_", "repayment_");
    let history = history(&[
        ("migrations/sqlite/0007_repayment.sql", &other),
        ("migrations/sqlite/README.md", "no migration"),
    ]);
    let mut repayment = wanted(SAME);
    repayment.module = "repayment".to_owned();
    let mut payment = wanted(SAME);
    payment.inbox = true;
    let expected = ["0007_repayment", "0008_payment", "0009_payment_callbacks"];
    assert_eq!(names(&history, &[payment, repayment]), expected);
}

/// The other database is empty: it gets the tables as they have to be, under their old numbers.
#[test]
fn another_store_begins_anew() {
    let change = "ALTER TABLE payment_operations ADD COLUMN note TEXT;\n";
    let files = [
        (
            "migrations/sqlite/0003_payment.sql".to_owned(),
            payment(COLUMNS),
        ),
        (
            "migrations/sqlite/0004_payment_add_note.sql".to_owned(),
            change.to_owned(),
        ),
    ];
    let history = History::new(files, StoreKind::Postgres);
    let all = migrations(
        &history,
        &[wanted(&[SAME, &[("note", "TEXT")]].concat())],
        StoreKind::Postgres,
    );
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].name, "0003_payment");
    assert!(matches!(&all[0].step, Step::Tables(columns) if columns.len() == 4));
}

/// A database that an older version made lacks what the runtime needs today.
#[test]
fn the_runtimes_own_columns_and_indexes_follow_it() {
    let today = payment(COLUMNS);
    let old = today
        .replace("    trace_parent TEXT,\n", "")
        .replace("\n    WHERE state = 'PENDING';", ";");
    assert_ne!(old, today);
    let history = history(&[("migrations/sqlite/0001_payment.sql", &old)]);
    let all = migrations(&history, &[wanted(SAME)], StoreKind::Sqlite);
    let steps: Vec<_> = all.into_iter().skip(1).collect();
    assert_eq!(steps[0].name, "0002_payment_own_trace_parent");
    let own = (
        "payment_operations".to_owned(),
        "trace_parent TEXT".to_owned(),
    );
    assert!(matches!(&steps[0].step, Step::Change(change) if change.own == [own]));
    assert_eq!(steps[1].name, "0003_payment_indexes");
    let Step::Indexes(indexes) = &steps[1].step else {
        panic!("{:?}", steps[1]);
    };
    assert_eq!(indexes.len(), 1);
    assert_eq!(indexes[0].0, "idx_payment_wal_state_created_at");
}

/// A saga's input names its user: pages of one user's sagas are read from an index, also in a database that an older
/// version made.
#[test]
fn sagas_are_found_by_their_user() {
    let named = Named {
        kind: Kind::Saga,
        store: StoreKind::Sqlite,
        module: "order_saga",
        prose: "order",
    };
    let user = column("user_id", "TEXT");
    let today = named.tables(std::slice::from_ref(&user)).unwrap().up;
    let index = "CREATE INDEX IF NOT EXISTS idx_order_saga_states_user_id\n    ON order_saga_states (user_id, created_at);\n";
    assert!(today.contains(index), "{today}");
    let others = named.tables(&[column("item_id", "TEXT")]).unwrap().up;
    assert!(!others.contains("user_id"), "{others}");

    let old = history(&[(
        "migrations/sqlite/0001_order_saga.sql",
        &today.replace(index, ""),
    )]);
    let wanted = Wanted {
        kind: Kind::Saga,
        module: "order_saga".to_owned(),
        events: vec!["ORDER".to_owned()],
        columns: vec![user],
        inbox: false,
    };
    let all = migrations(&old, &[wanted], StoreKind::Sqlite);
    let [_, followed] = &all[..] else {
        panic!("{all:?}")
    };
    assert_eq!(followed.name, "0002_order_saga_indexes");
    assert!(
        matches!(&followed.step, Step::Indexes(indexes) if indexes[0].0 == "idx_order_saga_states_user_id")
    );
}

/// A saga that ended keeps the plan under which it did, also in a database that an older version made.
#[test]
fn the_plan_of_ended_sagas_follows_into_older_databases() {
    for (store, folder) in [
        (StoreKind::Sqlite, "sqlite"),
        (StoreKind::Postgres, "postgres"),
    ] {
        let named = Named {
            kind: Kind::Saga,
            store,
            module: "order_saga",
            prose: "order",
        };
        let today = named.tables(&[]).unwrap().up;
        let former = today.replace("    saga_plan TEXT,\n", "");
        assert_ne!(former, today);
        let path = format!("migrations/{folder}/0001_order_saga.sql");
        let former = History::new([(path, former)], store);
        let wanted = Wanted {
            kind: Kind::Saga,
            module: "order_saga".to_owned(),
            events: vec!["ORDER".to_owned()],
            columns: Vec::new(),
            inbox: false,
        };
        let all = migrations(&former, &[wanted], store);
        let [_, followed] = &all[..] else {
            panic!("{all:?}")
        };
        assert_eq!(followed.name, "0002_order_saga_own_saga_plan");
        let own = ("order_saga_states".to_owned(), "saga_plan TEXT".to_owned());
        assert!(matches!(&followed.step, Step::Change(change) if change.own == [own]));
    }
}
