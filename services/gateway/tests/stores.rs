//! The shared limiter on a real Redis, which `TODO_TEST_REDIS_URL` names.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::sync::Arc;
use std::time::Duration;

use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
use http::{Request, StatusCode};
use redis::AsyncCommands;
use serde_json::{Value, json};
use todo_domain::IdSource;
use todo_gateway::limit::{Backend, Limiter, OnError, Policies, Policy, Shared};
use todo_gateway::{Door, Proxies, Revocations, admit};
use todo_kit::metrics::Metrics;
use todo_kit::redis::{Address, Redis, connect};
use todo_kit::testing::TestIssuer;
use todo_kit::testing::redis::{RedisCluster, RedisServer, eventually};
use todo_kit::{RandomIds, Secret, SystemClock};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

fn connection() -> Redis {
    let url = std::env::var("TODO_TEST_REDIS_URL").expect("TODO_TEST_REDIS_URL names a Redis");
    let address = Address::url(Secret::new(url), None);
    connect(&address, Duration::from_secs(5)).unwrap()
}

/// Two replicas of one gateway, with keys of their own.
fn replicas() -> [Shared; 2] {
    let platform = RandomIds.next().to_string();
    [(); 2].map(|()| {
        let connection = connection();
        Shared::new(connection, "test", &platform)
    })
}

const POLICY: Policy = Policy {
    bucket: Policy::SHARED,
    requests: 10,
    period: Duration::from_mins(1),
    burst: 10,
};

#[tokio::test]
async fn fifty_at_once_over_two_replicas_let_exactly_ten_pass() {
    let replicas = replicas();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..50 {
        let replica = replicas[n % 2].clone();
        tasks.spawn(async move { replica.check("alice", &POLICY).await.unwrap() });
    }
    let decisions = tasks.join_all().await;
    assert_eq!(decisions.iter().filter(|d| d.allowed).count(), 10);
    let refused: Vec<_> = decisions.iter().filter(|d| !d.allowed).collect();
    assert!(
        refused
            .iter()
            .all(|d| d.retry_after > Duration::ZERO && d.retry_after <= Duration::from_secs(6)),
        "{refused:?}"
    );
    assert!(
        replicas[0].check("bob", &POLICY).await.unwrap().allowed,
        "bob has a limit of his own"
    );
}

#[tokio::test]
async fn each_class_of_routes_is_counted_by_itself_and_exactly() {
    let replicas = replicas();
    let writes = Policy {
        bucket: "write",
        requests: 3,
        burst: 3,
        ..POLICY
    };
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let replica = replicas[n % 2].clone();
        let policy = if n % 4 < 2 { POLICY } else { writes };
        tasks.spawn(async move {
            (
                policy.bucket,
                replica.check("alice", &policy).await.unwrap().allowed,
            )
        });
    }
    let answers = tasks.join_all().await;
    let passed = |bucket: &str| answers.iter().filter(|answer| **answer == (bucket, true)).count();
    assert_eq!((passed(Policy::SHARED), passed("write")), (10, 3));
    assert!(
        replicas[0].check("write:alice", &POLICY).await.unwrap().allowed,
        "a user's name is no bucket"
    );
}

#[tokio::test]
async fn a_flushed_script_is_loaded_again() {
    let [replica, _] = replicas();
    replica.check("alice", &POLICY).await.unwrap();
    let mut admin = connection();
    redis::cmd("SCRIPT")
        .arg("FLUSH")
        .query_async::<()>(&mut admin)
        .await
        .unwrap();
    let decision = replica.check("alice", &POLICY).await.unwrap();
    assert_eq!((decision.allowed, decision.remaining), (true, 8));
}

#[tokio::test]
async fn a_cluster_counts_each_user_on_the_node_that_the_key_names() {
    let cluster = RedisCluster::start().await;
    let address = Address::of(&cluster.environment()).unwrap();
    let replicas = [(); 2].map(|()| {
        let connection = connect(&address, Duration::from_secs(5)).unwrap();
        Shared::new(connection, "test", "todo")
    });
    for user in 0..16 {
        let user = format!("user-{user}");
        let mut allowed = 0;
        for n in 0..12 {
            let decision = replicas[n % 2].check(&user, &POLICY).await.unwrap();
            allowed += usize::from(decision.allowed);
        }
        assert_eq!(allowed, 10, "{user}");
    }
    for node in &cluster.nodes {
        assert!(
            node.ask::<usize>(&["DBSIZE"]).await.unwrap() > 0,
            "a node counts nobody"
        );
    }
}

/// How long a request waits for Redis here: even a busy machine is not so slow that Redis is taken to be away.
const PATIENCE: Duration = Duration::from_secs(2);

/// One replica of a gateway with a route that answers by itself.
struct Replica {
    router: Router,
    metrics: Metrics,
    backend: Arc<Backend>,
    issuer: TestIssuer,
}

impl Replica {
    /// Of the platform `platform`, on this Redis; its requests may be 10 an hour, whoever's they are.
    fn new(redis: Redis, platform: &str) -> Self {
        let metrics = Metrics::new("gateway", "test");
        let shared = Shared::new(redis.clone(), "test", platform);
        let backend = Arc::new(Backend::new(shared, PATIENCE, &metrics));
        let users = Policy {
            period: Duration::from_hours(1),
            ..POLICY
        };
        let strangers = Policy {
            bucket: Policy::UNAUTHENTICATED,
            ..users
        };
        let policies = Policies::new(users, strangers, OnError::Local);
        let door = Door {
            limiter: Limiter::new(policies, Arc::clone(&backend), &metrics),
            revocations: Revocations::new(redis, Arc::clone(&backend), "test", platform, &metrics),
            proxies: Proxies::None,
        };
        let issuer = TestIssuer::new(1);
        let router = Router::new()
            .route("/v1/tasks", get(|| async {}))
            .layer(from_fn_with_state(Arc::new(door), admit))
            .layer(axum::Extension(issuer.verifier(Arc::new(SystemClock))));
        Self {
            router,
            metrics,
            backend,
            issuer,
        }
    }

    async fn send(&self, token: &str) -> http::Response<Body> {
        let request = Request::get("/v1/tasks").header("authorization", format!("Bearer {token}"));
        let request = request.body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn status(&self, token: &str) -> StatusCode {
        self.send(token).await.status()
    }

    /// A token of `sub` with these claims besides.
    fn token(&self, sub: &str, more: &Value) -> String {
        let mut claims = TestIssuer::claims(sub);
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.issuer
            .sign(&json!({"alg": "EdDSA", "kid": "key-1"}), &claims)
    }

    fn shows(&self, line: &str) -> bool {
        self.metrics.encode().unwrap().contains(&format!("{line}\n"))
    }
}

#[tokio::test]
async fn strangers_at_two_replicas_share_one_limit() {
    let platform = RandomIds.next().to_string();
    let replicas = [(); 2].map(|()| Replica::new(connection(), &platform));
    let mut refused = Vec::new();
    for n in 0..12 {
        refused.push(replicas[n % 2].status("nonsense").await.as_u16());
    }
    let count = |status| refused.iter().filter(|one| **one == status).count();
    assert_eq!((count(401), count(429)), (10, 2));
    let alice = replicas[0].issuer.token("alice");
    assert_eq!(replicas[0].status(&alice).await, StatusCode::OK);
    assert!(replicas[1].shows("todo_rate_limited_total{policy=\"unauthenticated\"} 1"));
}

#[tokio::test]
async fn an_ended_session_and_what_was_issued_before_a_moment_are_refused() {
    let platform = RandomIds.next().to_string();
    let replica = Replica::new(connection(), &platform);
    let mut redis = connection();
    let key = |kind: &str, of: &str| format!("test.{platform}:{kind}:{of}");
    redis.set::<_, _, ()>(key("revoked", "s-1"), 1).await.unwrap();
    redis
        .set::<_, _, ()>(key("revoked_before", "bob"), 1_800_000_000)
        .await
        .unwrap();
    for (sub, more, expected) in [
        ("alice", json!({"sid": "s-1"}), 401),
        ("alice", json!({"sid": "s-2"}), 200),
        ("alice", json!({}), 200),
        ("bob", json!({"iat": 1_799_999_999, "sid": "s-3"}), 401),
        ("bob", json!({"iat": 1_800_000_000, "sid": "s-4"}), 200),
        ("bob", json!({}), 401),
        // Neither of the two can be named so that it means the other.
        ("revoked:s-1", json!({"sid": "revoked_before:bob"}), 200),
    ] {
        let status = replica.status(&replica.token(sub, &more)).await;
        assert_eq!(status, expected, "{sub} {more}");
    }
    let answer = replica
        .send(&replica.token("alice", &json!({"sid": "s-1"})))
        .await;
    assert_eq!(
        answer.headers()["www-authenticate"],
        r#"Bearer error="invalid_token""#
    );
}

#[tokio::test]
async fn a_revocation_is_seen_within_seconds_by_who_was_let_in_before() {
    let platform = RandomIds.next().to_string();
    let replica = Replica::new(connection(), &platform);
    let token = replica.token("alice", &json!({"sid": "s-1"}));
    assert_eq!(replica.status(&token).await, StatusCode::OK);
    let mut redis = connection();
    let key = format!("test.{platform}:revoked:s-1");
    redis.set::<_, _, ()>(&key, 1).await.unwrap();
    // The limit of requests must not be what ends it.
    let counter = format!("test.{platform}:ratelimit:default:alice");
    eventually("the revocation is seen", async || {
        redis.del::<_, ()>(&counter).await.unwrap();
        (replica.status(&token).await == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_is_away_locks_nobody_out() {
    let mut server = RedisServer::alone().await;
    let address = Address::of(&server.environment()).unwrap();
    let replica = Replica::new(connect(&address, PATIENCE).unwrap(), "todo");
    server
        .ask::<()>(&["SET", "test.todo:revoked:s-1", "1"])
        .await
        .unwrap();
    let token = replica.token("alice", &json!({"sid": "s-1"}));
    assert_eq!(replica.status(&token).await, StatusCode::UNAUTHORIZED);
    server.kill();
    let other = replica.token("bob", &json!({"sid": "s-2"}));
    assert_eq!(replica.status(&other).await, StatusCode::OK);
    assert!(replica.shows("todo_revocation_unchecked_total 1"));
    assert!(replica.shows("todo_ratelimit_backend_up 0"));
}

#[tokio::test]
async fn a_redis_that_dies_under_load_fails_no_request() {
    let mut server = RedisServer::alone().await;
    let address = Address::of(&server.environment()).unwrap();
    let replica = Arc::new(Replica::new(connect(&address, PATIENCE).unwrap(), "todo"));
    let answered = Arc::new(tokio::sync::Semaphore::new(0));
    let mut users = tokio::task::JoinSet::new();
    for user in 0..20 {
        let (replica, answered) = (Arc::clone(&replica), Arc::clone(&answered));
        users.spawn(async move {
            let token = replica.token(&format!("user-{user}"), &json!({"sid": format!("s-{user}")}));
            let mut statuses = Vec::new();
            for _ in 0..5 {
                statuses.push(replica.status(&token).await);
                answered.add_permits(1);
            }
            statuses
        });
    }
    // After some were counted there, and before the others.
    answered.acquire_many(20).await.unwrap().forget();
    server.kill();
    let statuses = users.join_all().await.concat();
    assert_eq!(statuses, [StatusCode::OK; 100]);
    replica.status(&replica.token("late", &json!({}))).await;
    assert!(replica.shows("todo_ratelimit_backend_up 0"));
}

#[tokio::test]
async fn a_cluster_knows_who_was_signed_out() {
    let cluster = RedisCluster::start().await;
    let address = Address::of(&cluster.environment()).unwrap();
    let redis = connect(&address, Duration::from_secs(5)).unwrap();
    let replica = Replica::new(redis.clone(), "todo");
    for user in 0..8 {
        let key = format!("test.todo:revoked_before:user-{user}");
        redis.clone().set::<_, _, ()>(&key, 1_800_000_000).await.unwrap();
        let token = replica.token(
            &format!("user-{user}"),
            &json!({"sid": format!("s-{user}"), "iat": 1}),
        );
        assert_eq!(replica.status(&token).await, StatusCode::UNAUTHORIZED, "{user}");
    }
}

#[tokio::test]
async fn a_redis_that_comes_back_is_noticed_without_a_request() {
    let server = RedisServer::alone().await;
    let address = Address::of(&server.environment()).unwrap();
    let replica = Replica::new(connect(&address, PATIENCE).unwrap(), "todo");
    let stop = CancellationToken::new();
    let watching = tokio::spawn({
        let (backend, stop) = (Arc::clone(&replica.backend), stop.clone());
        async move { backend.watch(stop).await }
    });
    let left = async || {
        let response = replica.send(&replica.issuer.token("alice")).await;
        assert_eq!(response.status(), StatusCode::OK);
        let header = response.headers()["ratelimit"].to_str().unwrap();
        header.split_once(";t=").unwrap().0.to_owned()
    };
    let is_up = |value: u8| replica.shows(&format!("todo_ratelimit_backend_up {value}"));

    assert_eq!(left().await, "\"default\";r=9");
    assert!(is_up(1));
    server.ask::<()>(&["CLIENT", "PAUSE", "5000"]).await.unwrap();
    assert_eq!(left().await, "\"default\";r=9", "this replica counts by itself");
    assert!(is_up(0));
    eventually("the metric says that Redis is back", async || {
        is_up(1).then_some(())
    })
    .await;
    assert_eq!(
        left().await,
        "\"default\";r=7",
        "what was counted there still counts, and so does what it read after its pause"
    );
    stop.cancel();
    watching.await.unwrap();
}

#[tokio::test]
async fn the_watch_over_a_redis_that_is_away_ends_when_it_is_told_to() {
    let nowhere = Address::url(Secret::new("redis://127.0.0.1:1/0"), None);
    let replica = Replica::new(connect(&nowhere, PATIENCE).unwrap(), "todo");
    let stop = CancellationToken::new();
    let watching = tokio::spawn({
        let (backend, stop) = (Arc::clone(&replica.backend), stop.clone());
        async move { backend.watch(stop).await }
    });
    replica.status(&replica.issuer.token("alice")).await;
    assert!(replica.shows("todo_ratelimit_backend_up 0"));
    stop.cancel();
    watching.await.unwrap();
}
