//! The operator and its own CRD: missing, older, and put right, without a restart.

use std::time::Duration;

use serde_json::json;
use todo_scenarios::{
    Result, cluster,
    operator::{Operator, Start},
    wait,
};

use super::crds;
use crate::fixture::{World, place};

const GROUP: &str = "todoplatform.dev";

async fn says(operator: &Operator, words: &str) -> Result<()> {
    wait::until(Duration::from_secs(30), words, || async {
        let (status, text) = operator.probe("/readyz").await?;
        if status == 503 && text.contains(words) {
            Ok(())
        } else {
            Err(format!("{status} {text}").into())
        }
    })
    .await
}

#[tokio::test]
async fn without_its_crd_the_operator_lives_waits_and_works_once_it_is_there() -> Result<()> {
    let (client, ns) = place("nocrd").await?;
    let taken = crds::take(&client, GROUP).await?;
    let operator = Operator::spawn(&Start::in_namespace(&format!("operator-{ns}"), &ns))?;
    let result = async {
        wait::until(Duration::from_secs(30), "its probes", || async {
            operator.probe("/livez").await
        })
        .await?;
        says(
            &operator,
            "CRD todoplatforms.todoplatform.dev, which is not installed",
        )
        .await?;
        assert_eq!(operator.probe("/livez").await?.0, 200);
        let series = "todoplatform_crd_missing{crd=\"todoplatforms.todoplatform.dev\"} 1";
        assert!(operator.metrics().await?.contains(series));
        assert!(!operator.leads().await?, "who cannot work is no candidate");
        let events = cluster::objects(&client, &ns, "Event")
            .list(&kube::api::ListParams::default())
            .await?;
        assert!(
                events
                    .iter()
                    .any(|event| event.data["reason"] == "CrdMissing"
                        && event.data["regarding"]["kind"] == "Pod"),
                "an Event tells of it: {events:?}"
            );
        Ok::<(), todo_scenarios::Error>(())
    }
    .await;
    crds::put(&client, &taken).await?;
    result?;
    operator.ready().await?;
    let world = World { client, ns, operator };
    world.ready().await?;
    Ok(())
}

#[tokio::test]
async fn an_older_crd_is_named_with_what_it_lacks_and_nothing_is_written_until_it_is_renewed() -> Result<()> {
    let (client, ns) = place("oldcrd").await?;
    let taken = crds::take(&client, GROUP).await?;
    let mut older = serde_json::to_value(&taken)?;
    let spec = "/0/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    older
        .pointer_mut(spec)
        .and_then(|fields| fields.as_object_mut())
        .and_then(|fields| fields.remove("operatorClass"))
        .ok_or("the CRD has operatorClass")?;
    crds::put(&client, &serde_json::from_value::<Vec<_>>(older)?).await?;
    let operator = Operator::spawn(&Start::in_namespace(&format!("operator-{ns}"), &ns))?;
    let result = async {
        wait::until(Duration::from_secs(30), "its probes", || async {
            operator.probe("/livez").await
        })
        .await?;
        says(&operator, "it lacks spec.operatorClass").await?;
        assert!(operator.metric("todoplatform_crd_outdated ").await? > 0.5);
        let platform = todo_scenarios::platform::todo(&json!({"profile": "development"}));
        cluster::apply(&client, &ns, &platform).await?;
        wait::throughout(Duration::from_secs(3), "nothing is written", || async {
            let sets = cluster::names(&client, &ns, "StatefulSet").await?;
            if sets.is_empty() {
                Ok(())
            } else {
                Err(format!("{sets:?}").into())
            }
        })
        .await
    }
    .await;
    let older = crds::take(&client, GROUP).await?;
    assert_eq!(older.len(), 1);
    crds::put(&client, &taken).await?;
    result?;
    operator.ready().await?;
    assert!(operator.metric("todoplatform_crd_outdated ").await? < 0.5);
    let world = World { client, ns, operator };
    world.ready().await?;
    Ok(())
}
