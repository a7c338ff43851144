//! What keeps the linter from looking, and exceptions that rot: ORC901 to ORC906.

use crate::operator::Operator;

const NO_ANSWER: &str =
    "            Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),\n";

/// An answer that is not looked at, under a comment.
macro_rules! excused {
    ($comment:literal) => {
        |p| {
            let arm = concat!(
                "            // orch: ",
                $comment,
                "\n            Err(_) => Outcome::retry(\"?\"),\n"
            );
            p.edit("orchestrator.rs", NO_ANSWER, arm)
        }
    };
}

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ORC901", "a file that no module names", |p| {
        let path = format!("{}/fees.rs", p.folder());
        p.add(
            &path,
            "//! Fees.\n\n/// The fee.\npub fn fee() -> u32 {\n    3\n}\n",
        )
    }),
    Operator::new("ORC901", "a domain that the library forgot", |p| {
        p.edit_at("src/lib.rs", "pub mod $domain;\n", "")
    })
    .shows_in("src/"),
    Operator::new("ORC901", "no orchestrator left", |p| {
        let last: Vec<String> = p
            .paths()
            .filter(|path| path.ends_with("/orchestrator.rs"))
            .map(str::to_owned)
            .collect();
        for path in last {
            let text = p.text(&path)?;
            let name = text.split_once("struct ")?.1.split_once("Orchestrator")?.0;
            let from = format!("> Orchestrator for {name}Orchestrator");
            let to = format!("> {name}Orchestrates for {name}Orchestrator");
            p.edit_at(&path, &from, &to)?;
        }
        Some(())
    })
    .shows_in("Cargo.toml"),
    Operator::new("ORC902", "an exception for nothing", |p| {
        p.edit("orchestrator.rs", "            Err(GatewayError::NoAnswer", "            // orch: allow(ORC302) the provider has one error only\n            Err(GatewayError::NoAnswer")
    }),
    Operator::new("ORC902", "an exception for nothing in a migration", |p| {
        p.migrate(
            "-- orch: allow(ORC702) the log is empty here\nCREATE INDEX later ON $table (biz_key);",
        )
    }),
    Operator::new(
        "ORC903",
        "an exception without a reason",
        excused!("allow(ORC302)"),
    ),
    Operator::new(
        "ORC903",
        "an exception to a rule that is none",
        excused!("allow(ORC999) the provider has one error only"),
    ),
    Operator::new(
        "ORC903",
        "an exception that is misspelled",
        excused!("alow(ORC302) the provider has one error only"),
    ),
    Operator::new(
        "ORC904",
        "an exception that has ended",
        excused!("allow(ORC302, until = 2020-12-31) the provider has one error only"),
    ),
    Operator::new(
        "ORC905",
        "more that is undecided than the budget allows",
        |p| {
            p.edit_at(
                "orch.toml",
                "[store]",
                "[lint]\nunknown-budget = 0\n\n[store]",
            )?;
            p.edit(
                "orchestrator.rs",
                "$matched",
                "match self.gateway.$call(&current(), command).await {",
            )
        },
    )
    .shows_in("orch.toml"),
    Operator::new("ORC906", "a brace too few", |p| {
        p.append("gateway.rs", "fn half(\n")
    }),
    Operator::new("ORC906", "a merge that was not finished", |p| {
        p.edit(
            "orchestrator.rs",
            "    gateway: G,\n}",
            "<<<<<<< ours\n    gateway: G,\n=======\n    gateways: Vec<G>,\n>>>>>>> theirs\n}",
        )
    }),
];
