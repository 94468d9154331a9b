//! Where everything listens.

use std::collections::BTreeMap;
use std::net::TcpListener;

use todo_scenarios::Result;
use todo_scenarios::proof::schedule::Program;

/// What a port is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// Its main port; of a sidecar, HTTP.
    Main,
    /// Probes, metrics, failpoints.
    Admin,
    /// Kafka's for the sidecar of the consumer.
    Second,
    /// Kafka's controller.
    Controller,
    Grpc,
    Internal,
    Public,
    Metrics,
    Profile,
}

/// A free port for every program and use; none is given twice.
#[derive(Debug)]
pub(crate) struct Ports(BTreeMap<(Program, Use), u16>);

impl Ports {
    pub(crate) fn find() -> Result<Self> {
        let uses = [
            Use::Main,
            Use::Admin,
            Use::Second,
            Use::Controller,
            Use::Grpc,
            Use::Internal,
            Use::Public,
            Use::Metrics,
            Use::Profile,
        ];
        // Held together until all are known.
        let mut held = Vec::new();
        let mut ports = BTreeMap::new();
        for program in Program::ALL {
            for purpose in uses {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                ports.insert((program, purpose), listener.local_addr()?.port());
                held.push(listener);
            }
        }
        Ok(Self(ports))
    }

    pub(crate) fn of(&self, program: Program, purpose: Use) -> u16 {
        self.0.get(&(program, purpose)).copied().unwrap_or_default()
    }

    pub(crate) fn main(&self, program: Program) -> u16 {
        self.of(program, Use::Main)
    }
}
