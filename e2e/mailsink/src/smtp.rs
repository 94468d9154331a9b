//! The SMTP server: `mailin` is the protocol, this file the connections and their bounds.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use mailin::{Action, Response, Session, SessionBuilder, response};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::{Mail, Mailbox};

const MAX_CONNECTIONS: usize = 64;
const MAX_RECIPIENTS: usize = 100;
const MAX_LINE_BYTES: u64 = 64 * 1024;
const IDLE: Duration = Duration::from_mins(1);

/// Serves SMTP on `listener` until the future is dropped; accepted mail goes into `mailbox`.
///
/// Returns only when accepting fails.
pub async fn serve(listener: TcpListener, mailbox: Mailbox) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let slot = Arc::clone(&slots)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, peer) = listener.accept().await?;
        let mailbox = mailbox.clone();
        tokio::spawn(async move {
            // A client that hangs up half-way is its own affair.
            let _ended = converse(stream, peer.ip(), mailbox).await;
            drop(slot);
        });
    }
}

async fn converse(stream: TcpStream, peer: IpAddr, mailbox: Mailbox) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut session = SessionBuilder::new("todo-mailsink").build(peer, Receiver::new(mailbox));
    stream.write_all(&session.greeting().buffer()?).await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = (&mut stream).take(MAX_LINE_BYTES);
        if timeout(IDLE, bounded.read_until(b'\n', &mut line)).await?? == 0 {
            return Ok(());
        }
        if !answer(&mut stream, &mut session, &line).await? {
            return stream.shutdown().await;
        }
    }
}

/// Answers one line; false when the conversation is over.
async fn answer(
    stream: &mut BufReader<TcpStream>,
    session: &mut Session<Receiver>,
    line: &[u8],
) -> io::Result<bool> {
    let response = session.process(line);
    if response.action != Action::NoReply {
        stream.write_all(&response.buffer()?).await?;
        stream.flush().await?;
    }
    Ok(response.action != Action::Close)
}

/// Collects one mail at a time of one connection.
struct Receiver {
    mailbox: Mailbox,
    from: String,
    to: Vec<String>,
    raw: Vec<u8>,
    is_too_large: bool,
}

impl Receiver {
    fn new(mailbox: Mailbox) -> Self {
        Self {
            mailbox,
            from: String::new(),
            to: Vec::new(),
            raw: Vec::new(),
            is_too_large: false,
        }
    }
}

impl mailin::Handler for Receiver {
    fn mail(&mut self, _ip: IpAddr, _domain: &str, from: &str) -> Response {
        from.clone_into(&mut self.from);
        self.to.clear();
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        if self.to.len() == MAX_RECIPIENTS {
            return Response::custom(452, "Too many recipients".to_owned());
        }
        self.to.push(to.to_owned());
        response::OK
    }

    fn data_start(&mut self, _domain: &str, _from: &str, _is8bit: bool, _to: &[String]) -> Response {
        self.raw.clear();
        self.is_too_large = false;
        match self.mailbox.next_refusal() {
            Some(code) => Response::custom(code, "Refused, as a test asked for".to_owned()),
            None => response::OK,
        }
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        if self.raw.len() + line.len() > self.mailbox.limits().mail_bytes {
            self.is_too_large = true;
        } else {
            self.raw.extend_from_slice(line);
        }
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let raw = std::mem::take(&mut self.raw);
        if self.is_too_large {
            return refused_after_data(552, "Mail too large");
        }
        let Some(mail) = Mail::parse(std::mem::take(&mut self.from), std::mem::take(&mut self.to), &raw)
        else {
            return refused_after_data(554, "Not a mail");
        };
        self.mailbox.keep(mail, raw.len());
        response::OK
    }
}

/// A refusal at the end of the data, which also ends the connection: `mailin` 0.6.5 would go on to read commands
/// as if they were data.
fn refused_after_data(code: u16, text: &str) -> Response {
    let mut response = Response::custom(code, text.to_owned());
    response.action = Action::Close;
    response
}
