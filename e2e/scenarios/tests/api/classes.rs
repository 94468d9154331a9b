//! Several operators side by side: each runs the platforms of its class, or with its labels, and no other's.

use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{
    Result, cluster,
    operator::{Operator, Start},
    wait,
};

use super::fixture::place;

fn named(name: &str, labels: &Value, spec: &Value) -> Value {
    json!({
        "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform",
        "metadata": {"name": name, "labels": labels}, "spec": spec,
    })
}

#[tokio::test]
async fn each_operator_runs_the_platforms_of_its_class() -> Result<()> {
    let (client, ns) = place("class").await?;
    let plain = Operator::run(&Start::in_namespace(&format!("{ns}-plain"), &ns)).await?;
    let start = Start::in_namespace(&format!("{ns}-blue"), &ns).arg("--class", "blue");
    let blue = Operator::run(&start).await?;
    for (name, spec) in [
        ("plain", json!({"profile": "development"})),
        (
            "azure",
            json!({"profile": "development", "operatorClass": "blue"}),
        ),
        (
            "nobodys",
            json!({"profile": "development", "operatorClass": "green"}),
        ),
    ] {
        cluster::apply(&client, &ns, &named(name, &json!({}), &spec)).await?;
    }
    for name in ["plain-postgres", "azure-postgres"] {
        wait::until(Duration::from_secs(30), name, || async {
            cluster::get(&client, &ns, "StatefulSet", name).await
        })
        .await?;
    }
    wait::throughout(Duration::from_secs(3), "nothing of the third class", || async {
        let nobodys = cluster::get(&client, &ns, "TodoPlatform", "nobodys").await?;
        if nobodys["status"]["conditions"].is_null() {
            Ok(())
        } else {
            Err(format!("{:#}", nobodys["status"]).into())
        }
    })
    .await?;
    for (operator, own, others) in [(&plain, "plain", "azure"), (&blue, "azure", "plain")] {
        let series = |platform: &str| {
            format!("todoplatform_platform_ready{{namespace=\"{ns}\",platform=\"{platform}\"}}")
        };
        let metrics = operator.metrics().await?;
        assert!(metrics.contains(&series(own)), "{own} is not in\n{metrics}");
        assert!(!metrics.contains(&series(others)), "{others} is in\n{metrics}");
    }
    let leases = leases(&client, &ns).await?;
    assert_eq!(leases, ["todoplatform-operator", "todoplatform-operator-blue"]);

    // Handed from one class to the other: nothing is made anew.
    let before = cluster::get(&client, &ns, "StatefulSet", "plain-postgres").await?;
    let spec = json!({"profile": "development", "operatorClass": "blue", "gateway": {"rateLimit": {"requests": 11}}});
    cluster::apply(&client, &ns, &named("plain", &json!({}), &spec)).await?;
    wait::until(Duration::from_secs(30), "the other operator's pass", || async {
        let platform = cluster::get(&client, &ns, "TodoPlatform", "plain").await?;
        if platform["status"]["observedGeneration"] == platform["metadata"]["generation"] {
            Ok(())
        } else {
            Err(format!("{:#}", platform["status"]).into())
        }
    })
    .await?;
    let after = cluster::get(&client, &ns, "StatefulSet", "plain-postgres").await?;
    assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);
    assert!(!plain.metrics().await?.contains("platform=\"plain\""));
    Ok(())
}

#[tokio::test]
async fn a_label_selector_leaves_other_platforms_alone() -> Result<()> {
    let (client, ns) = place("selector").await?;
    let start = Start::in_namespace(&format!("{ns}-blue"), &ns).arg("--platform-selector", "team=blue");
    let _operator = Operator::run(&start).await?;
    let spec = json!({"profile": "development"});
    cluster::apply(&client, &ns, &named("other", &json!({"team": "red"}), &spec)).await?;
    cluster::apply(&client, &ns, &named("ours", &json!({"team": "blue"}), &spec)).await?;
    wait::until(Duration::from_secs(30), "the platform of the team", || async {
        cluster::get(&client, &ns, "StatefulSet", "ours-postgres").await
    })
    .await?;
    assert_eq!(
        cluster::names(&client, &ns, "StatefulSet").await?,
        ["ours-postgres", "ours-redis"]
    );
    let other = cluster::get(&client, &ns, "TodoPlatform", "other").await?;
    assert!(other["status"]["conditions"].is_null(), "{:#}", other["status"]);
    Ok(())
}

async fn leases(client: &kube::Client, ns: &str) -> Result<Vec<String>> {
    use k8s_openapi::api::coordination::v1::Lease;
    let list = kube::Api::<Lease>::namespaced(client.clone(), ns)
        .list(&kube::api::ListParams::default())
        .await?;
    let mut names: Vec<String> = list
        .items
        .into_iter()
        .filter_map(|lease| lease.metadata.name)
        .collect();
    names.sort();
    Ok(names)
}
