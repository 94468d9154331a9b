//! Places where a test ends or holds the process, between two steps that a crash may part.
//!
//! Only a program built with the feature `failpoints` has them. There the admin port takes
//! `PUT /failpoints/{name}` with what is to happen, in the language of the crate `fail`: `1*return` ends the process at
//! the next passing as if it were killed, `2*off->1*return` at the third, `1*sleep(12000)` holds that one step for
//! 12 s while the rest of the process runs on, and `off` forgets. In every other program [`Failpoint::reached`] is
//! nothing, and so is the route.

use std::future::Future;
use std::str::FromStr;

use axum::Router;

/// One such place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failpoint {
    /// A write, its event and its answer are in a transaction that is not committed.
    BeforeCommit,
    /// They are committed; neither the client nor the relay knows.
    AfterCommit,
    /// The relay has read what is due and publishes it next.
    BeforePublish,
    /// The broker has the events; the outbox says that they wait.
    AfterPublish,
    /// A consumer's effect is committed; the sidecar is not told.
    AfterEffect,
}

impl Failpoint {
    /// All of them, in the order in which an event passes them.
    pub const ALL: [Self; 5] = [
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::BeforePublish,
        Self::AfterPublish,
        Self::AfterEffect,
    ];

    /// `before-commit` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeCommit => "before-commit",
            Self::AfterCommit => "after-commit",
            Self::BeforePublish => "before-publish",
            Self::AfterPublish => "after-publish",
            Self::AfterEffect => "after-effect",
        }
    }

    /// Does what a test asked for here; returns at once when none did.
    #[cfg(feature = "failpoints")]
    pub fn reached(self) -> impl Future<Output = ()> + Send {
        armed::reached(self)
    }

    /// Does nothing: this program has no failpoints.
    #[cfg(not(feature = "failpoints"))]
    pub fn reached(self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// A text that names no failpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a failpoint")]
pub struct UnknownFailpoint(String);

impl FromStr for Failpoint {
    type Err = UnknownFailpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|point| point.name() == text)
            .ok_or_else(|| UnknownFailpoint(text.to_owned()))
    }
}

/// The route by which a test says what is to happen.
#[cfg(feature = "failpoints")]
pub(crate) fn control() -> Router {
    armed::control()
}

/// No route: this program has no failpoints.
#[cfg(not(feature = "failpoints"))]
pub(crate) fn control() -> Router {
    Router::new()
}

#[cfg(feature = "failpoints")]
mod armed {
    use axum::Router;
    use axum::extract::Path;
    use axum::routing::put;
    use http::StatusCode;

    use super::Failpoint;

    /// Off the threads of the runtime: what is held is this step, and nothing else.
    pub(super) async fn reached(point: Failpoint) {
        let passed = tokio::task::spawn_blocking(move || {
            fail::fail_point!(point.name(), |_| std::process::abort());
        });
        // Fails only while the runtime ends.
        let _ = passed.await;
    }

    pub(super) fn control() -> Router {
        // This very text is what the packing of images looks for.
        tracing::warn!("failpoints are compiled in: this program is for tests only");
        Router::new().route("/failpoints/{name}", put(arm))
    }

    async fn arm(Path(name): Path<String>, actions: String) -> (StatusCode, String) {
        let Ok(point) = name.parse::<Failpoint>() else {
            return (StatusCode::NOT_FOUND, format!("{name} is no failpoint"));
        };
        match fail::cfg(point.name(), &actions) {
            Ok(()) => (StatusCode::NO_CONTENT, String::new()),
            Err(error) => (StatusCode::BAD_REQUEST, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for point in Failpoint::ALL {
            assert_eq!(point.name().parse(), Ok(point));
        }
        assert!("somewhere".parse::<Failpoint>().is_err());
    }

    #[cfg(not(feature = "failpoints"))]
    #[tokio::test]
    async fn without_the_feature_there_is_nothing_to_be_told() {
        use axum::body::Body;
        use http::Request;
        use tower::ServiceExt;

        let request = Request::put("/failpoints/after-commit")
            .body(Body::from("1*return"))
            .unwrap();
        let answer = control().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), http::StatusCode::NOT_FOUND);
        Failpoint::AfterCommit.reached().await;
    }

    #[cfg(feature = "failpoints")]
    #[tokio::test]
    async fn what_is_armed_holds_this_step_and_lets_the_rest_run() {
        use axum::body::Body;
        use futures::FutureExt;
        use http::Request;
        use tower::ServiceExt;

        let put = |name: &str, actions: &str| {
            let request = Request::put(format!("/failpoints/{name}"));
            control().oneshot(request.body(Body::from(actions.to_owned())).unwrap())
        };
        assert_eq!(put("somewhere", "off").await.unwrap().status(), 404);
        assert_eq!(put("before-publish", "nonsense").await.unwrap().status(), 400);
        assert_eq!(put("before-publish", "pause").await.unwrap().status(), 204);
        let mut held = tokio::spawn(Failpoint::BeforePublish.reached());
        Failpoint::AfterPublish.reached().await;
        assert!((&mut held).now_or_never().is_none(), "it is held");
        put("before-publish", "off").await.unwrap();
        held.await.unwrap();
    }
}
