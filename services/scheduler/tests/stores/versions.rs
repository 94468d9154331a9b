//! What a task's events do to its reminders, in any order.

use todo_scheduler::fire::Fire;
use todo_scheduler::store::{Store, Upserted};

use crate::fixture::{Fixture, LONG, task_id};

const APPLIED: Upserted = Upserted::Applied { missed: 0 };

#[tokio::test]
async fn a_newer_version_replaces_and_an_older_or_equal_one_changes_nothing() {
    let test = Fixture::new().await;
    let [first, second] = [test.fire(1, 1, 60), test.fire(1, 2, 90)];
    let upsert = async |version, fire: &Fire| {
        test.store
            .upsert(task_id(1), "alice", version, std::slice::from_ref(fire))
            .await
            .unwrap()
    };

    assert_eq!(upsert(2, &first).await, APPLIED);
    assert_eq!(upsert(2, &second).await, Upserted::Stale);
    assert_eq!(upsert(1, &second).await, Upserted::Stale);
    assert_eq!(test.pending().await, std::slice::from_ref(&first));
    assert_eq!(upsert(3, &second).await, APPLIED);
    assert_eq!(test.pending().await, [second]);
}

#[tokio::test]
async fn a_deletion_is_final_for_its_version_and_those_before() {
    let test = Fixture::new().await;
    let fire = test.fire(1, 1, -1);
    test.set(1, 2, std::slice::from_ref(&fire)).await;

    assert_eq!(test.store.remove(task_id(1), "alice", 2).await.unwrap(), APPLIED);
    assert_eq!(test.pending().await, []);
    assert_eq!(test.claim(LONG).await, []);
    test.set(1, 1, std::slice::from_ref(&fire)).await;
    test.set(1, 2, std::slice::from_ref(&fire)).await;
    assert_eq!(
        test.pending().await,
        [],
        "an older event must not bring the reminder back"
    );
}

#[tokio::test]
async fn a_task_that_comes_back_from_the_trash_has_its_reminders_again() {
    let test = Fixture::new().await;
    let fire = test.fire(1, 1, 60);
    test.set(1, 2, std::slice::from_ref(&fire)).await;
    assert_eq!(test.store.remove(task_id(1), "alice", 2).await.unwrap(), APPLIED);
    assert_eq!(test.pending().await, []);
    test.set(1, 3, std::slice::from_ref(&fire)).await;
    assert_eq!(test.pending().await, std::slice::from_ref(&fire));
    assert_eq!(
        test.store.remove(task_id(1), "alice", 2).await.unwrap(),
        Upserted::Stale
    );
    assert_eq!(test.pending().await, [fire], "the deletion is told again");
}

#[tokio::test]
async fn a_published_reminder_is_not_set_again_but_a_moved_one_is() {
    let test = Fixture::new().await;
    let fire = test.fire(1, 1, -5);
    test.set(1, 1, std::slice::from_ref(&fire)).await;
    let claims = test.claim(LONG).await;
    assert!(test.store.ack(&claims[0]).await.unwrap());

    test.set(1, 2, std::slice::from_ref(&fire)).await;
    assert_eq!(test.pending().await, []);
    let moved = test.fire(1, 1, 60);
    test.set(1, 3, std::slice::from_ref(&moved)).await;
    assert_eq!(test.pending().await, [moved]);
}

#[tokio::test]
async fn a_reminder_that_was_over_long_ago_is_counted_as_missed() {
    let test = Fixture::new().await;
    let fires = [test.fire(1, 1, -25 * 3600), test.fire(1, 2, -23 * 3600)];
    let upserted = test.store.upsert(task_id(1), "alice", 1, &fires).await.unwrap();
    assert_eq!(upserted, Upserted::Applied { missed: 1 });
    assert_eq!(test.pending().await, [fires[1].clone()]);
}

#[tokio::test]
async fn the_list_is_per_owner_in_order_of_time_and_bounded() {
    let test = Fixture::new().await;
    let [late, early] = [test.fire(1, 1, 90), test.fire(2, 1, 60)];
    test.set(1, 1, std::slice::from_ref(&late)).await;
    test.set(2, 1, std::slice::from_ref(&early)).await;
    let mut others = test.fire(3, 1, 30);
    others.owner = "bob".to_owned();
    test.store
        .upsert(task_id(3), "bob", 1, std::slice::from_ref(&others))
        .await
        .unwrap();

    assert_eq!(test.pending().await, [early.clone(), late]);
    assert_eq!(test.store.pending("alice", 1).await.unwrap(), [early]);
    assert_eq!(test.store.pending("carol", 10).await.unwrap(), []);
}

#[tokio::test]
async fn two_platforms_share_a_redis_without_seeing_each_other() {
    let test = Fixture::new().await;
    let other = Store::new(test.redis.clone(), &test.namespace, "other");
    test.set(1, 1, &[test.fire(1, 1, -1)]).await;
    assert_eq!(other.pending("alice", 10).await.unwrap(), []);
    assert_eq!(other.claim(10, LONG).await.unwrap().claims, []);
    assert_eq!(test.claim(LONG).await.len(), 1);
}

#[tokio::test]
async fn dead_letters_are_kept_up_to_a_bound() {
    let mut test = Fixture::new().await;
    for letter in 0..1001 {
        let body = letter.to_string();
        test.store.bury("unreadable", body.as_bytes()).await.unwrap();
    }
    let key = format!("todo-scheduler:{{{}.todo}}:dead", test.namespace);
    let letters: Vec<String> = redis::cmd("LRANGE")
        .arg(key)
        .arg(0)
        .arg(-1)
        .query_async(&mut test.redis)
        .await
        .unwrap();
    assert_eq!(letters.len(), 1000);
    let newest = r#"{"event":"1000","reason":"unreadable","topic":"unknown"}"#;
    assert_eq!(letters[0], newest, "the newest is first");
    assert_eq!(
        test.store.dead_letters().await.unwrap(),
        [("unknown".to_owned(), 1000)]
    );
}
