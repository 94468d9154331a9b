//! Who is asked, when, and what they said last.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use kube::runtime::reflector::ObjectRef;
use todoplatform_api::TodoPlatform;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::expected::Expected;
use super::judge::is_complete;
use super::metadata::Metadata;

/// Questions at a time.
const CONCURRENCY: usize = 16;
/// Pause after the first answer that is not yet as declared; doubled by each further one.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
/// Longest pause, and that after an answer as declared.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What a sidecar said last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// It has not been asked to the end yet.
    #[default]
    Pending,
    /// Nothing of use, for this reason.
    Silent(String),
    /// This.
    Said(Metadata),
}

/// A sidecar to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name of its pod.
    pub pod: String,
    /// UID of its pod.
    pub uid: String,
    /// How often it was started again: afterwards it is asked anew.
    pub restarts: i32,
    /// Where it answers.
    pub address: SocketAddr,
    /// The component of the platform.
    pub component: String,
    /// What it is to load.
    pub expected: Arc<Expected>,
}

#[derive(Debug)]
struct Entry {
    platform: ObjectRef<TodoPlatform>,
    target: Target,
    answer: Answer,
    due: Instant,
    /// Answers in a row that were not as declared.
    incomplete: u32,
    is_asked: bool,
}

/// Knows what the sidecars of one scope said last, and keeps asking them.
#[derive(Debug, Default)]
pub struct Follower {
    entries: Mutex<HashMap<String, Entry>>,
    moved: Notify,
}

impl Follower {
    /// From now on these are the sidecars of a platform. Gives what each said last, by UID of its pod.
    pub fn follow(&self, platform: &ObjectRef<TodoPlatform>, targets: &[Target]) -> BTreeMap<String, Answer> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|uid, entry| {
            entry.platform != *platform || targets.iter().any(|target| target.uid == *uid)
        });
        let mut answers = BTreeMap::new();
        let mut is_new = false;
        for target in targets {
            let known = entries.get_mut(&target.uid).filter(|entry| {
                entry.target.restarts == target.restarts && entry.target.address == target.address
            });
            if let Some(entry) = known {
                entry.target.clone_from(target);
                answers.insert(target.uid.clone(), entry.answer.clone());
                continue;
            }
            is_new = true;
            let entry = Entry {
                platform: platform.clone(),
                target: target.clone(),
                answer: Answer::Pending,
                due: Instant::now(),
                incomplete: 0,
                is_asked: false,
            };
            entries.insert(target.uid.clone(), entry);
            answers.insert(target.uid.clone(), Answer::Pending);
        }
        if is_new {
            self.moved.notify_one();
        }
        answers
    }

    /// A platform is gone.
    pub fn forget(&self, platform: &ObjectRef<TodoPlatform>) {
        self.follow(platform, &[]);
    }

    /// Asks until `stop`. Whoever says something new has its platform triggered.
    pub async fn run<A>(
        &self,
        ask: A,
        triggers: mpsc::Sender<ObjectRef<TodoPlatform>>,
        stop: CancellationToken,
    ) where
        A: Fn(SocketAddr) -> BoxFuture<'static, Answer>,
    {
        let mut asking = FuturesUnordered::new();
        loop {
            let (due, next) = self.due(CONCURRENCY.saturating_sub(asking.len()));
            for target in due {
                let answer = ask(target.address);
                asking.push(async move { (target, answer.await) });
            }
            tokio::select! {
                Some((target, answer)) = asking.next(), if !asking.is_empty() => {
                    if let Some(platform) = self.answered(&target, answer)
                        && triggers.send(platform).await.is_err()
                    {
                        return;
                    }
                }
                () = tokio::time::sleep_until(next), if asking.len() < CONCURRENCY => {}
                () = self.moved.notified() => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// At most `limit` sidecars to ask now, and when the next one is due.
    fn due(&self, limit: usize) -> (Vec<Target>, Instant) {
        let now = Instant::now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        let mut next = now + LONGEST_PAUSE;
        for entry in entries.values_mut().filter(|entry| !entry.is_asked) {
            if entry.due <= now && due.len() < limit {
                entry.is_asked = true;
                due.push(entry.target.clone());
            } else {
                next = next.min(entry.due);
            }
        }
        (due, next)
    }

    /// Gives the platform when this is news to it.
    fn answered(&self, asked: &Target, answer: Answer) -> Option<ObjectRef<TodoPlatform>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get_mut(&asked.uid)?;
        if entry.target.restarts != asked.restarts || entry.target.address != asked.address {
            // It has been started again since, and is asked anew.
            return None;
        }
        entry.is_asked = false;
        let is_as_declared =
            matches!(&answer, Answer::Said(metadata) if is_complete(&entry.target.expected, metadata));
        entry.incomplete = if is_as_declared { 0 } else { entry.incomplete + 1 };
        entry.due = Instant::now() + pause(entry.incomplete);
        let is_news = entry.answer != answer;
        entry.answer = answer;
        is_news.then(|| entry.platform.clone())
    }
}

fn pause(incomplete: u32) -> Duration {
    match incomplete.checked_sub(1) {
        None => LONGEST_PAUSE,
        Some(doublings) => SHORTEST_PAUSE
            .saturating_mul(1 << doublings.min(16))
            .min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::FutureExt;

    use super::*;

    fn platform(name: &str) -> ObjectRef<TodoPlatform> {
        ObjectRef::new(name).within("shop")
    }

    fn target(uid: &str, restarts: i32) -> Target {
        Target {
            pod: format!("pod-{uid}"),
            uid: uid.into(),
            restarts,
            address: SocketAddr::from(([127, 0, 0, 1], 3501)),
            component: "task".into(),
            expected: Arc::new(Expected {
                components: ["events".to_owned()].into(),
                ..Expected::default()
            }),
        }
    }

    fn loaded(components: &[&str]) -> Answer {
        Answer::Said(Metadata {
            components: components.iter().map(|&name| name.to_owned()).collect(),
            ..Metadata::default()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_sidecar_is_asked_at_once_soon_again_and_rarely_once_it_is_as_declared() {
        let follower = Arc::new(Follower::default());
        let (triggers, mut triggered) = mpsc::channel(8);
        let stop = CancellationToken::new();
        let count = Arc::new(AtomicUsize::new(0));
        let asked = Arc::clone(&count);
        let ask = move |_address| {
            let answer = match asked.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => loaded(&[]),
                _ => loaded(&["events"]),
            };
            async move { answer }.boxed()
        };
        let running = tokio::spawn({
            let (follower, stop) = (Arc::clone(&follower), stop.clone());
            async move { follower.run(ask, triggers, stop).await }
        });
        let started = Instant::now();
        let todo = platform("todo");
        assert_eq!(
            follower.follow(&todo, &[target("a", 0)])["a"],
            Answer::Pending,
            "a pass does not wait"
        );
        assert_eq!(
            triggered.recv().await,
            Some(todo.clone()),
            "the first answer is news"
        );
        assert_eq!(follower.follow(&todo, &[target("a", 0)])["a"], loaded(&[]));
        assert_eq!(
            triggered.recv().await,
            Some(todo.clone()),
            "and so is another one"
        );
        assert_eq!(started.elapsed(), Duration::from_secs(2 + 4), "after two pauses");
        assert_eq!(
            follower.follow(&todo, &[target("a", 0)])["a"],
            loaded(&["events"])
        );
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(
            count.load(Ordering::SeqCst),
            3,
            "as declared: not before a minute is over"
        );
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(count.load(Ordering::SeqCst), 4);
        assert!(triggered.try_recv().is_err(), "the same answer is no news");

        assert_eq!(
            follower.follow(&todo, &[target("a", 1)])["a"],
            Answer::Pending,
            "started again, asked anew"
        );
        assert_eq!(triggered.recv().await, Some(todo.clone()));
        follower.forget(&todo);
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_eq!(count.load(Ordering::SeqCst), 5, "nobody asks for what is gone");
        stop.cancel();
        running.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn at_most_sixteen_are_asked_at_a_time_and_all_are() {
        let follower = Arc::new(Follower::default());
        let (triggers, mut triggered) = mpsc::channel(64);
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let seen = Arc::clone(&most);
        let ask = move |_address| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                Answer::Silent("no".into())
            }
            .boxed()
        };
        let targets: Vec<_> = (0..40).map(|n| target(&n.to_string(), 0)).collect();
        follower.follow(&platform("todo"), &targets);
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (follower, stop) = (Arc::clone(&follower), stop.clone());
            async move { follower.run(ask, triggers, stop).await }
        });
        for _ in 0..40 {
            triggered.recv().await.unwrap();
        }
        assert_eq!(seen.load(Ordering::SeqCst), CONCURRENCY);
        stop.cancel();
        running.await.unwrap();
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        let seconds: Vec<_> = (0..7).map(|n| pause(n).as_secs()).collect();
        assert_eq!(seconds, [60, 2, 4, 8, 16, 32, 60]);
    }
}
