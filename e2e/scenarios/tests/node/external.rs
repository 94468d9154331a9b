//! `config/samples/external-services.yaml`: PostgreSQL, Redis and Kafka that the platform does not own.

use serde_json::json;
use todo_scenarios::{Result, cluster, command, install};

use super::{again, dapr, job, keep, shared};

#[tokio::test]
async fn the_external_services_sample_runs_on_stores_and_a_broker_of_others() -> Result<()> {
    install::operator().await?;
    let client = cluster::client().await?;
    let ns = cluster::namespace(&client, "external").await?;
    for name in ["mailsink", "postgres", "redis", "kafka", "external-secrets"] {
        install::manifest(&ns, name).await?;
    }

    job::apply_sample(&ns, "external-services.yaml").await?;
    job::every_pod_has_its_sidecar(&client, &ns).await?;
    assert!(
        cluster::names(&client, &ns, "StatefulSet").await?.is_empty(),
        "nothing embedded was asked for"
    );
    job::does_its_job(&ns).await?;
    again::a_task_comes_again_once(&ns).await?;
    shared::a_project_is_shared(&ns).await?;
    shared::a_deleted_task_comes_back(&ns).await?;
    shared::the_api_is_documented(&ns).await?;

    keep::nothing_running_is_torn_down_by_a_refused_password(&client, &ns).await?;
    dapr::a_component_that_is_not_loaded_is_named(&client, &ns).await?;

    command::kubectl_ok(&["-n", &ns, "delete", "tp/todo", "--timeout=60s"], None).await?;
    keep::nothing_is_left(&client, &ns).await?;
    let secrets = cluster::names(&client, &ns, "Secret").await?;
    assert_eq!(
        json!(secrets),
        json!(["todo-cache", "todo-database"]),
        "the user's own Secrets stay"
    );
    Ok(())
}
