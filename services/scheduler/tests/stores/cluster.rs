//! The same store on a Redis cluster: every script keeps to one slot.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use todo_domain::ReminderId;
use todo_kit::redis::{Address, connect};
use todo_kit::testing::redis::RedisCluster;
use todo_scheduler::fire::Fire;
use todo_scheduler::store::Store;
use uuid::Uuid;

use crate::fixture::{LONG, task_id};

#[tokio::test]
async fn reminders_live_through_their_whole_life_on_every_node_of_a_cluster() {
    let cluster = RedisCluster::start().await;
    let address = Address::of(&cluster.environment()).expect("the cluster's address");
    let redis = connect(&address, Duration::from_secs(2)).expect("a connection");
    // Platforms of many names lie in slots of all nodes.
    for number in 0..8_u128 {
        let store = Store::new(redis.clone(), &format!("{number}-namespace"), "todo");
        let (task, now) = (
            task_id(number),
            Timestamp::from_second(1_700_000_000).expect("a time"),
        );
        let empty = store.claim(10, LONG).await.expect("a look at what is due");
        let fire = |reminder: u128, seconds: i64| Fire {
            task_id: task,
            version: 1,
            reminder_id: ReminderId(Uuid::from_u128(reminder)),
            at: empty.now + SignedDuration::from_secs(seconds),
            owner: "alice".to_owned(),
            owner_email: None,
            title: "Buy milk".to_owned(),
            traceparent: String::new(),
        };
        assert!(empty.now > now && empty.claims.is_empty());
        store
            .upsert(task, "alice", 1, &[fire(1, -5), fire(2, 600)])
            .await
            .expect("the reminders are set");
        assert_eq!(
            store.pending("alice", 10).await.expect("the pending ones").len(),
            2
        );
        let claimed = store.claim(10, LONG).await.expect("what is due").claims;
        assert_eq!(claimed.len(), 1);
        assert!(
            store
                .postpone(&claimed[0], Duration::ZERO)
                .await
                .expect("given back")
        );
        let again = store.claim(10, LONG).await.expect("what is due").claims;
        assert!(store.ack(&again[0]).await.expect("acknowledged"));
        store
            .bury("unreadable", b"{")
            .await
            .expect("a dead letter is kept");
        store.remove(task, "alice", 2).await.expect("the rest is dropped");
        assert!(
            store
                .pending("alice", 10)
                .await
                .expect("the pending ones")
                .is_empty()
        );
    }
    for node in &cluster.nodes {
        assert!(node.ask::<usize>(&["DBSIZE"]).await.expect("a number of keys") > 0);
    }
}
