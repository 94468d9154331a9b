//! Restarts in turn, and waiting without doing anything.

use super::*;

/// The services whose Deployments were sent since the last call.
fn sent(world: &World) -> Vec<String> {
    let prefix = format!("PATCH {APPS}/deployments/todo-");
    let writes = world.api.writes();
    writes
        .iter()
        .filter_map(|write| write.strip_prefix(&prefix))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn a_change_of_all_apps_reaches_one_after_another_with_its_dapr_objects() {
    let mut world = World::ready().await;
    edit(
        &world.api,
        &json!({"profile": "development", "auth": {"clockSkewSeconds": 31}, "dapr": {"resiliency": {"maxRetries": 3}}}),
    );
    for service in ["analytics", "notification", "scheduler", "task", "gateway"] {
        world.pass().await;
        let writes = world.api.writes();
        let of_others = |write: &&String| {
            let is_paced = ["/deployments/", "/configmaps/", "/resiliencies/"]
                .iter()
                .any(|kind| write.contains(kind));
            is_paced && !write.ends_with(&format!("/todo-{service}"))
        };
        assert_eq!(writes.iter().find(of_others), None, "{service}: {writes:?}");
        assert!(
            writes.contains(&format!("PATCH {APPS}/deployments/todo-{service}")),
            "{service}: {writes:?}"
        );
        // The watch has not shown yet what was sent: nobody else may go on from the old picture.
        world.pass().await;
        assert_eq!(sent(&world), [""; 0], "{service}");
        assert_eq!(condition(&world.status(), READY).unwrap().status, "False");
        world.workloads_serve();
    }
    world.pass().await;
    assert_eq!(condition(&world.status(), READY).unwrap().status, "True");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_minutes_late_is_waited_for_without_a_write() {
    let mut world = World::new(&json!({"profile": "development"}));
    world.pass().await;
    world.pass().await;
    world.api.writes();
    for _ in 0..100 {
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(world.pass().await, Action::requeue(Duration::from_secs(3)));
    }
    assert_eq!(world.api.writes(), [""; 0]);
    assert_eq!(
        condition(&world.status(), READY).unwrap().reason,
        "WaitingForDependencies"
    );
    world.workloads_serve();
    world.pass().await;
    assert_eq!(sent(&world).len(), 5);
    world.workloads_serve();
    world.pass().await;
    assert_eq!(condition(&world.status(), READY).unwrap().status, "True");

    let path = format!("{APPS}/statefulsets/todo-redis");
    for ready in [0, 1, 0, 1] {
        let mut object = world.api.get(&path).unwrap();
        object["status"]["readyReplicas"] = json!(ready);
        world.api.put(&path, object);
        let set: StatefulSet = serde_json::from_value(world.api.get(&path).unwrap()).unwrap();
        let event = Event::Apply(set);
        world.operator.writers.stateful_sets.apply_watcher_event(&event);
        tokio::time::advance(Duration::from_secs(3)).await;
        world.pass().await;
    }
    let writes = world.api.writes();
    assert!(
        writes.iter().all(|write| write.ends_with("/status")),
        "{writes:?}"
    );
}
