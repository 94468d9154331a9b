//! Pods and workloads, by kube-state-metrics, cAdvisor and the kubelet: scraped by others, if at all.

use super::{Metric, SCRAPED_BY_OTHERS, Source, Unit};

const CONTAINER: &[&str] = &["namespace", "pod", "container"];
const DEPLOYMENT: &[&str] = &["namespace", "deployment"];
const STATEFUL_SET: &[&str] = &["namespace", "statefulset"];
const AUTOSCALER: &[&str] = &["namespace", "horizontalpodautoscaler"];
const CLAIM: &[&str] = &["namespace", "persistentvolumeclaim"];

pub(super) const SOURCE: Source = Source {
    title: "Kubernetes",
    target_labels: SCRAPED_BY_OTHERS,
    metrics: &[
        Metric::gauge(
            "container_memory_working_set_bytes",
            Unit::Bytes,
            CONTAINER,
            "Memory that counts against the limit of a container",
        ),
        Metric {
            name: "container_cpu_usage_seconds_total",
            kind: super::Kind::Counter,
            unit: Unit::Seconds,
            labels: CONTAINER,
            help: "CPU that a container used",
        },
        Metric::counter(
            "container_cpu_cfs_periods_total",
            CONTAINER,
            "Periods in which a container with a CPU limit ran",
        ),
        Metric::counter(
            "container_cpu_cfs_throttled_periods_total",
            CONTAINER,
            "Periods in which a container was held back",
        ),
        Metric::gauge(
            "kube_pod_container_resource_limits",
            Unit::Count,
            &["namespace", "pod", "container", "resource", "unit"],
            "Limits of a container",
        ),
        Metric::gauge(
            "kube_pod_container_resource_requests",
            Unit::Count,
            &["namespace", "pod", "container", "resource", "unit"],
            "What a container reserves",
        ),
        Metric::gauge(
            "kube_pod_container_status_waiting_reason",
            Unit::Truth,
            &["namespace", "pod", "container", "reason"],
            "Why a container waits",
        ),
        Metric::counter(
            "kube_pod_container_status_restarts_total",
            CONTAINER,
            "Restarts of a container",
        ),
        Metric::gauge(
            "kube_deployment_spec_replicas",
            Unit::Count,
            DEPLOYMENT,
            "Pods that a Deployment wants",
        ),
        Metric::gauge(
            "kube_deployment_status_replicas_available",
            Unit::Count,
            DEPLOYMENT,
            "Pods of a Deployment that serve",
        ),
        Metric::gauge(
            "kube_deployment_status_replicas_unavailable",
            Unit::Count,
            DEPLOYMENT,
            "Pods of a Deployment that do not serve",
        ),
        Metric::gauge(
            "kube_statefulset_replicas",
            Unit::Count,
            STATEFUL_SET,
            "Pods that a StatefulSet wants",
        ),
        Metric::gauge(
            "kube_statefulset_status_replicas_ready",
            Unit::Count,
            STATEFUL_SET,
            "Pods of a StatefulSet that serve",
        ),
        Metric::gauge(
            "kube_horizontalpodautoscaler_spec_min_replicas",
            Unit::Count,
            AUTOSCALER,
            "Fewest pods",
        ),
        Metric::gauge(
            "kube_horizontalpodautoscaler_spec_max_replicas",
            Unit::Count,
            AUTOSCALER,
            "Most pods",
        ),
        Metric::gauge(
            "kube_horizontalpodautoscaler_status_current_replicas",
            Unit::Count,
            AUTOSCALER,
            "Pods that there are",
        ),
        Metric::gauge(
            "kube_horizontalpodautoscaler_status_desired_replicas",
            Unit::Count,
            AUTOSCALER,
            "Pods that the autoscaler wants",
        ),
        Metric::gauge(
            "kubelet_volume_stats_available_bytes",
            Unit::Bytes,
            CLAIM,
            "Free space of a volume",
        ),
        Metric::gauge(
            "kubelet_volume_stats_capacity_bytes",
            Unit::Bytes,
            CLAIM,
            "Size of a volume",
        ),
    ],
};
