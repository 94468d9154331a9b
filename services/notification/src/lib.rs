//! Notification: tells users of what happened to their tasks.
//!
//! An event plans a delivery ([`handlers`], [`plan`]), a worker sends it ([`worker`], [`attempt`], [`mail`], [`smtp`]),
//! and one store keeps it in between and remembers what came of it ([`store`]). What a user wants to be told, and
//! where, is looked up when the mail is sent ([`preferences`]), so that who opts out gets nothing more.

pub mod attempt;
pub mod backoff;
mod config;
pub mod handlers;
mod housekeeping;
pub mod mail;
pub mod metrics;
pub mod plan;
pub mod preferences;
pub mod preferences_store;
pub mod report;
pub mod smtp;
pub mod store;
pub mod worker;

use std::sync::Arc;

use axum::Router;
use lettre::transport::smtp::authentication::Credentials;
use sqlx::migrate::Migrator;
use todo_domain::Topic;
use todo_kit::config::ConfigError;
use todo_kit::describe::{Description, Store as StoreKind};
use todo_kit::outbox::{OutboxMetrics, Relay, Settings};
use todo_kit::{Context, Environment, Service, StartError, openapi};
use tokio::sync::Notify;
use utoipa::openapi::OpenApi;

pub use config::{NotificationConfig, SmtpConfig, SmtpSecurity};

use crate::attempt::Attempt;
use crate::handlers::{App, CONSUMES, routes};
use crate::housekeeping::forget_old;
use crate::metrics::DeliveryMetrics;
use crate::preferences::Remembered;
use crate::smtp::Mailer;
use crate::store::Store;
use crate::worker::Worker;

/// The tables, in a schema of their own.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// The topics that notification publishes.
const PUBLISHES: [Topic; 2] = [Topic::NotificationDelivered, Topic::NotificationFailed];

/// Notification as a service.
pub struct Notification;

impl Service for Notification {
    type Config = NotificationConfig;

    fn description() -> Description {
        Description {
            publishes: PUBLISHES.to_vec(),
            consumes: CONSUMES.to_vec(),
            stores: vec![StoreKind::Postgresql, StoreKind::DaprState],
            routes: openapi::paths(&Self::api()),
            about: "Messages to users",
            ..Description::new("notification")
        }
    }

    fn api() -> OpenApi {
        handlers::public().into_openapi()
    }

    fn check(config: &NotificationConfig) -> Result<(), ConfigError> {
        let refused = |_| ConfigError::refused("smtp.host", "cannot be used as the name of a TLS server");
        config
            .smtp
            .as_ref()
            .map_or(Ok(()), |smtp| Mailer::check(smtp).map_err(refused))
    }

    async fn start(context: &Context<NotificationConfig>) -> Result<Router, StartError> {
        let config = &context.config.service;
        let mailer = config
            .smtp
            .as_ref()
            .map(|smtp| Mailer::new(smtp, credentials(&context.environment)));
        let preferences = context.state_store(&config.state_store)?;
        let publisher = context.publisher(&config.pubsub)?;
        let pool = context.postgres(&MIGRATIONS).await?;
        let store = Store::new(pool.clone());
        let ids = context.ids.clone();
        let outbox = OutboxMetrics::new(&context.metrics, &PUBLISHES);
        let relay = Relay::new(pool, publisher, ids.clone(), outbox, Settings::default());
        let planned = Arc::new(Notify::new());
        let worker = Worker {
            store: store.clone(),
            attempt: Attempt {
                preferences: preferences.clone(),
                remembered: Remembered::default(),
                mailer: mailer.transpose()?,
            },
            origin: context.origin(),
            ids: ids.clone(),
            clock: context.clock.clone(),
            tracer: context.tracer.clone(),
            metrics: DeliveryMetrics::new(&context.metrics),
            planned: planned.clone(),
            reported: relay.waker(),
        };
        context.background.spawn("worker", |stop| worker.run(stop));
        context.background.spawn("outbox", |stop| relay.run(stop));
        context
            .background
            .spawn("housekeeping", |stop| forget_old(store.clone(), stop));
        context.watch_dead_letters(&CONSUMES, store.clone(), |store| async move {
            store.dead_letters().await
        });
        let app = App {
            store,
            preferences,
            ids,
            planned,
        };
        Ok(routes(app, &context.metrics))
    }
}

/// User and password for the mail server, when both are set.
fn credentials(environment: &Environment) -> Option<Credentials> {
    let user = environment.optional_secret("SMTP_USERNAME")?;
    let password = environment.optional_secret("SMTP_PASSWORD")?;
    Some(Credentials::new(
        user.expose().to_owned(),
        password.expose().to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_of_itself_what_the_contract_says() {
        let described = serde_json::to_value(Notification::description()).unwrap();
        let expected = serde_json::json!({
            "service": "notification", "httpPort": 8080, "adminPort": 8081,
            "publishes": ["notification.delivered", "notification.failed"],
            "consumes": ["task.created", "task.completed", "task.reminder"], "calls": [],
            "stores": ["postgresql", "daprState"],
            "routes": ["/v1/notifications", "/v1/notifications/preferences"],
        });
        assert_eq!(described, expected);
    }

    #[test]
    fn the_mail_server_is_read_and_checked() {
        let config = |smtp: serde_json::Value| -> Result<NotificationConfig, serde_json::Error> {
            let pubsub = serde_json::json!({"component": "todo-notification-events"});
            let all =
                serde_json::json!({"pubsub": pubsub, "stateStore": "todo-notification-state", "smtp": smtp});
            serde_json::from_value(all)
        };
        let smtp = |host: &str, from: &str, security: &str| {
            config(serde_json::json!({"host": host, "port": 587, "from": from, "security": security}))
        };
        let from = "Todo <todo@example.com>";
        for security in ["none", "starttls", "tls"] {
            let config = smtp("mail.example", from, security).unwrap();
            assert!(Notification::check(&config).is_ok(), "{security}");
        }
        assert_eq!(config(serde_json::Value::Null).unwrap().smtp, None);
        assert!(smtp("mail.example", "nobody", "none").is_err());
        assert!(smtp("mail.example", from, "ssl").is_err());
    }
}
