//! What is measured of reminders.

use jiff::SignedDuration;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use todo_kit::metrics::Metrics;

/// Upper bounds of the lateness buckets, in seconds: from one look to the late window.
const LATENESS: [f64; 10] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 600.0, 3600.0];

/// `todo_reminders_fired_total`, `todo_reminders_missed_total` and `todo_reminder_lateness_seconds`.
#[derive(Debug, Clone)]
pub struct ReminderMetrics {
    fired: Counter,
    missed: Counter,
    lateness: Histogram,
}

impl ReminderMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Self {
        let reminders = Self {
            fired: Counter::default(),
            missed: Counter::default(),
            lateness: Histogram::new(LATENESS),
        };
        metrics.register("reminders_fired", "Reminders published", reminders.fired.clone());
        metrics.register(
            "reminders_missed",
            "Reminders that came in long after their time",
            reminders.missed.clone(),
        );
        let help = "Time from a reminder's instant to its publishing";
        metrics.register("reminder_lateness_seconds", help, reminders.lateness.clone());
        reminders
    }

    /// One was published and acknowledged, this long after its time.
    pub fn fired(&self, late: SignedDuration) {
        self.fired.inc();
        self.lateness.observe(late.as_secs_f64().max(0.0));
    }

    /// So many were not set, because their time was over long before.
    pub fn missed(&self, count: u64) {
        self.missed.inc_by(count);
    }
}
