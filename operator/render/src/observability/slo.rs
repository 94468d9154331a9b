//! How good a platform is meant to be: its objectives and the exact numbers that follow from them.

use std::fmt;

use serde::{Serialize, Serializer};

use super::decimal::decimal;
use crate::graph::Node;

/// Upper bounds of a service's request durations, in milliseconds, as its histogram has them.
const REQUEST_BOUNDS: &[i32] = &[2, 5, 10, 25, 50, 100, 250, 300, 500, 1000, 2500, 5000, 10_000];
/// Upper bounds of the age of events, in milliseconds.
const EVENT_BOUNDS: &[i32] = &[
    100, 500, 1000, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000,
];
/// Upper bounds of the lateness of reminders, in milliseconds.
const REMINDER_BOUNDS: &[i32] = &[
    250, 500, 1000, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000,
];

/// What an objective is about.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Indicator {
    /// Requests that an application does not fail to answer; its name.
    Availability(String),
    /// Requests that an application answers in time; its name.
    Latency(String),
    /// Events that are handled in time.
    EventDelivery,
    /// Reminders that are fired in time.
    Reminders,
}

impl Indicator {
    /// The objective's name.
    pub fn name(&self) -> String {
        match self {
            Self::Availability(app) => format!("{app}-availability"),
            Self::Latency(app) => format!("{app}-latency"),
            Self::EventDelivery => "event-delivery".into(),
            Self::Reminders => "reminders".into(),
        }
    }

    /// The application that it is about; none for one of the whole platform.
    pub fn app(&self) -> Option<&str> {
        match self {
            Self::Availability(app) | Self::Latency(app) => Some(app),
            Self::EventDelivery | Self::Reminders => None,
        }
    }

    /// What is in time, in milliseconds; none where nothing is timed.
    pub(crate) fn default_threshold(&self) -> Option<i32> {
        match self {
            Self::Availability(_) => None,
            Self::Latency(_) => Some(300),
            Self::EventDelivery => Some(30_000),
            Self::Reminders => Some(60_000),
        }
    }

    /// What may be said to be in time: the bounds of the histogram that is read.
    pub(crate) fn bounds(&self) -> &'static [i32] {
        match self {
            Self::Availability(_) => &[],
            Self::Latency(_) => REQUEST_BOUNDS,
            Self::EventDelivery => EVENT_BOUNDS,
            Self::Reminders => REMINDER_BOUNDS,
        }
    }

    pub(crate) fn default_percentage(&self) -> Percentage {
        match self {
            Self::Availability(_) => Percentage(99_900),
            Self::Latency(_) | Self::EventDelivery | Self::Reminders => Percentage(99_000),
        }
    }
}

/// Everything that the applications of a platform can be held to. An application of the user's own says nothing that is
/// known here.
pub(crate) fn indicators(nodes: &[&Node]) -> Vec<Indicator> {
    let ours: Vec<_> = nodes.iter().filter(|node| node.service.is_some()).collect();
    let mut indicators = Vec::new();
    for node in &ours {
        indicators.push(Indicator::Availability(node.name.clone()));
        indicators.push(Indicator::Latency(node.name.clone()));
    }
    if ours.iter().any(|node| !node.consumes.is_empty()) {
        indicators.push(Indicator::EventDelivery);
    }
    if ours
        .iter()
        .any(|node| node.publishes.iter().any(|topic| topic == "task.reminder"))
    {
        indicators.push(Indicator::Reminders);
    }
    indicators
}

/// A percentage of three decimals, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentage(u64);

impl Percentage {
    const WHOLE: u64 = 100_000;

    /// Reads `99.95`; at most three decimals, below 100.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() || fraction.len() > 3 {
            return None;
        }
        let thousandths: u64 = format!("{whole}{fraction:0<3}").parse().ok()?;
        (thousandths < Self::WHOLE).then_some(Self(thousandths))
    }

    /// As a ratio (`0.9995`).
    pub fn ratio(self) -> String {
        decimal(self.0, 5)
    }

    /// What may be not good, as a ratio (`0.0005`).
    pub fn budget(self) -> String {
        decimal(Self::WHOLE - self.0, 5)
    }

    /// The ratio of what is not good at which the budget is spent `tenths / 10` times as fast as allowed.
    pub fn burning(self, tenths: u64) -> String {
        decimal((Self::WHOLE - self.0) * tenths, 6)
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&decimal(self.0, 3))
    }
}

impl Serialize for Percentage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact() {
        let objective = Percentage::parse("99.9").unwrap();
        assert_eq!(objective.to_string(), "99.9");
        assert_eq!(objective.ratio(), "0.999");
        assert_eq!(objective.budget(), "0.001");
        assert_eq!(objective.burning(144), "0.0144");
        assert_eq!(Percentage::parse("99").unwrap().burning(144), "0.144");
        assert_eq!(Percentage::parse("99.995").unwrap().budget(), "0.00005");
        assert_eq!(Percentage::parse("95").unwrap().burning(10), "0.05");
        for wrong in ["100", "99.9999", "many", ""] {
            assert_eq!(Percentage::parse(wrong), None, "{wrong}");
        }
    }
}
