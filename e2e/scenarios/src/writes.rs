//! Write requests, counted by the API server itself.

use std::collections::BTreeMap;

use http::Request;
use kube::Client;

use crate::Result;

/// What the operator writes: its children, its resource, its events. Others write leases, endpoints and statuses all
/// the time, so those are left out.
const RESOURCES: &[&str] = &[
    "components",
    "configmaps",
    "configurations",
    "deployments",
    "events",
    "horizontalpodautoscalers",
    "persistentvolumeclaims",
    "podmonitors",
    "prometheusrules",
    "resiliencies",
    "scaledobjects",
    "secrets",
    "serviceaccounts",
    "servicemonitors",
    "services",
    "statefulsets",
    "subscriptions",
    "todoplatforms",
    "triggerauthentications",
];

/// Write requests so far, by verb, resource and subresource, from `apiserver_request_total`.
pub async fn count(client: &Client) -> Result<BTreeMap<String, u64>> {
    let text = client
        .request_text(Request::get("/metrics").body(Vec::new())?)
        .await?;
    Ok(parse(&text))
}

fn parse(text: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in text.lines().filter(|l| l.starts_with("apiserver_request_total{")) {
        let Some((labels, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let label = |name: &str| {
            labels
                .split_once(&format!("{name}=\""))
                .and_then(|(_, rest)| rest.split_once('"'))
                .map_or("", |(v, _)| v)
        };
        let write = matches!(
            label("verb"),
            "POST" | "PUT" | "PATCH" | "APPLY" | "DELETE" | "DELETECOLLECTION"
        );
        let resource = label("resource");
        // kubelet's Events are of the core group; the operator's are of `events.k8s.io`.
        let ours = resource != "events" || label("group") == "events.k8s.io";
        if write && ours && RESOURCES.contains(&resource) {
            let key = format!("{} {resource}/{}", label("verb"), label("subresource"));
            // Prometheus' text form writes large counters as 1.234e+06: a float on the wire, whole in fact.
            *counts.entry(key).or_default() += value
                .parse::<f64>()
                .map_or(0, |v| format!("{v:.0}").parse().unwrap_or(0));
        }
    }
    counts
}

/// What was written between two counts; empty when nothing was.
pub fn between(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    after
        .iter()
        .map(|(key, n)| (key.clone(), n - before.get(key).copied().unwrap_or(0)))
        .filter(|(_, n)| *n > 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "\
apiserver_request_total{code=\"200\",component=\"apiserver\",resource=\"deployments\",subresource=\"\",verb=\"PATCH\"} 3
apiserver_request_total{code=\"201\",component=\"apiserver\",resource=\"deployments\",subresource=\"\",verb=\"PATCH\"} 2
apiserver_request_total{code=\"200\",resource=\"deployments\",subresource=\"\",verb=\"GET\"} 9
apiserver_request_total{code=\"200\",resource=\"leases\",subresource=\"\",verb=\"PUT\"} 9
apiserver_request_total{code=\"201\",group=\"\",resource=\"events\",subresource=\"\",verb=\"POST\"} 7
apiserver_request_total{code=\"201\",group=\"events.k8s.io\",resource=\"events\",subresource=\"\",verb=\"POST\"} 1.5e+06
";

    #[test]
    fn only_writes_of_our_kinds_count_and_codes_add_up() {
        let counts = parse(METRICS);
        assert_eq!(
            counts,
            BTreeMap::from([
                ("PATCH deployments/".to_owned(), 5),
                ("POST events/".to_owned(), 1_500_000)
            ])
        );
    }

    #[test]
    fn the_difference_names_what_was_written() {
        let before = BTreeMap::from([("PATCH deployments/".to_owned(), 5)]);
        let after = BTreeMap::from([
            ("PATCH deployments/".to_owned(), 7),
            ("POST events/".to_owned(), 1),
        ]);
        assert_eq!(
            between(&before, &after),
            BTreeMap::from([
                ("PATCH deployments/".to_owned(), 2),
                ("POST events/".to_owned(), 1)
            ])
        );
        assert!(between(&after, &after).is_empty());
    }
}
