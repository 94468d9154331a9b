//! Which of the kinds that an API server may lack are served: Dapr's and the Prometheus operator's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use todoplatform_render::ChildKind;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::chain::Chain;
use crate::metrics::Metrics;

/// How often the API server is asked. Discovery is cheap, needs no permission, and tells nobody when it changes.
const EVERY: Duration = Duration::from_secs(10);
/// After a failure.
const AGAIN: Duration = Duration::from_secs(2);

/// Keeps `served` up to date until `stop`. What was found last holds while the API server does not answer.
pub async fn discover(
    client: Client,
    served: watch::Sender<Option<BTreeSet<ChildKind>>>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) {
    loop {
        let answer = tokio::select! {
            answer = served_now(&client) => answer,
            () = stop.cancelled() => return,
        };
        let wait = match answer {
            Ok(now) => {
                for kind in ChildKind::ALL.into_iter().filter(|kind| kind.optional()) {
                    let resource = kind.api_resource();
                    let name = format!("{}.{}", resource.plural, resource.group);
                    metrics.set_crd_missing(&name, !now.contains(&kind));
                }
                served.send_if_modified(|known| {
                    let has_changed = known.as_ref() != Some(&now);
                    if has_changed {
                        let kinds: Vec<&str> = now.iter().map(|kind| kind.as_str()).collect();
                        tracing::info!(
                            kinds = kinds.join(","),
                            "the API server serves these optional kinds"
                        );
                        *known = Some(now);
                    }
                    has_changed
                });
                EVERY
            }
            Err(error) => {
                tracing::warn!(error.chain = %Chain(&error), "discovery of the optional kinds failed");
                AGAIN
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Asks once. A group that is not served is an answer, not an error.
async fn served_now(client: &Client) -> Result<BTreeSet<ChildKind>, kube::Error> {
    let mut wanted = BTreeMap::<String, Vec<ChildKind>>::new();
    for kind in ChildKind::ALL.into_iter().filter(|kind| kind.optional()) {
        wanted
            .entry(kind.api_resource().api_version)
            .or_default()
            .push(kind);
    }
    let mut served = BTreeSet::new();
    for (api_version, kinds) in wanted {
        let list = match client.list_api_group_resources(&api_version).await {
            Ok(list) => list,
            // The text of this 404 is no Status, so only its code tells.
            Err(kube::Error::Api(status)) if status.code == 404 => continue,
            Err(error) => return Err(error),
        };
        let has = |kind: ChildKind| {
            let plural = kind.api_resource().plural;
            list.resources.iter().any(|resource| resource.name == plural)
        };
        served.extend(kinds.into_iter().filter(|kind| has(*kind)));
    }
    Ok(served)
}
