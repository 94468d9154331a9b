//! Which traces are kept, as `OTEL_TRACES_SAMPLER` says.

use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::{Sampler as Ratio, SamplingDecision, ShouldSample};

use super::TraceContext;
use crate::Environment;
use crate::config::ConfigError;

const NAME: &str = "OTEL_TRACES_SAMPLER";
const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";

/// Which traces are kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sampler {
    /// Whether a caller's decision holds.
    follows_parent: bool,
    /// Part of the traces about which nobody decided before, from 0 to 1.
    ratio: f64,
}

impl Sampler {
    /// What the environment says. Without a word of it `default` of the traces that begin here are kept.
    pub(crate) fn of(environment: &Environment, default: f64) -> Result<Self, ConfigError> {
        let (follows_parent, ratio) = match environment.get(NAME) {
            None => (true, default),
            Some("always_on") => (false, 1.0),
            Some("always_off") => (false, 0.0),
            Some("traceidratio") => (false, argument(environment)?),
            Some("parentbased_always_on") => (true, 1.0),
            Some("parentbased_always_off") => (true, 0.0),
            Some("parentbased_traceidratio") => (true, argument(environment)?),
            Some(_) => {
                return Err(ConfigError::refused(
                    NAME,
                    "must be always_on, always_off or traceidratio, each also with parentbased_ in front",
                ));
            }
        };
        Ok(Self {
            follows_parent,
            ratio,
        })
    }

    /// Whether a step of `parent`'s trace is kept.
    pub(super) fn keeps(&self, parent: TraceContext) -> bool {
        if self.follows_parent {
            parent.is_sampled()
        } else {
            self.keeps_new(parent.number())
        }
    }

    /// Whether a trace is kept that begins with this id. The sidecar comes to the same answer from the same ratio.
    pub(super) fn keeps_new(&self, trace_id: u128) -> bool {
        let sampler = Ratio::TraceIdRatioBased(self.ratio);
        let result = sampler.should_sample(None, trace_id.into(), "", &SpanKind::Internal, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }
}

fn argument(environment: &Environment) -> Result<f64, ConfigError> {
    let text = environment.get(ARGUMENT).unwrap_or("1");
    let ratio: Option<f64> = text.parse().ok();
    ratio
        .filter(|ratio| (0.0..=1.0).contains(ratio))
        .ok_or_else(|| ConfigError::refused(ARGUMENT, "must be a number from 0 to 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(variables: &[(&str, &str)]) -> Result<Sampler, String> {
        let environment = variables.iter().copied().collect();
        Sampler::of(&environment, 0.0).map_err(|error| error.to_string())
    }

    fn parent(flags: &str) -> TraceContext {
        TraceContext::parse(&format!(
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}"
        ))
        .unwrap()
    }

    #[test]
    fn the_words_of_opentelemetry_hold() {
        // Kept: of a sampled parent, of one that is not, of none.
        let table = [
            ("always_on", "", (true, true, true)),
            ("always_off", "", (false, false, false)),
            ("traceidratio", "0", (false, false, false)),
            ("traceidratio", "", (true, true, true)),
            ("parentbased_always_on", "", (true, false, true)),
            ("parentbased_always_off", "", (true, false, false)),
            ("parentbased_traceidratio", "1", (true, false, true)),
            ("parentbased_traceidratio", "0.0", (true, false, false)),
            ("", "", (true, false, false)),
        ];
        for (name, argument, expected) in table {
            let sampler = sampler(&[(NAME, name), (ARGUMENT, argument)]).unwrap();
            let kept = (
                sampler.keeps(parent("01")),
                sampler.keeps(parent("00")),
                sampler.keeps_new(1),
            );
            assert_eq!(kept, expected, "{name} {argument}");
        }
    }

    #[test]
    fn a_ratio_keeps_that_part_by_the_second_half_of_the_id() {
        let half = sampler(&[(NAME, "parentbased_traceidratio"), (ARGUMENT, "0.5")]).unwrap();
        assert!(half.keeps_new(1 << 62));
        assert!(!half.keeps_new(u128::from(u64::MAX)));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let error = sampler(&[(NAME, "xray")]).unwrap_err();
        assert!(
            error.starts_with("OTEL_TRACES_SAMPLER: must be always_on"),
            "{error}"
        );
        for argument in ["-1", "1.5", "NaN", "10%"] {
            let error = sampler(&[(NAME, "traceidratio"), (ARGUMENT, argument)]).unwrap_err();
            assert_eq!(error, "OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1");
        }
    }
}
