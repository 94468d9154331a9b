//! Pods and what owns them, where kube-state-metrics and the kubelet are scraped; silent where they are not.

use todoplatform_api::AlertSeverity::{Critical, Warning};
use todoplatform_kinds::monitoring::Rule;

use super::{Alert, Scope, Threshold};

const MEMORY: Alert = Alert {
    name: "TodoContainerMemoryNearLimit",
    severity: Warning,
    family: "memory",
    for_: "10m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "0.9",
        unit: "share of the limit",
    }),
    summary: "{{ $labels.container }} of pod {{ $labels.pod }} has next to no memory left",
    description: "{{ $value | humanizePercentage }} of its limit is taken; at the limit it is killed. Look at: kubectl -n <namespace> top pod {{ $labels.pod }} --containers",
    dashboard: "overview",
};
const THROTTLED: Alert = Alert {
    name: "TodoContainerCpuThrottled",
    severity: Warning,
    family: "cpu",
    for_: "15m",
    keep_firing_for: None,
    threshold: Some(Threshold {
        default: "0.25",
        unit: "share of the periods",
    }),
    summary: "{{ $labels.container }} of pod {{ $labels.pod }} is held back by its CPU limit",
    description: "In {{ $value | humanizePercentage }} of all periods it had to wait. Look at: kubectl -n <namespace> top pod {{ $labels.pod }} --containers",
    dashboard: "overview",
};
const CRASH_LOOPING: Alert = Alert {
    name: "TodoCrashLooping",
    severity: Critical,
    family: "pods",
    for_: "5m",
    keep_firing_for: None,
    threshold: None,
    summary: "{{ $labels.container }} of pod {{ $labels.pod }} ends again and again",
    description: "Kubernetes waits longer before each start. Look at: kubectl -n <namespace> logs {{ $labels.pod }} -c {{ $labels.container }} --previous",
    dashboard: "overview",
};
const REPLICAS_MISSING: Alert = Alert {
    name: "TodoReplicasMissing",
    severity: Warning,
    family: "pods",
    for_: "15m",
    keep_firing_for: None,
    threshold: None,
    summary: "{{ $labels.deployment }}{{ $labels.statefulset }} lacks pods",
    description: "Pods that do not serve: {{ $value | printf \"%.0f\" }}. Look at: kubectl todo status <platform> -n <namespace>",
    dashboard: "overview",
};
const AT_MAX: Alert = Alert {
    name: "TodoAutoscalerAtMax",
    severity: Warning,
    family: "scaling",
    for_: "30m",
    keep_firing_for: None,
    threshold: None,
    summary: "{{ $labels.horizontalpodautoscaler }} cannot add pods",
    description: "It has run as many pods as it may for half an hour: more load makes everything slower. Look at: kubectl -n <namespace> describe hpa {{ $labels.horizontalpodautoscaler }}",
    dashboard: "overview",
};

pub(super) const ALERTS: &[Alert] = &[MEMORY, THROTTLED, CRASH_LOOPING, REPLICAS_MISSING, AT_MAX];

pub(super) fn rules(scope: &Scope<'_>) -> Vec<Rule> {
    let names = &scope.platform.names;
    let deployments: Vec<String> = scope.apps().into_iter().map(|app| scope.app_id(app)).collect();
    let stores = [
        scope.platform.postgres.as_ref().map(|_| names.postgres()),
        scope.platform.redis.as_ref().map(|_| names.redis()),
    ];
    let stores: Vec<String> = stores.into_iter().flatten().collect();
    let scalers = scope.apps().into_iter().filter(|app| app.autoscaling.is_some());
    // KEDA makes autoscalers of its own, after the names of its objects.
    let scalers: Vec<String> = scalers
        .flat_map(|app| [scope.app_id(app), format!("keda-hpa-{}", scope.app_id(app))])
        .collect();
    // Kubernetes' own ends of the names: two words of a Deployment's pods, a number of a StatefulSet's.
    let of_deployments = deployments
        .iter()
        .map(|name| format!("{name}-[a-z0-9]+-[a-z0-9]+"));
    let of_stores = stores.iter().map(|name| format!("{name}-[0-9]+"));
    let pods: Vec<String> = of_deployments.chain(of_stores).collect();
    let scope = scope
        .with(
            "pods",
            format!(r#"namespace="<namespace>",pod=~"{}""#, pods.join("|")),
        )
        .matching("deployments", "deployment", deployments.clone())
        .matching("stores", "statefulset", stores.clone())
        .matching("scalers", "horizontalpodautoscaler", scalers.clone());
    let mut rules = Vec::new();
    if !pods.is_empty() {
        rules.extend(of_pods(&scope));
    }
    let mut missing = Vec::new();
    if !deployments.is_empty() {
        missing.push(r#"max by (namespace,deployment) (kube_deployment_status_replicas_unavailable{namespace="<namespace>",<deployments>}) > 0"#);
    }
    if !stores.is_empty() {
        missing.push(r#"max by (namespace,statefulset) (kube_statefulset_replicas{namespace="<namespace>",<stores>}) - max by (namespace,statefulset) (kube_statefulset_status_replicas_ready{namespace="<namespace>",<stores>}) > 0"#);
    }
    if !missing.is_empty() {
        rules.push(scope.alert(&REPLICAS_MISSING, &missing.join(" or ")));
    }
    if !scalers.is_empty() {
        rules.push(scope.alert(
            &AT_MAX,
            r#"max by (namespace,horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_current_replicas{namespace="<namespace>",<scalers>}) == max by (namespace,horizontalpodautoscaler) (kube_horizontalpodautoscaler_spec_max_replicas{namespace="<namespace>",<scalers>})"#,
        ));
    }
    rules.into_iter().flatten().collect()
}

fn of_pods(scope: &Scope<'_>) -> [Option<Rule>; 3] {
    [
        scope.alert(
            &MEMORY,
            r#"max by (namespace,pod,container) (container_memory_working_set_bytes{<pods>,container!=""}) / on (namespace,pod,container) max by (namespace,pod,container) (kube_pod_container_resource_limits{<pods>,resource="memory"}) > <threshold>"#,
        ),
        scope.alert(
            &THROTTLED,
            r#"sum by (namespace,pod,container) (rate(container_cpu_cfs_throttled_periods_total{<pods>,container!=""}[10m])) / (sum by (namespace,pod,container) (rate(container_cpu_cfs_periods_total{<pods>,container!=""}[10m])) > 0) > <threshold>"#,
        ),
        scope.alert(
            &CRASH_LOOPING,
            r#"max by (namespace,pod,container) (kube_pod_container_status_waiting_reason{<pods>,reason="CrashLoopBackOff"}) == 1"#,
        ),
    ]
}
