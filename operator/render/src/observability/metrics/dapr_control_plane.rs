//! Dapr's control plane, once per cluster.

use super::{Metric, Source, Unit};

pub(super) const SOURCE: Source = Source {
    title: "Dapr's control plane",
    target_labels: &["namespace", "pod", "container", "endpoint", "job", "instance"],
    metrics: &[
        Metric::gauge(
            "dapr_sentry_issuercert_expiry_timestamp",
            Unit::Timestamp,
            &[],
            "When the issuer's certificate expires",
        ),
        Metric::counter(
            "dapr_sentry_cert_sign_failure_total",
            &["reason"],
            "Certificates of sidecars that were not signed",
        ),
        Metric::counter(
            "dapr_injector_sidecar_injection_requests_total",
            &[],
            "Pods that were to get a sidecar",
        ),
        Metric::counter(
            "dapr_injector_sidecar_injection_succeeded_total",
            &["app_id"],
            "Pods that got a sidecar",
        ),
        Metric::counter(
            "dapr_injector_sidecar_injection_failed_total",
            &["app_id", "reason"],
            "Pods that got no sidecar",
        ),
        Metric::gauge(
            "dapr_scheduler_sidecars_connected",
            Unit::Count,
            &[],
            "Sidecars that wait for jobs",
        ),
        Metric::counter(
            "dapr_scheduler_jobs_failed_total",
            &["type"],
            "Jobs that could not be triggered",
        ),
        Metric::counter(
            "dapr_scheduler_jobs_undelivered_total",
            &["type"],
            "Jobs that came due while no sidecar waited for them",
        ),
    ],
};
