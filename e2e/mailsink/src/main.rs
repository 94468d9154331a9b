//! The sink's binary: SMTP and OTLP on ports of their own, HTTP to read what came on another, until SIGTERM or SIGINT.

use std::io;
use std::net::SocketAddr;

use clap::Parser;
use todo_collector::Spans;
use todo_mailsink::{Mailbox, http, smtp};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tonic::transport::Server;

/// A sink for tests: accepts every mail by SMTP, every call of a webhook, every span by OTLP, and shows them over HTTP. No TLS,
/// no passwords.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where SMTP is served.
    #[arg(
        long = "smtp-listen",
        env = "MAILSINK_SMTP_LISTEN",
        default_value = "0.0.0.0:2525"
    )]
    smtp: SocketAddr,
    /// Where `GET /messages?to=ADDR`, `DELETE /messages`, `POST /refusals`, `/hooks`, `GET /spans` and `/healthz` are
    /// served.
    #[arg(
        long = "http-listen",
        env = "MAILSINK_HTTP_LISTEN",
        default_value = "0.0.0.0:8025"
    )]
    http: SocketAddr,
    /// Where OTLP over gRPC is served.
    #[arg(
        long = "otlp-listen",
        env = "MAILSINK_OTLP_LISTEN",
        default_value = "0.0.0.0:4317"
    )]
    otlp: SocketAddr,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mailbox = Mailbox::default();
    let spans = Spans::default();
    let smtp_listener = TcpListener::bind(arguments.smtp).await?;
    let http_listener = TcpListener::bind(arguments.http).await?;
    let otlp_listener = TcpListener::bind(arguments.otlp).await?;
    // As process 1 of a container we would not be ended by a signal that we do not handle.
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = smtp::serve(smtp_listener, mailbox.clone()) => ended,
        ended = async { axum::serve(http_listener, http::router(mailbox, spans.clone())).await } => ended,
        ended = todo_collector::serve(Server::builder(), otlp_listener, spans.clone()) => ended,
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}
