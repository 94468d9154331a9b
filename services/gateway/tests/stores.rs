//! The shared limiter on a real Redis, which `TODO_TEST_REDIS_URL` names.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::sync::Arc;
use std::time::Duration;

use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
use http::{Request, StatusCode};
use todo_domain::IdSource;
use todo_gateway::limit::{Limiter, PATIENCE, Policies, Policy, Shared, limit};
use todo_kit::metrics::Metrics;
use todo_kit::redis::{Address, Redis, connect};
use todo_kit::testing::TestIssuer;
use todo_kit::testing::redis::{RedisCluster, RedisServer, eventually};
use todo_kit::{RandomIds, Secret, SystemClock};
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

#[tokio::test]
async fn a_redis_that_comes_back_is_noticed_without_a_request() {
    let server = RedisServer::alone().await;
    let address = Address::of(&server.environment()).unwrap();
    let metrics = Metrics::new("gateway", "test");
    let shared = Shared::new(connect(&address, PATIENCE).unwrap(), "test", "todo");
    let limiter = Limiter::new(Policies::shared(POLICY), shared, &metrics);
    let issuer = TestIssuer::new(1);
    let gateway = Router::new()
        .route("/v1/tasks", get(|| async {}))
        .layer(from_fn_with_state(Arc::new(limiter), limit))
        .layer(axum::Extension(issuer.verifier(Arc::new(SystemClock))));
    let left = async || {
        let token = format!("Bearer {}", issuer.token("alice"));
        let request = Request::get("/v1/tasks").header("authorization", token);
        let response = gateway
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let header = response.headers()["ratelimit"].to_str().unwrap();
        header.split_once(";t=").unwrap().0.to_owned()
    };
    let is_up = |value: u8| {
        metrics
            .encode()
            .unwrap()
            .contains(&format!("todo_ratelimit_backend_up {value}\n"))
    };

    assert_eq!(left().await, "\"default\";r=9");
    assert!(is_up(1));
    server.ask::<()>(&["CLIENT", "PAUSE", "2000"]).await.unwrap();
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
}
