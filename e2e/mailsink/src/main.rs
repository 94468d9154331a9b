//! The mail sink's binary: SMTP on one port, HTTP to read the mail on another, until SIGTERM or SIGINT.

use std::io;
use std::net::SocketAddr;

use clap::Parser;
use todo_mailsink::{Mailbox, http, smtp};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// A mail sink for tests: accepts every mail by SMTP and shows it over HTTP. No TLS, no passwords.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where SMTP is served.
    #[arg(long, env = "MAILSINK_SMTP_LISTEN", default_value = "0.0.0.0:2525")]
    smtp_listen: SocketAddr,
    /// Where `GET /messages?to=ADDR`, `DELETE /messages`, `POST /refusals` and `/healthz` are served.
    #[arg(long, env = "MAILSINK_HTTP_LISTEN", default_value = "0.0.0.0:8025")]
    http_listen: SocketAddr,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mailbox = Mailbox::default();
    let smtp_listener = TcpListener::bind(arguments.smtp_listen).await?;
    let http_listener = TcpListener::bind(arguments.http_listen).await?;
    // As process 1 of a container we would not be ended by a signal that we do not handle.
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = smtp::serve(smtp_listener, mailbox.clone()) => ended,
        ended = async { axum::serve(http_listener, http::router(mailbox)).await } => ended,
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}
