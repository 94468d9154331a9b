//! Several replicas: one writes, whatever happens to it another goes on, and never do two write.

use std::time::{Duration, Instant};

use kube::Client;
use serde_json::json;
use todo_scenarios::{
    Result, audit, cluster,
    operator::{Operator, Start, artifacts},
    platform,
    proxy::Proxy,
    wait,
};

use super::fixture::{World, place};

/// Replicas of one operator, one of which leads.
struct Replicas {
    client: Client,
    ns: String,
    leader: Operator,
    others: Vec<Operator>,
}

impl Replicas {
    /// Starts replicas one after another, so that the first one leads.
    async fn start(client: Client, ns: String, starts: Vec<Start>) -> Result<Self> {
        let mut replicas = Vec::new();
        for start in &starts {
            let replica = Operator::run(start).await?;
            if replicas.is_empty() {
                leads(&replica, Duration::from_secs(10)).await?;
            }
            replicas.push(replica);
        }
        let leader = replicas.remove(0);
        Ok(Self {
            client,
            ns,
            leader,
            others: replicas,
        })
    }
}

/// The leader has gone: waits for the next one among the others.
async fn successor(mut others: Vec<Operator>, limit: Duration) -> Result<(Operator, Vec<Operator>)> {
    let at = wait::until(limit, "another leader", || async {
        for (at, replica) in others.iter().enumerate() {
            if replica.leads().await? {
                return Ok(at);
            }
        }
        Err("nobody leads".into())
    })
    .await?;
    let next = others.remove(at);
    Ok((next, others))
}

fn start(name: &str, ns: &str, seconds: u64) -> Start {
    Start::in_namespace(&format!("{ns}-{name}"), ns).arg("--lease-seconds", &seconds.to_string())
}

async fn leads(operator: &Operator, limit: Duration) -> Result<()> {
    wait::until(limit, "the claim", || async {
        if operator.leads().await? {
            Ok(())
        } else {
            Err(format!("{} does not lead", operator.name()).into())
        }
    })
    .await
}

/// Edits the platform over and over, so that whoever leads always has something to write, until it is dropped.
fn busy(client: &Client, ns: &str) -> tokio::task::JoinHandle<()> {
    let (client, ns) = (client.clone(), ns.to_owned());
    tokio::spawn(async move {
        for seconds in (1..=60).cycle() {
            let spec = json!({"profile": "development", "gateway": {"rateLimit": {"requests": seconds}}});
            // The next one tells as much.
            let _edited = cluster::apply(&client, &ns, &platform::todo(&spec)).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
}

/// By the API server's own account: nobody wrote without the claim, and these names held it, one after another.
fn held_by(ns: &str, expected: &[&str]) -> Result<()> {
    let writes = audit::writes(ns)?;
    assert!(
        writes.iter().any(|write| write.holder.is_none()),
        "the audit log has the writes"
    );
    assert_eq!(audit::without_claim(&writes), Vec::<String>::new());
    let holders = audit::holders(&writes);
    let names: Vec<String> = holders
        .iter()
        .map(|holder| {
            let name = holder.rsplit_once('_').map_or("", |(name, _random)| name);
            name.trim_start_matches(ns).trim_start_matches('-').to_owned()
        })
        .collect();
    assert_eq!(names, expected);
    Ok(())
}

#[tokio::test]
async fn sigterm_hands_over_at_once_and_a_standby_serves_probes_and_metrics() -> Result<()> {
    // Long enough that an expiry cannot be taken for a hand-over.
    const LEASE: u64 = 60;
    let (client, ns) = place("term").await?;
    let starts = vec![start("a", &ns, LEASE), start("b", &ns, LEASE)];
    let replicas = Replicas::start(client, ns, starts).await?;
    let standby = &replicas.others[0];
    assert!(!standby.leads().await?);
    assert_eq!(standby.probe("/readyz").await?.0, 200);
    assert_eq!(standby.probe("/livez").await?.0, 200);
    cluster::apply(
        &replicas.client,
        &replicas.ns,
        &platform::todo(&json!({"profile": "development"})),
    )
    .await?;
    cluster_has(&replicas.client, &replicas.ns, "StatefulSet", "todo-postgres").await?;
    wait::until(
        Duration::from_secs(30),
        "the platform in the leader's metrics",
        || async {
            if replicas.leader.metric("todoplatform_platform_condition{").await? > 0.5 {
                Ok(())
            } else {
                Err("not by name yet".into())
            }
        },
    )
    .await?;
    assert_eq!(
        standby
            .metric("todoplatform_platform_condition{")
            .await?
            .to_bits(),
        0f64.to_bits()
    );
    assert_eq!(
        standby.metric("todoplatform_api_writes_total").await?.to_bits(),
        0f64.to_bits()
    );

    let busy = busy(&replicas.client, &replicas.ns);
    let Replicas {
        client,
        ns,
        leader,
        others,
    } = replicas;
    let asked = Instant::now();
    let (ended, replicas) = tokio::join!(leader.terminate(), async {
        leads(&others[0], Duration::from_secs(LEASE / 2)).await?;
        Ok::<_, todo_scenarios::Error>((asked.elapsed(), others))
    });
    ended?;
    let (took, mut others) = replicas?;
    assert!(
        took < Duration::from_secs(LEASE / 6),
        "released, not expired: {took:?}"
    );
    busy.abort();
    let world = World {
        client,
        ns,
        operator: others.remove(0),
    };
    world.ready().await?;
    held_by(&world.ns, &["a", "", "b"])
}

#[tokio::test]
async fn a_leader_that_is_killed_in_the_middle_of_a_rollout_is_succeeded_by_one_of_two() -> Result<()> {
    let (client, ns) = place("kill").await?;
    let starts = ["a", "b", "c"].map(|name| start(name, &ns, 3)).to_vec();
    let Replicas {
        client,
        ns,
        leader,
        others,
    } = Replicas::start(client, ns, starts).await?;
    cluster::apply(&client, &ns, &platform::todo(&json!({"profile": "development"}))).await?;
    // The first kinds are there, the last are not.
    cluster_has(&client, &ns, "ConfigMap", "todo-task").await?;
    leader.kill().await?;
    let busy = busy(&client, &ns);
    let (operator, standbys) = successor(others, Duration::from_secs(30)).await?;
    let world = World { client, ns, operator };
    busy.abort();
    world.ready().await?;
    assert_eq!(standbys.len(), 1);
    assert!(!standbys[0].leads().await?);
    let holders = audit::holders(&audit::writes(&world.ns)?);
    assert_eq!(holders.len(), 2, "one after the other, by expiry: {holders:?}");
    assert_eq!(
        audit::without_claim(&audit::writes(&world.ns)?),
        Vec::<String>::new()
    );
    Ok(())
}

#[tokio::test]
async fn a_leader_that_is_cut_off_stops_before_another_begins_and_stays_a_standby_afterwards() -> Result<()> {
    let (client, ns) = place("cut").await?;
    let proxy = Proxy::start(&artifacts()?, &ns).await?;
    let starts = vec![
        start("a", &ns, 9).kubeconfig(proxy.kubeconfig()),
        start("b", &ns, 9),
    ];
    let replicas = Replicas::start(client, ns, starts).await?;
    let (client, ns) = (replicas.client.clone(), replicas.ns.clone());
    cluster::apply(&client, &ns, &platform::todo(&json!({"profile": "development"}))).await?;
    cluster_has(&client, &ns, "StatefulSet", "todo-postgres").await?;
    let busy = busy(&client, &ns);

    proxy.cut();
    let Replicas {
        leader: cut, others, ..
    } = replicas;
    let successor = &others[0];
    // Asked all the while: the one that is cut off has given up by the time the other leads.
    wait::until(Duration::from_secs(30), "another leader", || async {
        if !successor.leads().await? {
            return Err("nobody else leads yet".into());
        }
        assert!(!cut.leads().await?, "two leaders");
        Ok(())
    })
    .await?;

    proxy.mend();
    wait::throughout(Duration::from_secs(8), "one leader", || async {
        match (cut.leads().await?, successor.leads().await?) {
            (false, true) => Ok(()),
            found => Err(format!("{found:?}").into()),
        }
    })
    .await?;
    busy.abort();
    let mut others = others;
    let world = World {
        client,
        ns,
        operator: others.remove(0),
    };
    world.ready().await?;
    held_by(&world.ns, &["a", "b"])?;

    // And it is as good a successor as any.
    let World { client, ns, operator } = world;
    operator.terminate().await?;
    leads(&cut, Duration::from_secs(30)).await?;
    let world = World {
        client,
        ns,
        operator: cut,
    };
    cluster::delete(&world.client, &world.ns, "Service", "todo-gateway").await?;
    world.exists("Service", "todo-gateway").await?;
    held_by(&world.ns, &["a", "b", "", "a"])
}

async fn cluster_has(client: &Client, ns: &str, kind: &str, name: &str) -> Result<()> {
    wait::until(Duration::from_secs(30), &format!("{kind}/{name}"), || async {
        cluster::get(client, ns, kind, name).await.map(|_found| ())
    })
    .await
}
