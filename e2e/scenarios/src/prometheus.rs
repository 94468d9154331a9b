//! A Prometheus, asked over its HTTP API.

use serde::Deserialize;
use serde_json::Value;

use crate::{Result, forward};

/// A Prometheus of a cluster.
#[derive(Debug)]
pub struct Prometheus {
    http: reqwest::Client,
    forward: forward::Forward,
}

/// One target that Prometheus scrapes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// `podMonitor/<namespace>/<name>/<index>`
    pub scrape_pool: String,
    /// Its labels.
    pub labels: std::collections::BTreeMap<String, String>,
    /// `up`, `down` or `unknown`.
    pub health: String,
    /// Why it is down.
    pub last_error: String,
}

impl Prometheus {
    /// The one behind this Service of a namespace.
    pub async fn of(namespace: &str, service: &str) -> Result<Self> {
        Ok(Self {
            http: reqwest::Client::new(),
            forward: forward::service(namespace, service, 9090).await?,
        })
    }

    /// Where it is asked.
    pub fn url(&self) -> &str {
        &self.forward.url
    }

    /// Everything that it scrapes.
    pub async fn targets(&self) -> Result<Vec<Target>> {
        let mut data = self.api("targets?state=active", &[]).await?;
        Ok(serde_json::from_value(data["activeTargets"].take())?)
    }

    /// The groups of rules that it has loaded.
    pub async fn rule_groups(&self) -> Result<Vec<Value>> {
        let data = self.api("rules", &[]).await?;
        Ok(data["groups"].as_array().cloned().unwrap_or_default())
    }

    /// Names of all series that it has.
    pub async fn metrics(&self) -> Result<Vec<String>> {
        let data = self.api("label/__name__/values", &[]).await?;
        Ok(serde_json::from_value(data)?)
    }

    /// The labels of all series of a metric, in the last five minutes.
    pub async fn series(&self, metric: &str) -> Result<Vec<std::collections::BTreeMap<String, String>>> {
        let data = self.api("series", &[("match[]", metric)]).await?;
        Ok(serde_json::from_value(data)?)
    }

    /// What an expression gives now: one entry per series, with `metric` and `value`.
    pub async fn query(&self, expr: &str) -> Result<Vec<Value>> {
        let data = self.api("query", &[("query", expr)]).await?;
        Ok(data["result"].as_array().cloned().unwrap_or_default())
    }

    async fn api(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        let url = format!("{}/api/v1/{path}", self.forward.url);
        let mut answer: Value = self
            .http
            .get(url)
            .query(query)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(answer["data"].take())
    }
}
