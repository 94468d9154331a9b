//! A user of the platform: a token from `kubectl todo`, requests through the gateway.

use std::time::Duration;

use serde_json::Value;

use crate::{Result, command, env};

/// Somebody with a token.
#[derive(Debug)]
pub struct User {
    http: reqwest::Client,
    gateway: String,
    token: String,
    /// Where this user's mail goes.
    pub email: String,
}

/// An answer of the gateway.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `ETag`, if any.
    pub etag: Option<String>,
    /// How long a 429 or 503 asks to wait.
    pub retry_after: Option<Duration>,
    /// The JSON body; null when there is none.
    pub body: Value,
}

impl User {
    /// A user whose token `kubectl todo token` signs, as the README says.
    pub async fn new(namespace: &str, gateway: &str, name: &str) -> Result<Self> {
        let plugin = env::required("TODO_TEST_KUBECTL_TODO")?;
        let email = format!("{name}@{namespace}.example");
        let args = [
            "token",
            "--user",
            name,
            "--email",
            &email,
            "--platform",
            "todo",
            "-n",
            namespace,
        ];
        let token = command::ok(&plugin, &args, None).await?.trim().to_owned();
        Ok(Self {
            http: reqwest::Client::new(),
            gateway: gateway.to_owned(),
            token,
            email,
        })
    }

    /// One request with this user's token; a 429 is answered by waiting as long as it says, as a good client does.
    pub async fn send(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        loop {
            let answer = self.send_once(method.clone(), path, body).await?;
            match answer.retry_after {
                Some(pause) if answer.status == 429 => tokio::time::sleep(pause).await,
                _ => return Ok(answer),
            }
        }
    }

    /// One request, whatever the answer.
    pub async fn send_once(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        self.answer(self.request(method, path, body)).await
    }

    /// One POST under an `Idempotency-Key`, whatever the answer.
    pub async fn post_under(&self, key: &str, path: &str, body: &Value) -> Result<Answer> {
        let request = self.request(reqwest::Method::POST, path, Some(body));
        self.answer(request.header("idempotency-key", key)).await
    }

    fn request(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> reqwest::RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.gateway))
            .bearer_auth(&self.token);
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|v| v.to_str().ok()?.parse().ok());
        let etag = response
            .headers()
            .get("etag")
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned);
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer {
            status,
            etag,
            retry_after: retry_after.map(Duration::from_secs),
            body,
        })
    }

    /// A GET that must answer 200; gives its body.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.send(reqwest::Method::GET, path, None).await?;
        if answer.status == 200 {
            Ok(answer.body)
        } else {
            Err(format!("GET {path}: {answer:?}").into())
        }
    }

    /// A POST; gives the answer, whatever it is.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send(reqwest::Method::POST, path, Some(body)).await
    }
}
