//! What a person sees while something takes long: steps with a ticking clock.
//!
//! On a terminal a step is one line that is redrawn; otherwise it says that it began, repeats itself
//! every half minute and says how long it took. Everything goes to standard error.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const REDRAW: Duration = Duration::from_millis(200);
const REPEAT: Duration = Duration::from_secs(30);
const SPINNER: [char; 4] = ['|', '/', '-', '\\'];

/// One thing that takes a while. Dropping it unfinished says that it failed.
#[derive(Debug)]
pub(crate) struct Step {
    title: String,
    started: Instant,
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Step {
    pub(crate) fn start(title: impl Into<String>) -> Self {
        let title = title.into();
        let started = Instant::now();
        let (stop, stopped) = channel::<()>();
        let shown = title.clone();
        let thread = if std::io::stderr().is_terminal() {
            std::thread::spawn(move || {
                for mark in SPINNER.iter().cycle() {
                    draw(&format!("{mark} {shown} ({})", elapsed(started.elapsed())));
                    if stopped.recv_timeout(REDRAW) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            })
        } else {
            note(&shown);
            std::thread::spawn(move || {
                while stopped.recv_timeout(REPEAT) == Err(RecvTimeoutError::Timeout) {
                    note(&format!("{shown}: running for {}", elapsed(started.elapsed())));
                }
            })
        };
        Self {
            title,
            started,
            ticker: Some((stop, thread)),
        }
    }

    /// Ends the step well.
    pub(crate) fn done(mut self) {
        self.end("done in");
    }

    fn end(&mut self, how: &str) {
        let Some((stop, thread)) = self.ticker.take() else {
            return;
        };
        drop(stop);
        // The thread only draws; that it panicked would change nothing here.
        drop(thread.join());
        if std::io::stderr().is_terminal() {
            draw("");
        }
        note(&format!(
            "{}: {how} {}",
            self.title,
            elapsed(self.started.elapsed())
        ));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.end("failed after");
    }
}

/// Counts the steps of one command: `[2/5] building dapr v1.18.2`.
#[derive(Debug)]
pub(crate) struct Steps {
    total: usize,
    begun: usize,
}

impl Steps {
    pub(crate) fn of(total: usize) -> Self {
        Self { total, begun: 0 }
    }

    pub(crate) fn next(&mut self, title: &str) -> Step {
        self.begun += 1;
        Step::start(format!("[{}/{}] {title}", self.begun, self.total.max(self.begun)))
    }
}

/// One line for the person who waits.
pub(crate) fn note(text: &str) {
    if std::io::stderr().is_terminal() {
        // A step may be drawn on this line; it draws itself anew on the next one.
        draw("");
    }
    eprintln!("{text}");
}

/// A line of a command's result, to standard output.
pub(crate) fn say(text: std::fmt::Arguments<'_>) {
    // A reader that has seen enough, as `| head` has, is no failure.
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

/// A heading, bold on a terminal.
pub(crate) fn heading(text: &str) {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        eprintln!("\x1b[1m== {text}\x1b[0m");
    } else {
        eprintln!("== {text}");
    }
}

/// `5m07s`, `42s`, `0.8s`.
pub(crate) fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", time.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

fn draw(line: &str) {
    let mut stderr = std::io::stderr().lock();
    // A terminal that went away is no reason to stop the work.
    drop(write!(stderr, "\r\x1b[2K{line}").and_then(|()| stderr.flush()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_like_a_person_says_them() {
        let shown = |millis| elapsed(Duration::from_millis(millis));
        assert_eq!(shown(840), "0.8s");
        assert_eq!(shown(42_900), "42s");
        assert_eq!(shown(307_000), "5m07s");
        assert_eq!(shown(3_900_000), "1h05m");
    }
}
