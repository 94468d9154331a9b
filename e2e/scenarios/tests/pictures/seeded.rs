//! A Prometheus that remembers the story, and scrapes nothing.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Write},
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use todo_scenarios::{Result, command, env, wait};
use todoplatform_render::{
    ValidatedPlatform,
    observability::metrics::{Kind, Unit},
};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use super::{
    labels::{self, Labels, Metric},
    levels, rates,
    story::{self, Scrape},
};

/// Upper bounds of histograms, in seconds: those of requests, and of what takes longer.
const REQUESTS: [f64; 13] = [
    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const EVENTS: [f64; 10] = [0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];

/// A running Prometheus; dropping it ends it.
pub(crate) struct Prometheus {
    /// Where it listens.
    pub(crate) url: String,
    _process: Child,
    _folder: TempDir,
}

impl Prometheus {
    /// Writes these metrics' part of the story down and starts a Prometheus on it, on loopback.
    pub(crate) async fn start(platform: &ValidatedPlatform, metrics: &[Metric]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (text, data) = (folder.path().join("story.om"), folder.path().join("data"));
        write(&text, platform, metrics)?;
        let promtool = env::required("TODO_TEST_PROMTOOL")?;
        let [from, to] = [&text, &data].map(|path| path.display().to_string());
        let blocks = ["tsdb", "create-blocks-from", "openmetrics", &from, &to];
        command::ok(&promtool, &blocks, None).await?;

        let config = folder.path().join("prometheus.yml");
        std::fs::write(&config, "{}\n")?;
        let address = free_address()?;
        let process = Command::new(env::required("TODO_TEST_PROMETHEUS")?)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={to}"))
            // What it is told is of the past.
            .arg("--storage.tsdb.retention.time=100y")
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("log"))?)
            .kill_on_drop(true)
            .spawn()?;
        wait::until(Duration::from_secs(30), "Prometheus listens", || async {
            TcpStream::connect(&address).await?;
            Ok(())
        })
        .await?;
        Ok(Self {
            url: format!("http://{address}"),
            _process: process,
            _folder: folder,
        })
    }
}

fn free_address() -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.to_string())
}

/// All series of these metrics as text in the format of `OpenMetrics`.
fn write(file: &Path, platform: &ValidatedPlatform, metrics: &[Metric]) -> Result<()> {
    let mut file = BufWriter::new(File::create(file)?);
    for metric in metrics {
        for labels in labels::series(metric, platform) {
            let text = match metric.kind {
                Kind::Counter => counter(metric, &labels),
                Kind::Gauge => gauge(metric, &labels, platform),
                Kind::Histogram => histogram(metric, &labels),
            };
            file.write_all(text.as_bytes())?;
        }
    }
    writeln!(file, "# EOF")?;
    Ok(file.flush()?)
}

/// Every scrape of a series, from the first.
fn scrapes(metric: &Metric, labels: &Labels) -> impl Iterator<Item = Scrape> {
    let series = format!("{}{labels:?}", metric.name);
    (0..=story::LENGTH / story::SCRAPE).map(move |scrape| {
        let second = i32::try_from(scrape * story::SCRAPE).unwrap_or(i32::MAX);
        let at = story::BEGIN + i64::from(second);
        Scrape {
            at,
            minute: f64::from(second) / 60.0,
            noise: story::noise(&series, at),
        }
    })
}

/// How much of something happens between two scrapes.
fn growth(metric: &Metric, labels: &Labels, scrape: &Scrape) -> f64 {
    let interval = f64::from(i32::try_from(story::SCRAPE).unwrap_or(i32::MAX));
    rates::per_second(metric, labels, scrape.minute) * interval * (1.0 + 0.06 * scrape.noise)
}

fn gauge(metric: &Metric, labels: &Labels, platform: &ValidatedPlatform) -> String {
    let mut text = String::new();
    for scrape in scrapes(metric, labels) {
        if let Some(value) = levels::level(metric, labels, &scrape, platform) {
            sample(&mut text, &metric.name, labels, value, scrape.at);
        }
    }
    text
}

fn counter(metric: &Metric, labels: &Labels) -> String {
    let (mut text, mut sum) = (String::new(), 0.0);
    for scrape in scrapes(metric, labels) {
        sum += growth(metric, labels, &scrape);
        let value = if rates::is_counted_one_by_one(metric) {
            f64::floor(sum)
        } else {
            sum
        };
        sample(&mut text, &metric.name, labels, value, scrape.at);
    }
    text
}

fn histogram(metric: &Metric, labels: &Labels) -> String {
    let bounds: Vec<f64> = match (metric.unit, metric.name.as_str()) {
        (Unit::Milliseconds, _) => REQUESTS.iter().map(|bound| bound * 1000.0).collect(),
        (_, "todo_event_age_seconds" | "todo_reminder_lateness_seconds") => EVENTS.to_vec(),
        _ => REQUESTS.to_vec(),
    };
    let mut text = String::new();
    let (mut below, mut all, mut total) = (vec![0.0; bounds.len()], 0.0, 0.0);
    for scrape in scrapes(metric, labels) {
        let at = scrape.at;
        let more = growth(metric, labels, &scrape);
        let median = rates::median(metric, labels, scrape.minute);
        all += more;
        total += more * median * 1.2;
        let mut bucket = labels.clone();
        for (below, bound) in below.iter_mut().zip(&bounds) {
            *below += more * share_below(*bound, median);
            bucket.insert("le", bound.to_string());
            sample(&mut text, &format!("{}_bucket", metric.name), &bucket, *below, at);
        }
        bucket.insert("le", "+Inf".into());
        sample(&mut text, &format!("{}_bucket", metric.name), &bucket, all, at);
        sample(&mut text, &format!("{}_count", metric.name), labels, all, at);
        sample(&mut text, &format!("{}_sum", metric.name), labels, total, at);
    }
    text
}

/// The part of what takes `median` half of the time that takes at most `bound`: by the log-logistic distribution.
fn share_below(bound: f64, median: f64) -> f64 {
    const SHAPE: f64 = 2.6;
    1.0 / (1.0 + (bound / median).powf(-SHAPE))
}

fn sample(text: &mut String, name: &str, labels: &Labels, value: f64, at: i64) {
    text.push_str(name);
    // An empty label is none.
    for (index, (label, value)) in labels.iter().filter(|(_, value)| !value.is_empty()).enumerate() {
        let before = if index == 0 { '{' } else { ',' };
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{before}{label}=\"{value}\"");
    }
    let _infallible = writeln!(
        text,
        "{} {value} {at}",
        if labels.values().all(String::is_empty) {
            ""
        } else {
            "}"
        }
    );
}
