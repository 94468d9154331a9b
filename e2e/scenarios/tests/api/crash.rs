//! The operator is killed at every write it makes, and each time another one goes on: it converges, and nothing is left
//! over or made twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use kube::{
    Api,
    api::{DynamicObject, ListParams},
};
use serde_json::{Value, json};
use todo_scenarios::{
    Result, cluster,
    gate::{Fate, Gate, Write},
    operator::{Operator, Start},
    platform,
};
use todoplatform_render::ChildKind;

use super::fixture::World;

/// More lives than any phase needs: a phase that uses them up does not converge.
const LIVES: usize = 200;

#[tokio::test]
async fn killed_at_every_write_of_create_change_and_prune_it_converges() -> Result<()> {
    let World { client, ns, operator } = World::new("crash").await?;
    operator.kill().await?;
    let mut run = Run {
        gate: Gate::open(&ns).await?,
        client,
        ns,
        lost: Vec::new(),
        life: 0,
    };

    let created = run.phase(&json!({"profile": "development"})).await?;
    let writes_to_create = run.lost.len();
    assert!(
        writes_to_create > 50,
        "a platform has many children, and each was written in a life of its own: {writes_to_create}"
    );
    let uids = run.uids().await?;
    let changed = json!({"profile": "development", "services": {
        "task": {"logLevel": "debug"}, "analytics": {"logLevel": "warn"}, "gateway": {"env": [{"name": "A", "value": "b"}]},
    }});
    run.phase(&changed).await?;
    assert!(
        run.lost.len() >= writes_to_create + 3,
        "each change was interrupted"
    );
    assert_eq!(uids, run.uids().await?, "a change replaces no object");

    let before_prune = run.lost.len();
    let mut pruned = changed.clone();
    pruned["observability"] = json!({"monitoring": {"enabled": false}});
    run.phase(&pruned).await?;
    assert!(
        run.lost[before_prune..]
            .iter()
            .any(|write| write.method == http::Method::DELETE),
        "deleting was interrupted: {:?}",
        &run.lost[before_prune..]
    );

    let platform = cluster::get(&run.client, &run.ns, "TodoPlatform", "todo").await?;
    assert_eq!(created["metadata"]["uid"], platform["metadata"]["uid"]);
    let inventory: BTreeSet<String> = platform["status"]["inventory"]
        .as_array()
        .ok_or("no inventory")?
        .iter()
        .map(|entry| {
            format!(
                "{}/{}",
                entry["kind"].as_str().unwrap_or_default(),
                entry["name"].as_str().unwrap_or_default()
            )
        })
        .collect();
    let left = run.uids().await?;
    assert_eq!(
        inventory,
        left.keys().cloned().collect(),
        "what is there is what the status lists: no orphan, nothing missing"
    );
    for (object, uid) in &left {
        assert_eq!(Some(uid), uids.get(object), "{object} was made once");
    }
    Ok(())
}

struct Run {
    client: kube::Client,
    ns: String,
    gate: Gate,
    lost: Vec<Write>,
    life: usize,
}

impl Run {
    /// Applies a spec and lets operators die at it until one has nothing left to write.
    async fn phase(&mut self, spec: &Value) -> Result<Value> {
        cluster::apply(&self.client, &self.ns, &platform::todo(spec)).await?;
        for _ in 0..LIVES {
            self.life += 1;
            self.gate.judge(rule(self.life));
            // A Lease for each, or it would wait for that of the one before to expire.
            let start = Start::in_namespace(&format!("operator-{}", self.ns), &self.ns)
                .arg("--lease-name", &format!("life-{}", self.life));
            let world = World {
                operator: Operator::spawn(&start.kubeconfig(self.gate.kubeconfig()))?,
                client: self.client.clone(),
                ns: self.ns.clone(),
            };
            tokio::select! {
                lost = self.gate.lost() => {
                    self.lost.push(lost?);
                    world.operator.kill().await?;
                }
                ready = world.serve_until_ready() => {
                    let ready = ready?;
                    // Ready may come before the last write, of what no pod needs: give it the time of a pass.
                    match tokio::time::timeout(Duration::from_secs(5), self.gate.lost()).await {
                        Ok(lost) => self.lost.push(lost?),
                        Err(_quiet) => {
                            world.operator.kill().await?;
                            return Ok(ready);
                        }
                    }
                    world.operator.kill().await?;
                }
            }
        }
        Err(format!(
            "it does not converge in {LIVES} lives; lost last: {:?}",
            self.lost.last()
        )
        .into())
    }

    /// Every object with the platform's label, by kind and name. All are the platform's own.
    async fn uids(&self) -> Result<BTreeMap<String, String>> {
        let platform = cluster::get(&self.client, &self.ns, "TodoPlatform", "todo").await?;
        let mut uids = BTreeMap::new();
        for kind in ChildKind::ALL {
            let api: Api<DynamicObject> =
                Api::namespaced_with(self.client.clone(), &self.ns, &kind.api_resource());
            let params = ListParams::default().labels("app.kubernetes.io/instance=todo");
            let list = match api.list(&params).await {
                // An optional kind that this API server does not serve. The text of this 404 is no Status, so only its code
                // tells.
                Err(kube::Error::Api(status)) if status.code == 404 => continue,
                list => list?,
            };
            for object in list {
                let name = object.metadata.name.unwrap_or_default();
                let owners = object.metadata.owner_references.unwrap_or_default();
                assert!(
                    owners
                        .iter()
                        .any(|owner| platform["metadata"]["uid"] == owner.uid.as_str()),
                    "{}/{name} has no owner",
                    kind.as_str()
                );
                uids.insert(
                    format!("{}/{name}", kind.as_str()),
                    object.metadata.uid.unwrap_or_default(),
                );
            }
        }
        Ok(uids)
    }
}

/// Loses one write per life: the first of a child, mostly after the server has carried it out, so that the next life
/// finds it done; in every fifth life before. In every seventh life it is a status, or the second child if that comes
/// first.
fn rule(life: usize) -> impl FnMut(&Write) -> Fate + Send + 'static {
    let mut is_armed = true;
    let mut children = 0;
    move |write| {
        if !is_armed {
            return Fate::Held;
        }
        children += usize::from(!write.is_about_itself());
        let is_chosen = if life.is_multiple_of(7) {
            write.path.ends_with("/status") || children == 2
        } else {
            children == 1
        };
        if !is_chosen {
            return Fate::Pass;
        }
        is_armed = false;
        if life.is_multiple_of(5) {
            Fate::LostBefore
        } else {
            Fate::LostAfter
        }
    }
}
