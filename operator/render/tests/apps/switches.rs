//! Services that are off or paused.

use std::collections::BTreeMap;

use serde_json::json;
use todoplatform_render::ChildKind;

use crate::common::{objects, platform, rendered, validated};
use crate::refused;

#[test]
fn a_service_that_is_off_leaves_nothing_behind() {
    let resources = rendered(&platform(json!({"services": {"analytics": {"enabled": false}}})));
    let left: Vec<_> = resources
        .children
        .iter()
        .filter(|child| child.component.as_deref() == Some("analytics"))
        .collect();
    assert_eq!(left.len(), 0);
    assert!(
        resources
            .secrets
            .iter()
            .all(|recipe| !recipe.name.contains("analytics"))
    );
    for child in resources
        .children
        .iter()
        .filter(|child| child.component.as_deref() != Some("postgres"))
    {
        assert!(
            !child.object.to_string().contains("analytics"),
            "{} {}: {}",
            child.kind.as_str(),
            child.name,
            child.object
        );
    }
    // Reminders were only told of by the scheduler.
    let resources = rendered(&platform(json!({"services": {"scheduler": {"enabled": false}}})));
    let subscriptions = objects(&resources, ChildKind::Subscription);
    assert!(subscriptions.len() > 10);
    assert!(
        subscriptions
            .iter()
            .all(|one| one["spec"]["topic"] != "task.reminder")
    );
}

#[test]
fn a_service_that_others_need_is_refused_with_its_field() {
    let off = |names: &[&str]| {
        let services: BTreeMap<_, _> = names
            .iter()
            .map(|name| (*name, json!({"enabled": false})))
            .collect();
        json!({"services": services})
    };
    let refused_of =
        |names: &[&str]| -> Vec<String> { refused(off(names)).into_iter().map(|(path, _)| path).collect() };
    assert_eq!(refused_of(&["analytics"]), [""; 0]);
    assert_eq!(refused_of(&["gateway"]), [""; 0]);
    assert_eq!(refused_of(&["scheduler", "notification", "analytics"]), [""; 0]);
    assert_eq!(
        refused_of(&["gateway", "task", "scheduler", "notification", "analytics"]),
        [""; 0]
    );
    // The scheduler is left without an event; analytics still counts notifications, and those reminders.
    let refused_for_task = refused(off(&["task"]));
    assert_eq!(refused_for_task[0].0, "spec.services.task.enabled");
    assert!(
        refused_for_task[0].1.starts_with("scheduler needs task"),
        "{refused_for_task:?}"
    );
    assert_eq!(
        refused_of(&["task", "scheduler", "notification", "analytics"]),
        ["spec.services.gateway.enabled"]
    );
}

#[test]
fn without_a_gateway_there_is_no_endpoint() {
    let platform = platform(json!({"services": {"gateway": {"enabled": false}}}));
    assert_eq!(validated(&platform).endpoint(), None);
}

#[test]
fn a_paused_service_is_built_and_not_written() {
    let platform = platform(json!({"services": {"task": {"paused": true}}}));
    let resources = rendered(&platform);
    assert_eq!(resources.paused, ["task".to_owned()].into());
    let of_task = |child: &&todoplatform_render::Child| child.component.as_deref() == Some("task");
    assert!(resources.children.iter().filter(of_task).count() > 5);
    assert_eq!(resources.written().filter(of_task).count(), 0);
    assert!(resources.written().count() > 30);
}
