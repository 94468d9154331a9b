//! What the mail server's answers lead to.

use crate::fixture::Fixture;

fn state(state: &str, attempts: i32) -> (String, i32) {
    (state.to_owned(), attempts)
}

#[tokio::test]
async fn a_mail_that_is_refused_for_now_is_tried_again_later() {
    let test = Fixture::new().await;
    test.plan(7).await;
    test.mailbox.refuse_next(451, 1);
    test.deliver().await;
    assert_eq!((test.mails(), test.state().await), (vec![], state("pending", 1)));
    assert!(test.text("last_error").await.unwrap().contains("451"));
    assert!(test.outbox().await.is_empty());

    test.deliver().await;
    assert_eq!(
        (test.mails(), test.state().await),
        (vec![], state("pending", 1)),
        "its time has not come"
    );
    let pause = test
        .text("extract(epoch from not_before - now())::text")
        .await
        .unwrap()
        .parse::<f64>()
        .unwrap();
    assert!((1.0..6.1).contains(&pause), "{pause}");

    test.execute("update delivery set not_before = now()").await;
    test.deliver().await;
    assert_eq!((test.mails().len(), test.state().await), (1, state("sent", 2)));
    assert_eq!(test.text("last_error").await, None);
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_fails_at_once_and_is_reported() {
    let test = Fixture::new().await;
    test.plan(7).await;
    test.mailbox.refuse_next(550, 1);
    test.deliver().await;
    test.deliver().await;
    assert_eq!((test.mails(), test.state().await), (vec![], state("failed", 1)));
    let [(topic, envelope)] = test.outbox().await.try_into().unwrap();
    assert_eq!(topic, "notification.failed");
    assert_eq!(envelope["type"], "com.todo.notification.failed.v1");
    assert_eq!(envelope["data"]["reason"], "refused");
}

#[tokio::test]
async fn after_the_last_attempt_it_is_given_up() {
    let test = Fixture::new().await;
    test.plan(7).await;
    test.execute("update delivery set attempts = 7").await;
    test.mailbox.refuse_next(421, 1);
    test.deliver().await;
    assert_eq!(test.state().await, state("failed", 8));
    assert_eq!(test.outbox().await[0].1["data"]["reason"], "exhausted");
}

#[tokio::test]
async fn a_wrong_password_gives_no_mail_up() {
    let test = Fixture::new().await;
    test.plan(7).await;
    test.mailbox.refuse_next(535, 1);
    test.deliver().await;
    assert_eq!(test.state().await, state("pending", 1));
}
