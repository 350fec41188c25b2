//! The page itself: each metric with its name, what it means and its labels. Pure.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use super::reading::{Reading, TargetReading};
use crate::clock::Timestamp;
use crate::meters::Label;
use crate::ops::sizes;
use crate::store::{DriftKind, GuardClass, PerKind};

/// States of a target.
const STATES: [&str; 6] = ["ok", "starting", "degraded", "out", "held", "dry-run"];
/// What a circuit is usually open for; zero when it is not.
const CAUSES: [&str; 8] = [
    "starting",
    "unreachable",
    "private-link",
    "not-admitted",
    "busy",
    "server-error",
    "timed-out",
    "html",
];

type Numbers = Family<[Label; 1], Gauge<f64, std::sync::atomic::AtomicU64>>;

/// The metrics of `reading` as text in the format of `OpenMetrics`.
pub(super) fn write(reading: &Reading) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("scim_bridge");
    of_the_bridge(&mut registry, reading);
    for target in &reading.targets {
        // Bounded by the configuration, and never anybody's name.
        let label = ("target".into(), target.name.clone().into());
        of_a_target(registry.sub_registry_with_label(label), target, reading.now);
    }
    let mut page = String::new();
    encode(&mut page, &registry)?;
    Ok(page)
}

fn of_the_bridge(registry: &mut Registry, reading: &Reading) {
    if let Some(target) = reading.targets.first() {
        let requests = target.meters.requests.clone();
        registry.register(
            "request_seconds",
            "Time to the answer of a SCIM request, by method and status class",
            requests,
        );
    }
    registry.register(
        "waiting_answers",
        "Writes whose answer waits for its outcome",
        number(large(reading.waiting_answers)),
    );
    registry.register(
        "writes_held",
        "1 while a person must let writing begin again after a restore",
        flag(reading.held),
    );
    registry.register(
        "store_bytes",
        "Bytes that the files of the store take",
        number(large(reading.store_bytes)),
    );
    if let Some(free) = reading.free_bytes {
        registry.register(
            "store_free_bytes",
            "Bytes free on the disk of the store",
            number(large(free)),
        );
    }
    if let Some(at) = reading.certificate_expires {
        registry.register(
            "certificate_expiry_seconds",
            "Time until the certificate of the SCIM endpoint ends; negative when it has ended",
            number(until(at, reading.now)),
        );
    }
}

fn of_a_target(registry: &mut Registry, target: &TargetReading, now: Timestamp) {
    queue(registry, target, now);
    calls(registry, target, now);
    objects(registry, target);
}

fn queue(registry: &mut Registry, target: &TargetReading, now: Timestamp) {
    let gauges = &target.gauges;
    let classes = [
        ("revocation", gauges.revocations),
        ("grant", gauges.grants),
        ("verification", gauges.verifications),
    ];
    let depth = numbers("class", classes.map(|(class, waiting)| (class, large(waiting.depth))));
    registry.register("queue_depth", "Resources that wait for their turn, by class", depth);
    let oldest = numbers(
        "class",
        classes.map(|(class, waiting)| (class, since(waiting.oldest, now))),
    );
    registry.register("queue_oldest_seconds", "How long the longest of them waits", oldest);
    registry.register(
        "oldest_unapplied_revocation_seconds",
        "Age of the oldest change that takes access away and is not applied, held ones among them; 0 = none",
        number(since(gauges.unapplied_revocation, now)),
    );
    registry.register(
        "forecast_seconds",
        "How long a change accepted now is likely to wait; infinite while nothing is written",
        number(seconds(target.reported.forecast)),
    );
}

fn calls(registry: &mut Registry, target: &TargetReading, now: Timestamp) {
    let (meters, reported) = (&target.meters, &target.reported);
    registry.register(
        "calls",
        "Calls to the target that ended, by rate class and outcome",
        meters.calls.clone(),
    );
    registry.register(
        "throttled_answers",
        "Answers of the target that asked for patience, openly or in disguise",
        meters.throttled.clone(),
    );
    let limited = target
        .used
        .iter()
        .filter_map(|(verb, used)| Some((verb.as_str(), (*used)?)));
    registry.register(
        "budget_used_ratio",
        "Calls of the last minute as a share of what the target admits, by rate class",
        numbers("verb", limited),
    );

    let state = if reported.state.is_empty() {
        "starting"
    } else {
        reported.state
    };
    registry.register(
        "target_state",
        "1 for the state that the target is in",
        numbers("state", STATES.map(|one| (one, truth(one == state)))),
    );
    let open = CAUSES.into_iter().map(|cause| (cause, 0.0));
    let out = reported.cause.filter(|_| matches!(state, "out" | "starting"));
    let open = open.chain(out.map(|cause| (cause, 1.0)));
    registry.register(
        "circuit_open",
        "1 for the cause that keeps calls from the target",
        numbers("cause", open),
    );
    registry.register(
        "dry_run",
        "1 while nothing is written to the target by configuration",
        flag(target.dry_run),
    );
    if let Some(at) = meters.credential_expiry() {
        registry.register(
            "credential_expiry_seconds",
            "Time until the credential for the target ends; negative when it has ended",
            number(until(at, now)),
        );
    }
}

fn objects(registry: &mut Registry, target: &TargetReading) {
    let gauges = &target.gauges;
    registry.register(
        "held_objects",
        "Objects that a person must decide on, by kind",
        per_kind(gauges.held),
    );
    let held = GuardClass::ALL.map(|class| (class.as_str(), truth(target.guarded.contains(&class))));
    registry.register(
        "guard_held",
        "1 for a class of changes that the guard holds until a person lets it pass",
        numbers("class", held),
    );
    registry.register(
        "failing_objects",
        "Objects whose changes the target refuses, by kind",
        per_kind(gauges.failing),
    );
    registry.register(
        "contested_edges",
        "Memberships and fields that are no longer written because somebody else writes them too",
        number(large(target.contested)),
    );
    let counted = |kind: DriftKind| target.drift.iter().find(|(one, _)| *one == kind);
    let drift = DriftKind::ALL.map(|kind| (kind.as_str(), counted(kind).map_or(0.0, |(_, number)| large(*number))));
    registry.register(
        "drift_parts",
        "What differs at the target by somebody else's hand, by kind",
        numbers("kind", drift),
    );
    registry.register(
        "size_limit_used_ratio",
        "Resources as a share of what the target can hold, by kind",
        numbers(
            "kind",
            sizes::used(gauges.resources).map(|(kind, used)| (kind.as_str(), used)),
        ),
    );
    registry.register(
        "record_bytes",
        "About how many bytes the provisioning log takes",
        number(large(gauges.record_bytes)),
    );
}

fn number(value: f64) -> ConstGauge<f64> {
    ConstGauge::new(value)
}

fn flag(set: bool) -> ConstGauge<f64> {
    number(truth(set))
}

const fn truth(set: bool) -> f64 {
    if set { 1.0 } else { 0.0 }
}

fn numbers(label: &'static str, values: impl IntoIterator<Item = (&'static str, f64)>) -> Numbers {
    let family = Numbers::default();
    for (value, number) in values {
        family.get_or_create(&[(label, value)]).set(number);
    }
    family
}

fn per_kind(counted: PerKind) -> Numbers {
    numbers(
        "kind",
        [("User", large(counted.users)), ("Group", large(counted.groups))],
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a metric is a double; what is beyond 2^53 bytes may be rounded"
)]
const fn large(counted: u64) -> f64 {
    counted as f64
}

fn since(at: Option<Timestamp>, now: Timestamp) -> f64 {
    at.map_or(0.0, |at| now.since(at).as_secs_f64())
}

fn until(at: Timestamp, now: Timestamp) -> f64 {
    at.since(now).as_secs_f64() - now.since(at).as_secs_f64()
}

fn seconds(span: Duration) -> f64 {
    if span == Duration::MAX {
        f64::INFINITY
    } else {
        span.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::databricks::pace::Verb;
    use crate::meters::Meters;
    use crate::reconcile::Reported;
    use crate::store::{Gauges, Waiting};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    /// A target that is out, with something of everything.
    fn in_trouble() -> Reading {
        let meters = Meters::default();
        meters.called(Verb::Write, "private-link", false, at(90));
        meters.called(Verb::Read, "rate-limited", true, at(95));
        meters.set_credential_expiry(Some(at(40)));
        Reading {
            now: at(100),
            targets: vec![TargetReading {
                name: "workspace".to_owned(),
                reported: Reported {
                    state: "out",
                    cause: Some("private-link"),
                    forecast: Duration::MAX,
                    ..Reported::default()
                },
                gauges: Gauges {
                    revocations: Waiting {
                        depth: 3,
                        oldest: Some(at(30)),
                    },
                    unapplied_revocation: Some(at(10)),
                    held: PerKind { users: 2, groups: 0 },
                    ..Gauges::default()
                },
                guarded: vec![GuardClass::Deletes],
                drift: vec![(DriftKind::MemberExtra, 4)],
                contested: 1,
                used: [
                    (Verb::Write, Some(0.5)),
                    (Verb::GroupPatch, None),
                    (Verb::Read, Some(0.0)),
                ],
                meters,
                dry_run: false,
            }],
            waiting_answers: 2,
            held: true,
            certificate_expires: Some(at(1100)),
            store_bytes: 4096,
            free_bytes: None,
        }
    }

    #[test]
    fn a_target_in_trouble_shows_in_every_number() {
        let page = write(&in_trouble()).unwrap();
        for line in [
            "scim_bridge_writes_held 1.0",
            "scim_bridge_waiting_answers 2.0",
            "scim_bridge_certificate_expiry_seconds 1000.0",
            r#"scim_bridge_target_state{target="workspace",state="out"} 1.0"#,
            r#"scim_bridge_target_state{target="workspace",state="ok"} 0.0"#,
            r#"scim_bridge_circuit_open{target="workspace",cause="private-link"} 1.0"#,
            r#"scim_bridge_circuit_open{target="workspace",cause="unreachable"} 0.0"#,
            r#"scim_bridge_credential_expiry_seconds{target="workspace"} -60.0"#,
            r#"scim_bridge_calls_total{target="workspace",verb="write",outcome="private-link"} 1"#,
            r#"scim_bridge_throttled_answers_total{target="workspace",verb="read"} 1"#,
            r#"scim_bridge_budget_used_ratio{target="workspace",verb="write"} 0.5"#,
            r#"scim_bridge_queue_depth{target="workspace",class="revocation"} 3.0"#,
            r#"scim_bridge_queue_oldest_seconds{target="workspace",class="revocation"} 70.0"#,
            r#"scim_bridge_oldest_unapplied_revocation_seconds{target="workspace"} 90.0"#,
            r#"scim_bridge_forecast_seconds{target="workspace"} inf"#,
            r#"scim_bridge_held_objects{target="workspace",kind="User"} 2.0"#,
            r#"scim_bridge_guard_held{target="workspace",class="deletes"} 1.0"#,
            r#"scim_bridge_guard_held{target="workspace",class="renames"} 0.0"#,
            r#"scim_bridge_drift_parts{target="workspace",kind="member-extra"} 4.0"#,
            r#"scim_bridge_drift_parts{target="workspace",kind="vanished"} 0.0"#,
            r#"scim_bridge_contested_edges{target="workspace"} 1.0"#,
        ] {
            assert!(page.lines().any(|printed| printed == line), "no {line} in\n{page}");
        }
        for missing in ["store_free_bytes", "verb=\"group-patch\"} NaN"] {
            assert!(!page.contains(missing), "{missing} in\n{page}");
        }
    }

    #[test]
    fn a_store_that_is_held_opens_no_circuit() {
        let mut reading = in_trouble();
        reading.targets[0].reported.state = "held";
        reading.targets[0].reported.cause = Some("after-restore");
        let page = write(&reading).unwrap();
        assert!(!page.contains("cause=\"after-restore\""), "{page}");
        assert!(page.contains(r#"scim_bridge_target_state{target="workspace",state="held"} 1.0"#));
    }
}
