//! Who gets a mail, and who does not.

use std::sync::Arc;

use todo_notification::attempt::Attempt;
use todo_notification::preferences::{Preferences, Remembered};
use todo_notification::preferences_store::{Expected, save};

use crate::away::Away;
use crate::fixture::{Fixture, LONG, created};

async fn prefer(test: &Fixture, email: Option<&str>, enabled: bool) {
    let preferences = Preferences {
        email: email.map(str::to_owned),
        enabled,
    };
    save(
        test.preferences.as_ref(),
        "alice",
        &preferences,
        &Expected::Whatever,
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn the_preferences_name_the_address_even_after_the_event() {
    let test = Fixture::new().await;
    test.plan(7).await;
    prefer(&test, Some("own@example.com"), true).await;
    test.deliver().await;
    assert_eq!(test.mails()[0].to, ["own@example.com"]);
}

#[tokio::test]
async fn who_turned_it_off_gets_nothing_even_after_the_event() {
    let test = Fixture::new().await;
    test.plan(7).await;
    prefer(&test, None, false).await;
    test.deliver().await;
    assert_eq!(test.mails(), []);
    assert_eq!(test.state().await.0, "skipped");
    assert_eq!(test.text("reason").await.as_deref(), Some("disabled"));
    assert!(test.outbox().await.is_empty());
}

#[tokio::test]
async fn without_a_usable_address_it_is_skipped() {
    for (owner_email, reason) in [(None, "no_address"), (Some("not an address"), "bad_address")] {
        let test = Fixture::new().await;
        test.accept("task.created", &created(7, owner_email)).await;
        test.deliver().await;
        assert_eq!(test.state().await.0, "skipped");
        assert_eq!(test.text("reason").await.as_deref(), Some(reason));
    }
}

#[tokio::test]
async fn without_a_mail_server_it_is_skipped() {
    let test = Fixture::new().await;
    test.plan(7).await;
    let attempt = Attempt {
        mailer: None,
        ..test.attempt()
    };
    test.worker_with(attempt).deliver_due(LONG).await.unwrap();
    assert_eq!(test.text("reason").await.as_deref(), Some("no_smtp"));
}

#[tokio::test]
async fn nothing_is_sent_against_preferences_that_nobody_knows() {
    let test = Fixture::new().await;
    test.plan(7).await;
    let attempt = Attempt {
        preferences: Arc::new(Away),
        ..test.attempt()
    };
    test.worker_with(attempt).deliver_due(LONG).await.unwrap();
    assert_eq!(test.mails(), []);
    assert_eq!(
        test.state().await,
        ("pending".to_owned(), 0),
        "waiting is no attempt"
    );

    test.execute("update delivery set not_before = now()").await;
    test.deliver().await;
    assert_eq!(test.mails().len(), 1);
}

#[tokio::test]
async fn the_last_known_preferences_hold_while_their_store_is_away() {
    let test = Fixture::new().await;
    test.plan(7).await;
    let remembered = Remembered::default();
    remembered.put(
        "alice",
        &Preferences {
            email: Some("own@example.com".to_owned()),
            enabled: true,
        },
    );
    let attempt = Attempt {
        preferences: Arc::new(Away),
        remembered,
        ..test.attempt()
    };
    test.worker_with(attempt).deliver_due(LONG).await.unwrap();
    assert_eq!(test.mails()[0].to, ["own@example.com"]);
}
