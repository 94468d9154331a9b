//! What to try on a platform that is ready, in lines that work as printed.

use anyhow::Result;

use super::mailsink;
use crate::cluster::Cluster;
use crate::progress::say;
use crate::project::Project;

/// A Service's address for programs of this machine.
struct Endpoint {
    url: String,
    /// The line that makes it reachable, where it is not by itself.
    forward: Option<String>,
}

impl Endpoint {
    /// Of the Service's port of this number.
    fn of(cluster: &Cluster<'_>, namespace: &str, service: &str, port: u16) -> Result<Self> {
        if !cluster.reaches_services() {
            return Ok(Self {
                url: format!("http://127.0.0.1:{port}"),
                forward: Some(format!(
                    "  kubectl --namespace {namespace} port-forward service/{service} {port}:{port} &\n"
                )),
            });
        }
        let ip = cluster
            .kubectl()
            .args(["--namespace", namespace, "get", "service", service, "--output"])
            .arg("jsonpath={.spec.clusterIP}")
            .output()?;
        Ok(Self {
            url: format!("http://{ip}:{port}"),
            forward: None,
        })
    }
}

/// Prints them, then all platforms. `has_mailsink`: is the mail sink there, too?
pub(super) fn print(
    project: &Project,
    cluster: &Cluster<'_>,
    namespace: &str,
    name: &str,
    has_mailsink: bool,
) -> Result<()> {
    let Endpoint { url, forward } = Endpoint::of(cluster, namespace, &format!("{name}-gateway"), 8080)?;
    let forward = forward.unwrap_or_default();
    let mail = if has_mailsink {
        let Endpoint { url, forward } = Endpoint::of(cluster, namespace, mailsink::SERVICE, 8025)?;
        format!("{}  curl {url}/messages\n", forward.unwrap_or_default())
    } else {
        String::new()
    };
    let environment = match cluster.own() {
        Some(_) => "eval \"$(cargo xtask cluster env)\"".to_owned(),
        None => format!(
            "export KUBECONFIG=\"{}\" PATH=\"{}:$PATH\"",
            cluster.kubeconfig().display(),
            project.dirs.bin().display()
        ),
    };
    say(format_args!(
        r#"
The platform {name} serves at {url}

  {environment}
{forward}  TOKEN=$(kubectl todo token --user alice --email alice@example.com --platform {name} --namespace {namespace})
  curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
       -d '{{"title": "Buy milk"}}' {url}/v1/tasks
  curl -H "Authorization: Bearer $TOKEN" {url}/v1/tasks
  curl -H "Authorization: Bearer $TOKEN" {url}/v1/analytics/daily
{mail}"#
    ));
    Ok(cluster
        .kubectl()
        .args(["get", "todoplatforms", "--all-namespaces"])
        .stream()?)
}
