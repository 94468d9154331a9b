//! The options of `run` about traces.
#![expect(
    clippy::doc_markdown,
    reason = "these comments are the help, which is read at a terminal"
)]

use std::path::PathBuf;

use clap::Args;
use http::Uri;

use super::traces::TraceSettings;

/// Where traces go, and how many.
#[derive(Debug, Args)]
pub struct TracesArgs {
    /// Sends one trace per pass to this OpenTelemetry collector, by OTLP over gRPC. Default: no traces are made.
    ///
    /// A URL such as http://otel-collector.observability:4317; https:// encrypts. The variables of OpenTelemetry hold:
    /// OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT and _COMPRESSION, OTEL_BSP_… and
    /// OTEL_TRACES_SAMPLER. A collector that does not answer holds up no pass.
    #[arg(long = "otlp-endpoint", env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", value_parser = endpoint)]
    endpoint: Option<String>,
    /// The same, for who has one endpoint for traces and another for everything else: it goes first.
    #[arg(long = "otlp-traces-endpoint", env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", hide = true, value_name = "URL", value_parser = endpoint)]
    traces_endpoint: Option<String>,
    /// File with the certificates, as PEM, of the authority that vouches for the collector. Default: the public ones.
    #[arg(
        long = "otlp-ca-file",
        env = "OTEL_EXPORTER_OTLP_CERTIFICATE",
        value_name = "FILE"
    )]
    ca_file: Option<PathBuf>,
    /// Which part of the passes is traced: 1 for all, 0.1 for every tenth. Default: as OTEL_TRACES_SAMPLER says, else all.
    #[arg(long = "otlp-sampling-ratio", env = "OTLP_SAMPLING_RATIO", value_name = "0..1", value_parser = ratio)]
    sampling_ratio: Option<f64>,
}

impl TracesArgs {
    /// What was asked for; none when no collector is named. `pod` is whose traces they are.
    pub fn into_settings(self, pod: Option<String>) -> Option<TraceSettings> {
        let is_set = |endpoint: &String| !endpoint.is_empty();
        let endpoint = self
            .traces_endpoint
            .filter(is_set)
            .or(self.endpoint.filter(is_set))?;
        Some(TraceSettings {
            endpoint,
            sampling_ratio: self.sampling_ratio,
            ca_file: self.ca_file.filter(|file| !file.as_os_str().is_empty()),
            pod,
        })
    }
}

/// Empty is as not given: an environment can only set a variable, not take it away.
fn endpoint(text: &str) -> Result<String, String> {
    let is_url = |uri: Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    if text.is_empty() || text.parse().is_ok_and(is_url) {
        Ok(text.to_owned())
    } else {
        Err(
            "a URL with http:// or https:// in front, such as http://otel-collector.observability:4317"
                .to_owned(),
        )
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio: Option<f64> = text.parse().ok();
    ratio
        .filter(|ratio| (0.0..=1.0).contains(ratio))
        .ok_or_else(|| "a number from 0 to 1, such as 0.1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        traces: TracesArgs,
    }

    fn parse(args: &[&str]) -> Result<Option<TraceSettings>, String> {
        let cli = Cli::try_parse_from(["x"].iter().chain(args)).map_err(|error| error.to_string())?;
        Ok(cli.traces.into_settings(Some("operator-1".into())))
    }

    #[test]
    fn without_a_collector_there_are_no_traces() {
        assert_eq!(parse(&[]), Ok(None));
        assert_eq!(
            parse(&["--otlp-endpoint=", "--otlp-sampling-ratio=0.5"]),
            Ok(None)
        );
    }

    #[test]
    fn what_is_given_arrives_and_the_endpoint_for_traces_goes_first() {
        let settings = parse(&["--otlp-endpoint=http://a:4317", "--otlp-sampling-ratio=1e-05"]);
        let settings = settings.unwrap().unwrap();
        assert_eq!(settings.endpoint, "http://a:4317");
        assert_eq!(settings.sampling_ratio, Some(0.000_01));
        assert_eq!(settings.ca_file, None);
        assert_eq!(settings.pod.as_deref(), Some("operator-1"));
        let both = parse(&[
            "--otlp-endpoint=http://a:4317",
            "--otlp-traces-endpoint=https://b",
        ]);
        assert_eq!(both.unwrap().unwrap().endpoint, "https://b");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_an_example() {
        for endpoint in ["collector:4317", "collector", "grpc://collector:4317", "http://"] {
            let error = parse(&["--otlp-endpoint", endpoint]).unwrap_err();
            assert!(error.contains("http://otel-collector"), "{endpoint}: {error}");
        }
        for ratio in ["-0.1", "1.1", "NaN", "10%"] {
            let error = parse(&[&format!("--otlp-sampling-ratio={ratio}")]).unwrap_err();
            assert!(error.contains("from 0 to 1"), "{ratio}: {error}");
        }
    }
}
