//! Mail sent by a real client is read back over HTTP.

#![cfg(test)]

use lettre::message::Mailbox as Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde_json::Value;
use todo_collector::Spans;
use todo_mailsink::{Limits, Mailbox, http, smtp};
use tokio::net::TcpListener;

struct Sink {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    url: String,
}

async fn start(limits: Limits) -> Sink {
    // The HTTP client wants a provider even for plain HTTP; a second test finds it installed.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let mailbox = Mailbox::new(limits);
    let smtp_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(smtp_listener.local_addr().unwrap().port())
        .build();
    let url = format!("http://{}", http_listener.local_addr().unwrap());
    tokio::spawn(smtp::serve(smtp_listener, mailbox.clone()));
    tokio::spawn(async { axum::serve(http_listener, http::router(mailbox, Spans::default())).await });
    Sink { transport, url }
}

impl Sink {
    async fn send(&self, to: &str, body: &str) -> Result<(), SmtpError> {
        let mail = Message::builder()
            .from("Todo <todo@example.com>".parse::<Address>().unwrap())
            .to(to.parse().unwrap())
            .subject("Überraschung")
            .message_id(Some("<7@todo.example>".to_owned()))
            .body(body.to_owned())
            .unwrap();
        self.transport.send(mail).await.map(drop)
    }

    async fn messages(&self, query: &str) -> Value {
        let answer = reqwest::get(format!("{}/messages{query}", self.url))
            .await
            .unwrap();
        answer.json().await.unwrap()
    }
}

#[tokio::test]
async fn what_is_sent_by_smtp_is_read_over_http_until_deleted() {
    let sink = start(Limits::default()).await;
    sink.send("ann@example.com", "Dear Ann,\r\n.leading dot\r\n")
        .await
        .unwrap();
    sink.send("bob@example.com", "Dear Bob").await.unwrap();

    let mails = sink.messages("?to=ann@example.com").await;
    assert_eq!(mails.as_array().unwrap().len(), 1);
    assert_eq!(mails[0]["to"], serde_json::json!(["ann@example.com"]));
    assert_eq!(mails[0]["from"], "todo@example.com");
    assert_eq!(mails[0]["subject"], "Überraschung");
    assert_eq!(mails[0]["message_id"], "7@todo.example");
    assert_eq!(
        mails[0]["body"].as_str().unwrap().trim_end(),
        "Dear Ann,\r\n.leading dot"
    );
    assert_eq!(
        mails[0]["headers"]["from"],
        serde_json::json!(["Todo <todo@example.com>"])
    );
    assert_eq!(sink.messages("").await.as_array().unwrap().len(), 2);

    let deleted = reqwest::Client::new()
        .delete(format!("{}/messages", sink.url))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status(), 204);
    assert_eq!(sink.messages("").await, serde_json::json!([]));
}

#[tokio::test]
async fn a_mail_above_the_limit_is_refused_for_good_and_the_next_one_is_accepted() {
    let sink = start(Limits {
        mail_bytes: 2000,
        ..Limits::default()
    })
    .await;
    let refused = sink
        .send("ann@example.com", &"too long\r\n".repeat(500))
        .await
        .unwrap_err();
    assert!(refused.is_permanent(), "{refused}");
    sink.send("ann@example.com", "short").await.unwrap();
    assert_eq!(sink.messages("").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn refusals_are_given_as_often_as_asked_for() {
    let sink = start(Limits::default()).await;
    let client = reqwest::Client::new();
    let asked = client
        .post(format!("{}/refusals?code=451&count=1", sink.url))
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 204);
    let refused = sink.send("ann@example.com", "hello").await.unwrap_err();
    assert!(refused.is_transient(), "{refused}");
    assert_eq!(sink.messages("").await, serde_json::json!([]));
    sink.send("ann@example.com", "hello").await.unwrap();
    assert_eq!(sink.messages("").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn calls_of_a_webhook_are_kept_in_order() {
    let sink = start(Limits::default()).await;
    let url = format!("{}/hooks", sink.url);
    let http = reqwest::Client::new();
    for number in [1, 2] {
        let call = serde_json::json!({"alerts": [{"status": "firing", "number": number}]});
        let answer = http.post(&url).json(&call).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }
    let refused = http.post(&url).body("no JSON").send().await.unwrap();
    assert!(refused.status().is_client_error());
    let calls: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(calls[1]["alerts"][0]["number"], 2);
    assert_eq!(calls.as_array().unwrap().len(), 2);
}
