//! Who may publish a reminder, and when.

use std::time::Duration;

use crate::fixture::{Fixture, LONG, OVER, task_id};

#[tokio::test]
async fn only_what_is_due_is_taken_and_only_once_while_the_lease_lasts() {
    let test = Fixture::new().await;
    let [due, later] = [test.fire(1, 1, -1), test.fire(1, 2, 3600)];
    test.set(1, 1, &[due.clone(), later.clone()]).await;

    let claims = test.claim(LONG).await;
    let taken: Vec<_> = claims.iter().map(|claim| &claim.fire).collect();
    assert_eq!(taken, [&due]);
    assert_eq!(test.claim(LONG).await, [], "the lease holds");
    assert_eq!(
        test.pending().await,
        [due, later.clone()],
        "in flight is still pending"
    );
    assert!(test.store.ack(&claims[0]).await.unwrap());
    assert_eq!(test.pending().await, [later]);
    assert_eq!(test.claim(LONG).await, []);
}

#[tokio::test]
async fn after_the_lease_the_next_one_has_a_higher_token_and_the_first_cannot_acknowledge() {
    let test = Fixture::new().await;
    test.set(1, 1, &[test.fire(1, 1, -1)]).await;

    let first = test.claim(OVER).await;
    let second = test.claim(LONG).await;
    assert!(second[0].token > first[0].token);
    assert!(!test.store.ack(&first[0]).await.unwrap());
    assert!(!test.store.postpone(&first[0], Duration::ZERO).await.unwrap());
    assert!(test.store.ack(&second[0]).await.unwrap());
    assert!(!test.store.ack(&second[0]).await.unwrap(), "once is enough");
}

#[tokio::test]
async fn a_crash_between_publish_and_acknowledgement_publishes_the_same_id_again() {
    let test = Fixture::new().await;
    test.set(1, 1, &[test.fire(1, 1, -1)]).await;
    let before = test.claim(OVER).await;
    let after = test.claim(LONG).await;
    assert_eq!(before[0].fire.id(), after[0].fire.id());
}

#[tokio::test]
async fn an_acknowledgement_after_the_lease_counts_while_nobody_else_took_it() {
    let test = Fixture::new().await;
    let [slow, urgent] = [test.fire(1, 1, -1), test.fire(2, 1, -60)];
    test.set(1, 1, &[slow]).await;
    let claims = test.claim(OVER).await;
    test.set(2, 1, std::slice::from_ref(&urgent)).await;
    // A look for one gives back what is over its lease, and takes what has been due for longer.
    assert_eq!(test.store.claim(1, LONG).await.unwrap().claims[0].fire, urgent);
    assert!(test.store.ack(&claims[0]).await.unwrap());
    assert_eq!(test.claim(LONG).await, []);
}

#[tokio::test]
async fn a_postponed_reminder_comes_back_no_sooner_than_asked() {
    let test = Fixture::new().await;
    test.set(1, 1, &[test.fire(1, 1, -1)]).await;
    let claims = test.claim(LONG).await;
    assert!(test.store.postpone(&claims[0], LONG).await.unwrap());
    assert_eq!(test.claim(LONG).await, []);
    assert!(
        !test.store.ack(&claims[0]).await.unwrap(),
        "given back is given back"
    );
    assert_eq!(test.pending().await.len(), 1);
}

#[tokio::test]
async fn an_update_leaves_in_flight_what_is_still_wanted_and_takes_back_what_is_not() {
    let test = Fixture::new().await;
    let [kept, dropped] = [test.fire(1, 1, -2), test.fire(1, 2, -1)];
    test.set(1, 1, &[kept.clone(), dropped]).await;
    let claims = test.claim(LONG).await;
    test.set(1, 2, std::slice::from_ref(&kept)).await;

    assert_eq!(test.claim(LONG).await, [], "what is in flight is not taken twice");
    assert!(test.store.ack(&claims[0]).await.unwrap());
    assert!(!test.store.ack(&claims[1]).await.unwrap());
}

/// Reminders that four schedulers fight for.
const FIRES: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schedulers_that_compete_acknowledge_each_reminder_once() {
    let test = Fixture::new().await;
    for task in 0..FIRES as u128 {
        test.store
            .upsert(task_id(task), "alice", 1, &[test.fire(task, 1, -1)])
            .await
            .unwrap();
    }
    let schedulers: Vec<_> = (0..4)
        .map(|_| {
            let store = test.store.clone();
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                loop {
                    // A lease that is over at once: every scheduler keeps taking what the others hold.
                    let claims = store.claim(7, OVER).await.unwrap().claims;
                    if claims.is_empty() {
                        return acknowledged;
                    }
                    for claim in claims {
                        if store.ack(&claim).await.unwrap() {
                            acknowledged.push(claim.fire.id());
                        }
                    }
                }
            })
        })
        .collect();
    let mut acknowledged = Vec::new();
    for scheduler in schedulers {
        acknowledged.extend(scheduler.await.unwrap());
    }
    assert_eq!(acknowledged.len(), FIRES);
    acknowledged.sort_unstable();
    acknowledged.dedup();
    assert_eq!(acknowledged.len(), FIRES, "no reminder was acknowledged twice");
}
