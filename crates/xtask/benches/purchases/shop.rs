//! A running shop, with customers who have money and shelves that are full.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use orch_runtime::saga::SagaPattern;
use orch_runtime::{Clock, SystemClock};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use super::client::Client;

/// Customers, and different things to buy.
pub(crate) const MANY: usize = 100;

/// How long a shop may take to open.
const OPENING: Duration = Duration::from_secs(30);

/// What must not change: what customers and the shop have together, and what is on shelves and at customers'.
const TOTALS: [&str; 2] = [
    "select cast((select sum(balance) from users) + coalesce((select sum(price) \
     from transaction_logs where status = 'success'), 0) as bigint)",
    "select cast((select sum(stock) from items) + coalesce((select sum(quantity) \
     from inventory), 0) as bigint)",
];

/// Where a shop keeps its books.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A file, with `synchronous=FULL`.
    File(PathBuf),
    /// A server, with `fsync` and `synchronous_commit` on, at this address.
    Server(String),
}

impl Place {
    async fn clear(&self) -> Result<()> {
        match self {
            Self::File(path) => {
                for ending in ["db", "db-wal", "db-shm"] {
                    let old = path.with_extension(ending);
                    if old.exists() {
                        std::fs::remove_file(old)?;
                    }
                }
                Ok(())
            }
            Self::Server(_) => {
                let anew = "drop schema if exists public cascade; create schema public";
                self.run(anew).await
            }
        }
    }

    async fn run(&self, sql: &str) -> Result<()> {
        match self {
            Self::File(path) => Ok(patient(path)?.execute_batch(sql)?),
            Self::Server(url) => {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                    .execute(&mut connection)
                    .await?;
                Ok(connection.close().await?)
            }
        }
    }

    async fn number(&self, sql: &str) -> Result<i64> {
        match self {
            Self::File(path) => Ok(patient(path)?.query_row(sql, [], |row| row.get(0))?),
            Self::Server(url) => {
                let mut connection = PgConnection::connect(url).await?;
                Ok(sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
                    .fetch_one(&mut connection)
                    .await?)
            }
        }
    }

    fn url(&self) -> String {
        match self {
            Self::File(path) => format!("sqlite://{}", path.display()),
            Self::Server(url) => url.clone(),
        }
    }
}

fn patient(path: &Path) -> Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(path)?;
    connection.busy_timeout(OPENING)?;
    Ok(connection)
}

/// A shop in a process of its own, which ends with it.
pub(crate) struct Shop {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    place: Place,
    totals: [i64; 2],
    process: Child,
}

impl Shop {
    /// An open shop with [`MANY`] rich customers and full shelves.
    pub(crate) async fn open(program: &Path, place: Place, pattern: SagaPattern) -> Result<Self> {
        place.clear().await?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = std::env::temp_dir().join("orch-gen-bench-purchases.log");
        let process = Command::new(program)
            .arg("--simulate")
            .env("DATABASE_URL", place.url())
            .env("BIND_ADDR", address.to_string())
            .env("SAGA_PATTERN_MODE", pattern.name())
            .env("ORCH_RATE_LIMIT_PER_KEY", "off")
            .env("ORCH_RATE_LIMIT_PER_CLIENT", "off")
            .stdout(File::create(&log)?)
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| program.display().to_string())?;
        let store = match place {
            Place::File(_) => "SQLite",
            Place::Server(_) => "PostgreSQL",
        };
        let mut shop = Self {
            name: format!("{store}, {pattern}"),
            address,
            place,
            totals: [0; 2],
            process,
        };
        shop.wait()
            .await
            .with_context(|| log.display().to_string())?;
        shop.place.run(&stock()).await?;
        shop.totals = shop.totals().await?;
        Ok(shop)
    }

    async fn wait(&mut self) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < OPENING {
            if let Ok(mut client) = Client::connect(self.address).await
                && client.get("/ready").await?.status == 200
            {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the shop ended: {status}");
            }
            SystemClock.sleep(Duration::from_millis(50)).await;
        }
        bail!("the shop does not open")
    }

    /// # Errors
    /// When money or pieces were made or lost since it was opened.
    pub(crate) async fn assert_nothing_is_lost(&self) -> Result<()> {
        let totals = self.totals().await?;
        if totals != self.totals {
            bail!("{}: {:?} became {totals:?}", self.name, self.totals);
        }
        Ok(())
    }

    async fn totals(&self) -> Result<[i64; 2]> {
        let [money, pieces] = TOTALS;
        Ok([
            self.place.number(money).await?,
            self.place.number(pieces).await?,
        ])
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Customers and things, by number.
fn stock() -> String {
    let (mut users, mut items) = (Vec::new(), Vec::new());
    for number in 0..MANY {
        users.push(format!(
            "('user-{number}', 'Customer {number}', 1000000000, 'active', 1000000)"
        ));
        items.push(format!(
            "('item-{number}', 'Thing {number}', 10000, 1000000, true)"
        ));
    }
    format!(
        "insert into users (user_id, name, balance, status, purchase_limit) values {};\n\
         insert into items (item_id, name, price, stock, is_available) values {};",
        users.join(", "),
        items.join(", ")
    )
}
