//! Steps that are not taken back: ORC401 to ORC406.

use crate::operator::Operator;
use crate::package::Package;

const SAGA: &str = "src/order_creation/mod.rs";
const WORK: &str = "src/order_creation/steps/reserve_inventory.rs";
const CALL: &str = "src/order_creation/steps/pay.rs";

/// Writes at the end of a step.
fn append(p: &mut Package, path: &str, code: &str) -> Option<()> {
    let text = p.text(path)?.to_owned();
    p.add(path, &format!("{text}\n{code}\n"))
}

/// Has the work write something.
fn write(p: &mut Package) -> Option<()> {
    p.edit_at(WORK, "_tx: &mut HookTx<'_>", "tx: &mut HookTx<'_>")?;
    p.edit_at(
        WORK,
        "        Ok(json!(",
        "        tx.execute(\"update stock set pieces = pieces - 1\", &[]).await?;\n        Ok(json!(",
    )
}

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC401", "a call that nothing undoes", |p| {
        p.edit_at(
            SAGA,
            "    let step = step.undone_by(engines.of(\"payment\")?, steps::pay::compensation);\n",
            "",
        )
    }),
    Operator::new("ORC401", "work that is not taken back", write),
    Operator::new("ORC401", "work whose undo looks and does nothing", |p| {
        write(p)?;
        p.edit_at(WORK, "_tx: &mut HookTx<'_>", "tx: &mut HookTx<'_>")?;
        p.edit_at(
            WORK,
            "        run.result_of(\"reserve_inventory\")?;",
            "        tx.query(\"select pieces from stock\", &[]).await?;",
        )
    }),
    Operator::new("ORC401", "nothing undoes it, for no reason", |p| {
        p.edit_at(
            SAGA,
            "compensation: Compensation::Operation",
            "compensation: Compensation::None(\"\")",
        )
    }),
    Operator::new("ORC402", "a step of the plan that nobody does", |p| {
        p.edit_at(
            SAGA,
            "    let builder = builder.step(\"pack\", step);\n",
            "",
        )
    }),
    Operator::new("ORC402", "a step by another name", |p| {
        p.edit_at(
            SAGA,
            "builder.step(\"pack\", step)",
            "builder.step(\"packing\", step)",
        )
    }),
    Operator::new("ORC402", "a result that no step gives", |p| {
        p.edit_at(
            WORK,
            "run.result_of(\"reserve_inventory\")?;",
            "run.result_of(\"reservation\")?;",
        )
    }),
    Operator::new("ORC402", "a step that waits for one that is gone", |p| {
        p.edit_at(
            SAGA,
            "after: &[\"reserve_inventory\"]",
            "after: &[\"reservation\"]",
        )
    }),
    Operator::new("ORC402", "a compensation that forgets a step", |p| {
        append(
            p,
            CALL,
            "/// What is done by hand.
pub enum OrderStep {
    /// The stock.
    Reserve,
    /// The parcel.
    Pack,
}

/// Takes one back.
pub fn undo_by_hand(step: &OrderStep) -> bool {
    match step {
        OrderStep::Reserve => true,
        _ => false,
    }
}",
        )
    }),
    Operator::new("ORC403", "the first step taken back first", |p| {
        append(
            p,
            CALL,
            "/// Does them, and takes back what is done.
pub async fn by_hand(steps: Vec<Parcel>) {
    let mut done = Vec::new();
    for step in steps {
        done.push(step);
    }
    for step in done.iter() {
        step.undo().await;
    }
}

/// A parcel.
pub struct Parcel;

impl Parcel {
    async fn undo(&self) {}
}",
        )
    }),
    Operator::new("ORC403", "taken back as it was done", |p| {
        append(
            p,
            CALL,
            "async fn go() {
    wrap().await;
    post().await;
}

async fn compensate() {
    undo_wrap().await;
    undo_post().await;
}

async fn wrap() {}
async fn post() {}
async fn undo_wrap() {}
async fn undo_post() {}",
        )
    }),
    Operator::new("ORC406", "an undo that asks a provider", |p| {
        p.edit_at(
            WORK,
            "        run.result_of(\"reserve_inventory\")?;",
            "        let client = reqwest::Client::new();
        let _ = client.post(\"https://stock.example\").body(\"1\").send().await;",
        )
    }),
    Operator::new(
        "ORC406",
        "a compensation whose helper asks a provider",
        |p| {
            append(
                p,
                WORK,
                "async fn compensate(client: &reqwest::Client) -> bool {
    give_back(client).await
}

async fn give_back(client: &reqwest::Client) -> bool {
    client.delete(\"https://stock.example\").send().await.is_ok()
}",
            )
        },
    ),
];
