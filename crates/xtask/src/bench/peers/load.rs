//! What the engines are made to do, and what is read from their answers.

/// One load.
#[derive(Debug, PartialEq, Eq)]
pub struct Load {
    /// As the programs know it.
    pub name: &'static str,
    /// How many operations or sagas it takes: some seconds of work for the slowest engine.
    pub operations: usize,
    pub(super) figures: &'static [Figure],
}

/// One number in the answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
}

impl Figure {
    const fn new(key: &'static str, title: &'static str, unit: &'static str) -> Self {
        Self { key, title, unit }
    }
}

impl Load {
    const fn new(name: &'static str, operations: usize, figures: &'static [Figure]) -> Self {
        Self {
            name,
            operations,
            figures,
        }
    }

    /// Figures with their units, for people.
    pub(super) fn shown(&self, values: &[Option<f64>]) -> String {
        let shown = |(figure, value): (&Figure, &Option<f64>)| {
            let Figure { title, unit, .. } = figure;
            value.map(|value| format!("{title} {value:.1} {unit}"))
        };
        let figures = self.figures.iter().zip(values).filter_map(shown);
        figures.collect::<Vec<_>>().join(", ")
    }
}

/// What engines do with operations.
pub(super) const OF_OPERATIONS: &[Load] = &[
    Load::new(
        "accepts:1",
        500,
        &[Figure::new("value", "accepts, 1 client", "ops/s")],
    ),
    Load::new(
        "accepts:16",
        4_000,
        &[Figure::new("value", "accepts, 16 clients", "ops/s")],
    ),
    Load::new(
        "accepts:64",
        6_000,
        &[Figure::new("value", "accepts, 64 clients", "ops/s")],
    ),
    Load::new(
        "end-to-end:256",
        6_000,
        &[
            Figure::new("value", "end to end, 256 in flight", "ops/s"),
            Figure::new("walBytes", "PostgreSQL log per operation", "bytes"),
        ],
    ),
    Load::new(
        "latency:200",
        2_000,
        &[
            Figure::new("p50", "latency at 200/s, p50", "ms"),
            Figure::new("p95", "latency at 200/s, p95", "ms"),
            Figure::new("p99", "latency at 200/s, p99", "ms"),
        ],
    ),
];

/// What engines do with sagas of three steps.
pub(super) const OF_SAGAS: &[Load] = &[
    Load::new(
        "sagas:256",
        500,
        &[Figure::new("value", "sagas, 256 in flight", "sagas/s")],
    ),
    Load::new(
        "sagas-undone:256",
        500,
        &[Figure::new(
            "value",
            "sagas undone, 256 in flight",
            "sagas/s",
        )],
    ),
    Load::new(
        "sagas:1",
        100,
        &[Figure::new("p50", "one saga alone, p50", "ms")],
    ),
];
