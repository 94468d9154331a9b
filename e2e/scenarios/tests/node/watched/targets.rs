//! What Prometheus scrapes.

use std::{collections::BTreeMap, time::Duration};

use todo_scenarios::{Result, prometheus::Prometheus, wait};

/// Which metrics come from which monitors of a platform in development, and of how many pods.
const POOLS: [(&str, usize); 4] = [
    ("podMonitor/{ns}/todo-sidecars/0", 5),
    ("serviceMonitor/{ns}/todo-services/0", 5),
    ("podMonitor/{ns}/todo-postgres-exporter/0", 1),
    ("podMonitor/{ns}/todo-redis-exporter/0", 1),
];
/// What tells of Kubernetes, which is none of ours.
const OF_KUBERNETES: [(&str, usize); 2] = [
    ("podMonitor/{ns}/kube-state-metrics/0", 1),
    ("scrapeConfig/{ns}/containers", 1),
];
/// Those of the operator's chart. Dapr's control plane: injector, operator, placement, scheduler and sentry, however many pods
/// of each there are.
const OF_THE_CHART: [(&str, usize); 2] = [
    ("serviceMonitor/todoplatform-system/todoplatform-operator/0", 2),
    ("podMonitor/todoplatform-system/todoplatform-operator-dapr/0", 5),
];

/// Every monitor, those above and `others`, has as many targets as there are pods, all of them up, those of the platform
/// under its labels.
pub(super) async fn every_target_is_up(
    metrics: &Prometheus,
    ns: &str,
    others: &[(&str, usize)],
) -> Result<()> {
    wait::until(Duration::from_mins(3), "every target is up", || async {
        let mut pools = BTreeMap::<String, usize>::new();
        for target in metrics.targets().await? {
            if target.health != "up" {
                return Err(
                    format!("{}: {} {}", target.scrape_pool, target.health, target.last_error).into(),
                );
            }
            let label = |name: &str| target.labels.get(name).map(String::as_str);
            if target.scrape_pool.contains(&format!("/{ns}/todo-")) {
                let whose = (label("namespace"), label("platform"));
                assert_eq!(whose, (Some(ns), Some("todo")), "{target:?}");
            }
            *pools.entry(target.scrape_pool).or_default() += 1;
        }
        let expected: BTreeMap<String, usize> = POOLS
            .into_iter()
            .chain(OF_KUBERNETES)
            .chain(OF_THE_CHART)
            .chain(others.iter().copied())
            .map(|(pool, pods)| (pool.replace("{ns}", ns), pods))
            .collect();
        if pools == expected {
            Ok(())
        } else {
            Err(format!("{pools:?}").into())
        }
    })
    .await
}
