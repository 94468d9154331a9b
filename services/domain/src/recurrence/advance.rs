//! What comes after the occurrence that was just completed.

use jiff::Timestamp;

use super::series::wall_clock;
use super::{Anchor, Missed, Recurrence, Series};
use crate::{Reminder, Violation};

impl Recurrence {
    /// When the task is due again after its occurrence that was due at `due` was completed at `now`; `None` when that
    /// was the last one.
    ///
    /// `due` need not be an occurrence: the owner may have moved it. Strictly after `due` for [`Anchor::Due`], strictly
    /// after `now` for [`Anchor::Completion`]. Fails with everything that is wrong with the stored recurrence, which
    /// another version of the rules may have accepted.
    pub fn next_due(&self, due: Timestamp, now: Timestamp) -> Result<Option<Timestamp>, Vec<Violation>> {
        let series = self.series()?;
        Ok(match self.anchor {
            Anchor::Due => series.next_by_due(due, now, self.missed),
            Anchor::Completion if self.is_counted_out(&series) => None,
            Anchor::Completion => series.next_by_completion(due, now),
        })
    }

    /// `reminders` of an occurrence due at `due` for one that is due at `next`: with the same ids, as long before or
    /// after it on the wall clock. Two that fall on one instant, because clocks change, become one.
    pub fn move_reminders(
        &self,
        reminders: &[Reminder],
        due: Timestamp,
        next: Timestamp,
    ) -> Result<Vec<Reminder>, Vec<Violation>> {
        let series = self.series()?;
        let moved = |reminder: &Reminder| {
            Some(Reminder {
                at: series.moved(reminder.at, due, next)?,
                ..reminder.clone()
            })
        };
        let mut reminders: Vec<_> = reminders.iter().filter_map(moved).collect();
        reminders.sort_by_key(|reminder| reminder.at);
        reminders.dedup_by_key(|reminder| reminder.at);
        Ok(reminders)
    }

    /// `at` of an occurrence due at `due` for one that is due at `next`: as long before or after it on the wall clock.
    pub(crate) fn move_instant(
        &self,
        at: Option<Timestamp>,
        due: Timestamp,
        next: Timestamp,
    ) -> Result<Option<Timestamp>, Vec<Violation>> {
        let Some(at) = at else { return Ok(None) };
        Ok(self.series()?.moved(at, due, next))
    }

    /// The same with one more completed.
    pub(crate) fn counted(&self) -> Self {
        Self {
            completed: self.completed.saturating_add(1),
            ..self.clone()
        }
    }

    /// Whether the occurrence that is being completed is the last that `COUNT` allows.
    fn is_counted_out(&self, series: &Series) -> bool {
        series
            .rule
            .count
            .is_some_and(|count| self.completed.saturating_add(1) >= count)
    }
}

impl Series {
    /// `at` as long before or after `next`, on the wall clock, as it is before or after `due`.
    fn moved(&self, at: Timestamp, due: Timestamp, next: Timestamp) -> Option<Timestamp> {
        let distance = wall_clock(&self.zone, next).duration_since(wall_clock(&self.zone, due));
        self.instant(wall_clock(&self.zone, at).saturating_add(distance))
    }

    fn next_by_due(&self, due: Timestamp, now: Timestamp, missed: Missed) -> Option<Timestamp> {
        match missed {
            Missed::All => self.next_after(due),
            Missed::Skip => self.next_after(due.max(now)),
            Missed::Latest => {
                let mut after = self.after(due);
                let first = after.next()?;
                Some(after.take_while(|at| *at <= now).last().unwrap_or(first))
            }
        }
    }

    fn next_by_completion(&self, due: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let done = wall_clock(&self.zone, now);
        if self.is_hourly() {
            return self.restarted(done).after(now).find(|at| *at != due);
        }
        let day = |at: Timestamp| wall_clock(&self.zone, at).date();
        // What is done a day early must not come again on its own day.
        self.restarted(done.date().to_datetime(self.start.time()))
            .after(now)
            .find(|at| day(*at) > done.date() && day(*at) != day(due))
    }
}
