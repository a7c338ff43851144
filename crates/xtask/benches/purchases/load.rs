//! What buyers wait for, and how many purchases there are in a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use orch_runtime::{Clock, SystemClock};
use serde_json::json;
use tokio::task::JoinSet;
use xtask::bench::row::{Row, Wanted, quantile};

use super::client::Client;
use super::shop::{MANY, Shop};

/// Buyers who come at the same moment.
const BURST: usize = 1_000;

/// Buyers at the same time over a while, what they buy, and who looks meanwhile.
const BUYERS: usize = 128;
const PURCHASES: usize = 5_000;
const READERS: usize = 4;

/// Between two looks: those who look are not the load.
const PAUSE: Duration = Duration::from_millis(50);

/// How long purchases may take to end. Those that have not are not counted.
const LIMIT: Duration = Duration::from_secs(60);

/// What is bought: by everybody the same thing, or each time another.
#[derive(Debug, Clone, Copy)]
enum Goods {
    One,
    Many,
}

/// What a load came to.
struct Load {
    /// Milliseconds of each answer to a buyer.
    answers: Vec<f64>,
    /// Milliseconds of each answer to who looks where a purchase stands.
    looks: Vec<f64>,
    /// From the first request to the last end.
    took: Duration,
    /// Of a hundred.
    bought: f64,
    /// Ended ones per second.
    rate: f64,
    /// Whether all ended.
    is_over: bool,
}

/// Bursts of buyers of one thing and of many, and then a steady stream of them.
pub(crate) async fn measure(shop: &Shop) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (goods, what) in [(Goods::One, "one thing"), (Goods::Many, "many things")] {
        let load = run(shop, what, goods, BURST, BURST, 0).await?;
        let at = |measured: &str| format!("{}: 1,000 at once of {what}: {measured}", shop.name);
        rows.push(one(at("bought"), "%", load.bought, Wanted::AtLeast(95.0)));
        let took = load.took.as_secs_f64();
        rows.push(one(at("all ended"), "s", took, Wanted::AtMost(30.0)));
        rows.extend(times(&load.answers, at, "accepted", [Wanted::Nothing; 2]));
    }
    let load = run(shop, "steady", Goods::Many, PURCHASES, BUYERS, READERS).await?;
    let at = |measured: &str| format!("{}: {BUYERS} buyers: {measured}", shop.name);
    let wanted = Wanted::AtLeast(1_000.0);
    rows.push(one(at("purchases"), "/s", load.rate, wanted));
    rows.extend(times(&load.answers, at, "accepted", [Wanted::Nothing; 2]));
    let wanted = [Wanted::AtMost(150.0), Wanted::AtMost(200.0)];
    rows.extend(times(&load.looks, at, "status", wanted));
    if load.is_over {
        shop.assert_nothing_is_lost().await?;
    }
    Ok(rows)
}

/// The mean of some answers, and the time that only one in twenty exceeds; `wanted` of each.
fn times(
    answers: &[f64],
    at: impl Fn(&str) -> String,
    what: &str,
    [mean, slow]: [Wanted; 2],
) -> [Row; 2] {
    let p95 = quantile(answers, 0.95);
    [
        one(at(&format!("{what}, mean")), "ms", average(answers), mean),
        one(at(&format!("{what}, p95")), "ms", p95, slow),
    ]
}

/// 0 when there are none.
fn average(samples: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let count = samples.len().max(1) as f64;
    samples.iter().sum::<f64>() / count
}

fn one(name: String, unit: &str, sample: f64, wanted: Wanted) -> Row {
    Row::new(name, unit, vec![sample]).wanted(wanted)
}

/// `count` purchases by `clients` buyers at a time, while `readers` look at those that are recorded.
async fn run(
    shop: &Shop,
    name: &str,
    goods: Goods,
    count: usize,
    clients: usize,
    readers: usize,
) -> Result<Load> {
    let before = stats(shop).await?;
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(Client::connect(shop.address).await?);
    }
    let (begin, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut buying = JoinSet::new();
    let (recorded, seen) = tokio::sync::watch::channel(String::new());
    for client in connections {
        let (next, recorded, name) = (Arc::clone(&next), recorded.clone(), name.to_owned());
        buying.spawn(buy(client, name, goods, next, count, recorded));
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let mut looking = JoinSet::new();
    for _ in 0..readers {
        let client = Client::connect(shop.address).await?;
        looking.spawn(look(client, seen.clone(), Arc::clone(&is_over)));
    }
    let (mut answers, mut looks) = (Vec::new(), Vec::new());
    while let Some(answered) = buying.join_next().await {
        answers.extend(answered??);
    }
    let after = ended(shop).await?;
    let took = begin.elapsed();
    is_over.store(true, Ordering::Relaxed);
    while let Some(answered) = looking.join_next().await {
        looks.extend(answered??);
    }
    let total = after.total - before.total;
    if usize::try_from(total)? != count {
        bail!("{total} of {count} purchases are recorded");
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (completed, ended, total) = (
        (after.completed - before.completed) as f64,
        (total - after.open) as f64,
        total as f64,
    );
    Ok(Load {
        answers,
        looks,
        took,
        bought: 100.0 * completed / total,
        rate: ended / took.as_secs_f64(),
        is_over: after.open == 0,
    })
}

/// Buys until everything is bought; gives the milliseconds of each answer.
async fn buy(
    mut client: Client,
    name: String,
    goods: Goods,
    next: Arc<AtomicUsize>,
    count: usize,
    recorded: tokio::sync::watch::Sender<String>,
) -> Result<Vec<f64>> {
    let mut answers = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(answers);
        }
        // Each customer buys other things each time he comes.
        let item = match goods {
            Goods::One => 0,
            Goods::Many => (number + number / MANY) % MANY,
        };
        let purchase = json!({
            "userId": format!("user-{}", number % MANY),
            "itemId": format!("item-{item}"),
            "quantity": 1,
            "price": 100,
        });
        let key = format!("{}-{number}", name.replace(' ', "-"));
        let begin = Instant::now();
        let mut answer = client.post("/purchase", &key, &purchase).await?;
        // It may be sent again under the same key, says the answer.
        while answer.status == 503 && begin.elapsed() < LIMIT {
            SystemClock.sleep(Duration::from_millis(200)).await;
            answer = client.post("/purchase", &key, &purchase).await?;
        }
        if answer.status != 201 {
            bail!("{}: {}", answer.status, answer.body);
        }
        let id = answer.body["transactionId"].as_str();
        recorded.send_replace(id.context("no transactionId")?.to_owned());
        answers.push(millis(begin.elapsed()));
    }
}

/// Looks at the youngest purchase, again and again; gives the milliseconds of each answer.
async fn look(
    mut client: Client,
    recorded: tokio::sync::watch::Receiver<String>,
    is_over: Arc<AtomicBool>,
) -> Result<Vec<f64>> {
    let mut answers = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let path = format!("/saga/{}", recorded.borrow().clone());
        let answer = client.get(&path).await?;
        if answer.body["found"].as_bool() == Some(true) {
            answers.push(millis(answer.took));
        }
        SystemClock.sleep(PAUSE).await;
    }
    Ok(answers)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// How many purchases there are, how many completed, and how many have not ended.
struct Stats {
    total: u64,
    completed: u64,
    open: u64,
}

async fn stats(shop: &Shop) -> Result<Stats> {
    let mut client = Client::connect(shop.address).await?;
    let answer = client.get("/sagas/stats").await?;
    let number = |name: &str| {
        let number = answer.body["stats"][name].as_u64();
        number.with_context(|| format!("no {name} in {}", answer.body))
    };
    Ok(Stats {
        total: number("total")?,
        completed: number("completed")?,
        open: number("pending")? + number("inProgress")? + number("compensating")?,
    })
}

/// How many there are when all have ended, or nobody waits any longer.
async fn ended(shop: &Shop) -> Result<Stats> {
    let begin = Instant::now();
    loop {
        let stats = stats(shop).await?;
        if stats.open == 0 || begin.elapsed() > LIMIT {
            return Ok(stats);
        }
        SystemClock.sleep(PAUSE).await;
    }
}
