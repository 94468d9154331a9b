//! The HTTP side: read the mail, forget it, ask for refusals; take calls of webhooks; read these and spans.

use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;
use todo_collector::{Spans, Told};

use crate::{Mail, Mailbox};

/// `GET /messages?to=ADDR` (all mail without `to`), `DELETE /messages`, `POST /refusals?code=451&count=2` (the next
/// mails are refused with this SMTP reply), `POST /hooks` (a webhook's call: JSON of at most 256 KiB), `GET /hooks` (all
/// calls, oldest first), `GET /spans` (all that came by OTLP), `GET /healthz`.
pub fn router(mailbox: Mailbox, spans: Spans) -> Router {
    Router::new()
        .route("/messages", get(list).delete(clear))
        .route("/refusals", post(refuse))
        .route("/hooks", get(hooks).post(hook))
        .layer(DefaultBodyLimit::max(HOOK_MAX_BYTES))
        .route("/healthz", get(|| async { "ok\n" }))
        .with_state(mailbox)
        .route("/spans", get(told).with_state(spans))
}

/// Largest call of a webhook.
const HOOK_MAX_BYTES: usize = 256 * 1024;

#[derive(Deserialize)]
struct ListQuery {
    to: Option<String>,
}

#[derive(Deserialize)]
struct RefuseQuery {
    code: u16,
    count: u16,
}

async fn list(State(mailbox): State<Mailbox>, Query(query): Query<ListQuery>) -> Json<Vec<Mail>> {
    Json(mailbox.mails(query.to.as_deref()))
}

async fn clear(State(mailbox): State<Mailbox>) -> StatusCode {
    mailbox.clear();
    StatusCode::NO_CONTENT
}

async fn refuse(State(mailbox): State<Mailbox>, Query(query): Query<RefuseQuery>) -> StatusCode {
    if !(400..600).contains(&query.code) {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    mailbox.refuse_next(query.code, query.count.into());
    StatusCode::NO_CONTENT
}

async fn hook(State(mailbox): State<Mailbox>, Json(call): Json<Value>) -> StatusCode {
    mailbox.called(call);
    StatusCode::NO_CONTENT
}

async fn hooks(State(mailbox): State<Mailbox>) -> Json<Vec<Value>> {
    Json(mailbox.calls())
}

async fn told(State(spans): State<Spans>) -> Json<Vec<Told>> {
    Json(spans.told())
}
