//! The client of Kafka against a real one, whose listeners the `TODO_TEST_KAFKA_…` variables name.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::time::Duration;

use todoplatform_api::SaslMechanism;
use todoplatform_operator::kafka::{Connection, Sasl, Target, Tls, TopicState};
use todoplatform_operator::probe::{Sensitive, kafka::probe};
use todoplatform_render::{Topic, TopicMaker};

const TIMEOUT: Duration = Duration::from_secs(10);

fn variable(name: &str) -> String {
    let name = format!("TODO_TEST_KAFKA_{name}");
    std::env::var(&name).unwrap_or_else(|_| unreachable!("{name} is set where a Kafka runs"))
}

fn file(name: &str) -> Sensitive {
    let path = std::path::Path::new(&variable("CERTIFICATES")).join(name);
    Sensitive::new(std::fs::read(path).unwrap())
}

fn login(mechanism: SaslMechanism, password: &str) -> Sasl {
    Sasl {
        mechanism,
        username: Sensitive::new(variable("USER").into_bytes()),
        password: Sensitive::new(password.as_bytes().to_vec()),
    }
}

fn authority(name: &str) -> Tls {
    Tls {
        ca: Some(file(name)),
        client: None,
    }
}

fn target(listener: &str, sasl: Option<Sasl>, tls: Option<Tls>) -> Target {
    Target {
        brokers: vec![variable(listener)],
        sasl,
        tls,
    }
}

async fn asked(target: &Target) -> (bool, String) {
    let probed = probe("Kafka", target, &[], TopicMaker::Operator, "todo").await;
    assert!(!format!("{:?}", probed.broker).contains("canary"));
    (probed.broker.ready, probed.broker.reason)
}

#[tokio::test]
async fn every_way_in_is_open_to_who_has_the_key() {
    let password = variable("PASSWORD");
    let client = Some(Tls {
        client: Some((file("client.crt"), file("client.key"))),
        ..authority("ca.crt")
    });
    for (name, target) in [
        ("in clear", target("CLEAR", None, None)),
        (
            "PLAIN",
            target("SASL", Some(login(SaslMechanism::Plain, &password)), None),
        ),
        (
            "SCRAM-SHA-256",
            target("SASL", Some(login(SaslMechanism::ScramSha256, &password)), None),
        ),
        (
            "SCRAM-SHA-512",
            target("SASL", Some(login(SaslMechanism::ScramSha512, &password)), None),
        ),
        (
            "SCRAM under a private authority",
            target(
                "TLS",
                Some(login(SaslMechanism::ScramSha512, &password)),
                Some(authority("ca.crt")),
            ),
        ),
        ("a client certificate", target("MTLS", None, client)),
    ] {
        assert_eq!(asked(&target).await, (true, "Answered".to_owned()), "{name}");
    }
}

#[tokio::test]
async fn whoever_has_not_is_told_what_is_wrong() {
    let password = variable("PASSWORD");
    let wrong = "canary-password";
    for (name, target, reason) in [
        (
            "wrong PLAIN",
            target("SASL", Some(login(SaslMechanism::Plain, wrong)), None),
            "PasswordRefused",
        ),
        (
            "wrong 256",
            target("SASL", Some(login(SaslMechanism::ScramSha256, wrong)), None),
            "PasswordRefused",
        ),
        (
            "wrong 512",
            target(
                "TLS",
                Some(login(SaslMechanism::ScramSha512, wrong)),
                Some(authority("ca.crt")),
            ),
            "PasswordRefused",
        ),
        ("no login", target("SASL", None, None), "ConnectionClosed"),
        (
            "another authority",
            target(
                "TLS",
                Some(login(SaslMechanism::ScramSha512, &password)),
                Some(authority("other-ca.crt")),
            ),
            "TlsFailed",
        ),
        (
            "the public authorities",
            target(
                "TLS",
                Some(login(SaslMechanism::ScramSha512, &password)),
                Some(Tls::default()),
            ),
            "TlsFailed",
        ),
        (
            "no client certificate",
            target("MTLS", None, Some(authority("ca.crt"))),
            "TlsFailed",
        ),
        (
            "no certificate at all",
            target(
                "TLS",
                None,
                Some(Tls {
                    ca: Some(Sensitive::new(b"canary".to_vec())),
                    client: None,
                }),
            ),
            "InvalidCertificate",
        ),
    ] {
        assert_eq!(asked(&target).await, (false, reason.to_owned()), "{name}");
    }
}

#[tokio::test]
async fn missing_topics_are_made_once_and_never_altered() {
    let target = target("CLEAR", None, None);
    let run = std::process::id();
    let topic = |name: &str, partitions| Topic {
        name: format!("test.{run}.{name}"),
        child: name.into(),
        partitions,
        replication_factor: None,
        retention_milliseconds: 3_600_000,
    };
    let wanted = [topic("created", 3), topic("created.dlq", 1)];
    let before = probe("Kafka", &target, &wanted, TopicMaker::Operator, "todo").await;
    assert_eq!(
        (before.topics.ready, before.topics.reason.as_str()),
        (false, "TopicsMissing")
    );
    assert_eq!(before.missing, wanted);

    let mut connection = Connection::open(&target, "todo", TIMEOUT).await.unwrap();
    assert_eq!(connection.create(&wanted).await.unwrap(), []);
    // A second operator, or one that was killed before it could tell.
    assert_eq!(connection.create(&wanted).await.unwrap(), []);
    let after = probe("Kafka", &target, &wanted, TopicMaker::Operator, "todo").await;
    assert_eq!(
        (after.topics.ready, after.topics.reason.as_str()),
        (true, "Answered")
    );
    assert_eq!(after.missing, []);

    let more = [
        topic("created", 5),
        Topic {
            replication_factor: Some(2),
            ..topic("created.dlq", 1)
        },
    ];
    assert_eq!(connection.create(&more).await.unwrap(), []);
    let described = connection
        .describe(more.iter().map(|topic| topic.name.as_str()))
        .await
        .unwrap();
    assert_eq!(
        described.topics[&more[0].name],
        TopicState::Present {
            partitions: 3,
            replicas: 1
        }
    );
    let differs = probe("Kafka", &target, &more, TopicMaker::Operator, "todo").await;
    assert_eq!(
        (differs.topics.ready, differs.topics.reason.as_str()),
        (true, "TopicsDiffer")
    );
    assert!(
        differs.topics.message.contains("3 of 5 partitions"),
        "{}",
        differs.topics.message
    );
    assert!(
        differs.topics.message.contains("1 of 2 replicas"),
        "{}",
        differs.topics.message
    );

    // One broker cannot hold a partition three times: said by name, and nothing half made.
    let impossible = Topic {
        replication_factor: Some(3),
        ..topic("impossible", 1)
    };
    let refused = connection
        .create(std::slice::from_ref(&impossible))
        .await
        .unwrap();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].0, impossible.name);
}
