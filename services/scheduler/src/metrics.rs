//! What is measured of reminders.

use std::sync::atomic::AtomicU64;

use jiff::SignedDuration;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use todo_kit::metrics::Metrics;

/// Upper bounds of the lateness buckets, in seconds. An objective for reminders needs one exactly at its threshold.
const LATENESS: [f64; 10] = [0.25, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];

/// `todo_reminders_fired_total`, `todo_reminders_missed_total`, `todo_reminder_lateness_seconds` and
/// `todo_scheduler_due_lag_seconds`.
#[derive(Debug, Clone)]
pub struct ReminderMetrics {
    fired: Counter,
    missed: Counter,
    lateness: Histogram,
    due_lag: Gauge<f64, AtomicU64>,
}

impl ReminderMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Self {
        let reminders = Self {
            fired: Counter::default(),
            missed: Counter::default(),
            lateness: Histogram::new(LATENESS),
            due_lag: Gauge::default(),
        };
        metrics.register("reminders_fired", "Reminders published", reminders.fired.clone());
        metrics.register(
            "reminders_missed",
            "Reminders that came in long after their time",
            reminders.missed.clone(),
        );
        let help = "Time from a reminder's instant to its publishing";
        metrics.register("reminder_lateness_seconds", help, reminders.lateness.clone());
        let help = "How long after its time the reminder waits that waits longest";
        metrics.register("scheduler_due_lag_seconds", help, reminders.due_lag.clone());
        reminders
    }

    /// One was published and acknowledged, this long after its time.
    pub fn fired(&self, late: SignedDuration) {
        self.fired.inc();
        self.lateness.observe(late.as_secs_f64().max(0.0));
    }

    /// The one that waits longest waits so long after its time.
    pub fn due_lag(&self, seconds: f64) {
        self.due_lag.set(seconds);
    }

    /// So many were not set, because their time was over long before.
    pub fn missed(&self, count: u64) {
        self.missed.inc_by(count);
    }
}
