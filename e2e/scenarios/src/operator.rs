//! The operator as a process beside a bare API server.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::{Child, Command};

use crate::{Result, command, env, wait};

/// How an operator is started.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its name in logs, in the Lease and to the API server.
    pub name: String,
    /// Flags of `run`.
    pub args: Vec<String>,
    /// Another kubeconfig than that of the scenarios.
    pub kubeconfig: Option<PathBuf>,
}

impl Start {
    /// An operator for one namespace, with its Lease there too, so that scenarios can run side by side.
    pub fn in_namespace(name: &str, namespace: &str) -> Self {
        let start = Self {
            name: name.to_owned(),
            args: Vec::new(),
            kubeconfig: None,
        };
        start
            .arg("--watch-namespaces", namespace)
            .arg("--lease-namespace", namespace)
    }

    /// With this flag.
    #[must_use]
    pub fn arg(mut self, flag: &str, value: &str) -> Self {
        self.args.push(format!("{flag}={value}"));
        self
    }

    /// With this kubeconfig.
    #[must_use]
    pub fn kubeconfig(mut self, path: PathBuf) -> Self {
        self.kubeconfig = Some(path);
        self
    }
}

/// A running operator; dropping it ends the process.
#[derive(Debug)]
pub struct Operator {
    process: Child,
    listen: String,
    name: String,
}

impl Operator {
    /// Starts the operator for one namespace and waits until it is ready.
    pub async fn start(namespace: &str) -> Result<Self> {
        Self::run(&Start::in_namespace(&format!("operator-{namespace}"), namespace)).await
    }

    /// Starts an operator and waits until it is ready.
    pub async fn run(start: &Start) -> Result<Self> {
        let operator = Self::spawn(start)?;
        operator.ready().await?;
        Ok(operator)
    }

    /// Starts an operator that may not become ready.
    pub fn spawn(start: &Start) -> Result<Self> {
        let listen = free_address()?;
        let log = log_file(&start.name)?;
        let out = File::options().create(true).append(true).open(&log)?;
        let mut command = Command::new(env::required("TODO_TEST_OPERATOR")?);
        if let Some(kubeconfig) = &start.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        let process = command
            .args(["run", "--listen", &listen, "--pod-name", &start.name])
            .args(["--image-registry", "localhost", "--image-tag", "test"])
            .args(&start.args)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            process,
            listen,
            name: start.name.clone(),
        })
    }

    /// Its name, as it was started.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ends the process at once, as a crash would.
    pub async fn kill(mut self) -> Result<()> {
        self.process.kill().await?;
        Ok(())
    }

    /// Asks the process to end, as kubelet does, and waits until it has.
    pub async fn terminate(mut self) -> Result<()> {
        let pid = self.process.id().ok_or("the operator has ended already")?;
        command::ok("kill", &["-TERM", &pid.to_string()], None).await?;
        let ended = tokio::time::timeout(Duration::from_secs(30), self.process.wait()).await??;
        if ended.success() {
            Ok(())
        } else {
            Err(format!("{} ended with {ended}", self.name).into())
        }
    }

    /// What the operator says of itself at `/metrics`.
    pub async fn metrics(&self) -> Result<String> {
        Ok(self.get("/metrics").await?.error_for_status()?.text().await?)
    }

    /// Sum of the series whose name, and the labels as far as they are given, begin like this.
    pub async fn metric(&self, series: &str) -> Result<f64> {
        let text = self.metrics().await?;
        let values = text
            .lines()
            .filter(|line| line.starts_with(series))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        // Not `sum`, whose empty sum is -0: no series at all would not equal 0 to the bit.
        Ok(values.fold(0.0, |sum, value| sum + value))
    }

    /// Whether it leads, as far as it knows.
    pub async fn leads(&self) -> Result<bool> {
        Ok(self.metric("todoplatform_leader ").await? > 0.5)
    }

    /// The answer of a probe: status and text.
    pub async fn probe(&self, path: &str) -> Result<(u16, String)> {
        let answer = self.get(path).await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// Resident memory of the process, in KiB.
    pub fn resident_kib(&self) -> Result<u64> {
        let pid = self.process.id().ok_or("the operator has ended already")?;
        let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.ok_or("no VmRSS of the operator")?.parse()?)
    }

    /// Waits until it is ready.
    pub async fn ready(&self) -> Result<()> {
        wait::until(Duration::from_secs(30), "the operator ready", || async {
            let (status, text) = self.probe("/readyz").await?;
            if status == 200 { Ok(()) } else { Err(text.into()) }
        })
        .await
    }

    async fn get(&self, path: &str) -> Result<reqwest::Response> {
        Ok(reqwest::get(format!("http://{}{path}", self.listen)).await?)
    }
}

/// Where the operator of this name writes its log.
pub fn log_file(name: &str) -> Result<PathBuf> {
    Ok(artifacts()?.join(format!("{name}.log")))
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
