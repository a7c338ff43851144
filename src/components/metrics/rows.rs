//! What a domain's dashboard shows: every query, in the order of the panels.

/// What a panel is made of: title, description, unit, and its queries with their legends. `#` stands for
/// the selectors of the domain, `@` for those of its lane, `%` for those of its requests.
pub(super) type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// The last numbers, at the top, and from which on each is red.
pub(super) const NUMBERS: &[(Row, usize)] = &[
    (
        (
            "Parked",
            "Operations that wait for a person.",
            "short",
            &[(
                "max(orchestration_operations{#, state=\"PARKED\"})",
                "parked",
            )],
        ),
        1,
    ),
    (
        (
            "Unknown",
            "Operations whose call may have happened.",
            "short",
            &[(
                "max(orchestration_operations{#, state=\"UNKNOWN\"})",
                "unknown",
            )],
        ),
        1,
    ),
    (
        (
            "Oldest due",
            "How long the oldest due operation waits for its attempt.",
            "s",
            &[("max(orchestration_oldest_due_seconds{#})", "due")],
        ),
        60,
    ),
    (
        (
            "Oldest unapplied answer",
            "The age of the oldest answer in the log that nobody applied.",
            "s",
            &[("max(orchestration_oldest_wal_pending_seconds{#})", "log")],
        ),
        120,
    ),
    (
        (
            "Circuit breaker",
            "1 while no call is let through to the provider.",
            "short",
            &[("max(orchestration_lane_open{@})", "open")],
        ),
        1,
    ),
    (
        (
            "Calls under way",
            "All processes together; each has a limit of 256.",
            "short",
            &[("sum(orchestration_in_flight{#})", "calls")],
        ),
        256,
    ),
];

/// What goes up and down, below them.
pub(super) const COURSES: &[Row] = &[
    (
        "Accepted",
        "Requests per second, by what became of them.",
        "reqps",
        &[(
            "sum by (result) (rate(orchestration_accept_total{#}[$__rate_interval]))",
            "{{result}}",
        )],
    ),
    (
        "Outcomes",
        "Answers of the provider per second.",
        "ops",
        &[(
            "sum by (outcome) (rate(orchestration_outcome_total{#}[$__rate_interval]))",
            "{{outcome}}",
        )],
    ),
    (
        "States they led to",
        "PENDING is an attempt that will be made again; PARKED needs a person.",
        "ops",
        &[(
            "sum by (state) (rate(orchestration_settled_total{#}[$__rate_interval]))",
            "{{state}}",
        )],
    ),
    (
        "Latency of accepting",
        "From the request to its durable record, by the answer of the API.",
        "s",
        &[
            (
                "histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket{%}[$__rate_interval])))",
                "p50",
            ),
            (
                "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{%}[$__rate_interval])))",
                "p95",
            ),
            (
                "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{%}[$__rate_interval])))",
                "p99",
            ),
        ],
    ),
    (
        "Latency of executing",
        "How long calls of the provider take.",
        "s",
        &[
            (
                "histogram_quantile(0.5, sum by (le) (rate(orchestration_execute_seconds_bucket{#}[$__rate_interval])))",
                "p50",
            ),
            (
                "histogram_quantile(0.95, sum by (le) (rate(orchestration_execute_seconds_bucket{#}[$__rate_interval])))",
                "p95",
            ),
            (
                "histogram_quantile(0.99, sum by (le) (rate(orchestration_execute_seconds_bucket{#}[$__rate_interval])))",
                "p99",
            ),
        ],
    ),
    (
        "Latency of finalizing",
        "The age of the oldest answer that is not applied, and of the oldest doubt.",
        "s",
        &[
            ("max(orchestration_oldest_wal_pending_seconds{#})", "answer"),
            ("max(orchestration_oldest_unknown_seconds{#})", "doubt"),
        ],
    ),
    (
        "Retries",
        "Calls per second that will be made again, and that may have happened.",
        "ops",
        &[
            (
                "sum(rate(orchestration_outcome_total{#, outcome=\"RETRY\"}[$__rate_interval]))",
                "retry",
            ),
            (
                "sum(rate(orchestration_outcome_total{#, outcome=\"UNKNOWN\"}[$__rate_interval]))",
                "unknown",
            ),
            (
                "sum(rate(orchestration_stale_total{#}[$__rate_interval]))",
                "too late",
            ),
        ],
    ),
    (
        "Operations that have not ended",
        "By state. PARKED wait for a person.",
        "short",
        &[("max by (state) (orchestration_operations{#})", "{{state}}")],
    ),
    (
        "Answers in the log that wait",
        "The backlog of the write-ahead log.",
        "short",
        &[("max(orchestration_wal_pending{#})", "waiting")],
    ),
    (
        "Calls that were not made",
        "To spare the provider: breaker, pauses by Retry-After, limits. No attempt is spent.",
        "ops",
        &[(
            "sum by (reason) (rate(orchestration_lane_refused_total{@}[$__rate_interval]))",
            "{{reason}}",
        )],
    ),
    (
        "Changes of the breaker",
        "How often it opens and closes.",
        "ops",
        &[(
            "sum by (to) (rate(orchestration_lane_transitions_total{@}[$__rate_interval]))",
            "to {{to}}",
        )],
    ),
    (
        "Schedulers",
        "What the Finalizer, the Reaper and the Cleaner did per second.",
        "ops",
        &[
            (
                "sum(rate(orchestration_finalizer_recovered_total{#}[$__rate_interval]))",
                "finalizer: applied",
            ),
            (
                "sum(rate(orchestration_finalizer_corrupt_total{#}[$__rate_interval]))",
                "finalizer: set aside",
            ),
            (
                "sum(rate(orchestration_reaper_reaped_total{#}[$__rate_interval]))",
                "reaper: taken over",
            ),
            (
                "sum(rate(orchestration_reaper_probed_total{#}[$__rate_interval]))",
                "reaper: asked",
            ),
            (
                "sum(rate(orchestration_cleaner_purged_total{#}[$__rate_interval]))",
                "cleaner: deleted",
            ),
        ],
    ),
];

/// What the provider reports by itself.
pub(super) const CALLBACKS: &[Row] = &[
    (
        "Callbacks received",
        "Requests of the provider per second, by what became of them.",
        "reqps",
        &[(
            "sum by (result) (rate(orchestration_callback_total{#}[$__rate_interval]))",
            "{{result}}",
        )],
    ),
    (
        "Callbacks settled",
        "CONFLICT contradicts how an operation ended.",
        "ops",
        &[(
            "sum by (state) (rate(orchestration_callback_settled_total{#}[$__rate_interval]))",
            "{{state}}",
        )],
    ),
    (
        "Callbacks deleted",
        "Settled ones that the Cleaner deleted, 30 days later.",
        "ops",
        &[(
            "sum(rate(orchestration_callback_purged_total{#}[$__rate_interval]))",
            "deleted",
        )],
    ),
];
