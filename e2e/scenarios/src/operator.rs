//! The operator as a process beside a bare API server.

use std::{fs::File, path::PathBuf, process::Stdio, time::Duration};

use tokio::process::{Child, Command};

use crate::{Result, env, wait};

/// A running operator; dropping it ends the process.
#[derive(Debug)]
pub struct Operator {
    process: Child,
    listen: String,
}

impl Operator {
    /// Starts the operator for one namespace, so that scenarios can run side by side, and waits until it is ready.
    pub async fn start(namespace: &str) -> Result<Self> {
        let listen = free_address()?;
        let log = artifacts()?.join(format!("operator-{namespace}.log"));
        let out = File::options().create(true).append(true).open(&log)?;
        let process = Command::new(env::required("TODO_TEST_OPERATOR")?)
            .args(["run", "--watch-namespaces", namespace, "--listen", &listen])
            .args(["--image-registry", "localhost", "--image-tag", "test"])
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .kill_on_drop(true)
            .spawn()?;
        let operator = Self { process, listen };
        operator.ready().await?;
        Ok(operator)
    }

    /// Ends the process at once, as a crash would.
    pub async fn kill(mut self) -> Result<()> {
        self.process.kill().await?;
        Ok(())
    }

    /// What the operator says of itself at `/metrics`.
    pub async fn metrics(&self) -> Result<String> {
        Ok(reqwest::get(format!("http://{}/metrics", self.listen))
            .await?
            .error_for_status()?
            .text()
            .await?)
    }

    async fn ready(&self) -> Result<()> {
        let url = format!("http://{}/readyz", self.listen);
        wait::until(Duration::from_secs(30), "the operator ready", || async {
            reqwest::get(&url).await?.error_for_status()?;
            Ok(())
        })
        .await
    }
}

/// Where logs go that a person wants to read after a failure.
pub fn artifacts() -> Result<PathBuf> {
    let folder = std::env::var_os("TODO_TEST_ARTIFACTS").map_or_else(std::env::temp_dir, PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn free_address() -> Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .to_string())
}
