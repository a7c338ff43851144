//! The fleet's database, asked from outside.

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::service::poll;

pub(super) fn texts(url: &str, sql: &'static str) -> Vec<String> {
    ask(url, async |connection| {
        sqlx::query_scalar(sql).fetch_all(connection).await
    })
}

pub(super) fn number(url: &str, sql: &'static str) -> usize {
    let number: i64 = ask(url, async |connection| {
        sqlx::query_scalar(sql).fetch_one(connection).await
    });
    usize::try_from(number).unwrap()
}

/// How often each state occurs, as `COMPLETED 3, FAILED 1`.
pub(super) fn states(url: &str) -> String {
    let sql = "select state || ' ' || count(*) from payment_operations group by state order by 1";
    texts(url, sql).join(", ")
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// Asks until the server answers.
fn ask<T, F>(url: &str, question: F) -> T
where
    F: AsyncFn(&mut PgConnection) -> Result<T, sqlx::Error>,
{
    poll("an answer of the server", || {
        block_on(async {
            let mut connection = PgConnection::connect(url).await.ok()?;
            question(&mut connection).await.ok()
        })
    })
}
