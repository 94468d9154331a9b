//! Annotations on a TodoPlatform, and on its children, that are part of the API.

/// Pauses the platform until this time (RFC 3339). A value that cannot be read pauses it until it is mended.
pub const PAUSED_UNTIL: &str = "todoplatform.dev/paused-until";

/// Asks for a pass that compares every child anew; any value that it did not have before. Acknowledged in
/// `status.lastHandledReconcileAt`.
pub const RECONCILE_REQUESTED_AT: &str = "todoplatform.dev/reconcile-requested-at";

/// Asks for new pods of every service; any value that it did not have before. With `.<component>` after it, of that
/// component alone. Acknowledged in `status.lastHandledRestartAt`.
pub const RESTART_REQUESTED_AT: &str = "todoplatform.dev/restart-requested-at";

/// Lets a platform be deleted whose data goes with it; its value is the platform's name.
pub const CONFIRM_DELETION: &str = "todoplatform.dev/confirm-deletion";

/// On a child: what becomes of it when the platform is deleted, where that is not `Delete`.
pub const DELETION_POLICY: &str = "todoplatform.dev/deletion-policy";

/// The annotation that asks for new pods of one component.
pub fn restart_requested_at(component: &str) -> String {
    format!("{RESTART_REQUESTED_AT}.{component}")
}
