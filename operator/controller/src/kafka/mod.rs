//! A client of Kafka and Redpanda that does what an operator needs: log in, say which topics there are, make topics.
//!
//! Messages come from `kafka-protocol`; the versions that are spoken are old enough for every broker that is still
//! supported and new enough for Kafka 4. A request goes to whichever broker answers first: brokers without `ZooKeeper`, and
//! Redpanda, pass what concerns the controller on to it.

mod connection;
mod error;
mod scram;
mod tls;
mod topics;

pub use connection::Connection;
pub use error::KafkaError;
pub use topics::{Described, TopicState};

use todoplatform_api::SaslMechanism;

use crate::probe::Sensitive;

/// How a Kafka or Redpanda is reached, with what the Secrets hold.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Hosts and ports.
    pub brokers: Vec<String>,
    /// User and password.
    pub sasl: Option<Sasl>,
    /// Encryption.
    pub tls: Option<Tls>,
}

/// User and password.
#[derive(Clone, Debug)]
pub struct Sasl {
    /// How they are shown.
    pub mechanism: SaslMechanism,
    /// The user's name.
    pub username: Sensitive,
    /// The password.
    pub password: Sensitive,
}

/// Encryption.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The certificates (PEM) of the brokers' authority; none means the public ones.
    pub ca: Option<Sensitive>,
    /// The client's certificate and private key (PEM).
    pub client: Option<(Sensitive, Sensitive)>,
}
