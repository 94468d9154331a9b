//! The platform's programs and their sidecars.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use todo_kit::testing::TestIssuer;
use todo_scenarios::proof::schedule::Program;
use todo_scenarios::{Result, env};

use super::ports::{Ports, Use};
use super::process::Recipe;
use super::sidecars::NAMESPACE;

const APP_TOKEN: &str = "between-sidecar-and-app";

/// A service, beside its sidecar.
pub(crate) struct Service<'a> {
    pub(crate) name: &'static str,
    /// Variable with the path of its binary.
    pub(crate) binary: &'static str,
    pub(crate) program: Program,
    pub(crate) sidecar: Program,
    /// The keys that only it has.
    pub(crate) own: Value,
    /// `DATABASE_URL` or `REDIS_URL`.
    pub(crate) store: (&'static str, String),
    pub(crate) ports: &'a Ports,
}

impl Service<'_> {
    pub(crate) fn recipe(&self, folder: &Path, keys: &Path) -> Result<Recipe> {
        let (ports, program) = (self.ports, self.program);
        let mut config = json!({
            "platform": "todo", "namespace": NAMESPACE, "service": self.name, "appId": format!("todo-{}", self.name),
            "http": {
                "listen": format!("127.0.0.1:{}", ports.main(program)),
                "adminListen": format!("127.0.0.1:{}", ports.of(program, Use::Admin)),
            },
            "log": {"format": "text"},
            "auth": TestIssuer::config(keys),
        });
        if let (Value::Object(config), Value::Object(own)) = (&mut config, &self.own) {
            config.extend(own.clone());
        }
        let path = folder.join(format!("{}.yaml", program.name()));
        std::fs::write(&path, config.to_string())?;
        let (store, url) = &self.store;
        Ok(Recipe::new(env::required(self.binary)?)
            .env("TODO_CONFIG", path.display().to_string())
            .env("APP_API_TOKEN", APP_TOKEN)
            .env("DAPR_HTTP_PORT", ports.main(self.sidecar).to_string())
            .env("DAPR_GRPC_PORT", ports.of(self.sidecar, Use::Grpc).to_string())
            .env(store, url.as_str()))
    }

    /// Its sidecar, with what the operator has Dapr's injector give it; the gateway's has no app to call.
    pub(crate) fn sidecar(&self, objects: &Path, configuration: &Path) -> Result<Recipe> {
        let port = |purpose| self.ports.of(self.sidecar, purpose).to_string();
        let mut args = vec![
            ("--mode", "standalone".to_owned()),
            ("--app-id", format!("todo-{}", self.name)),
            ("--dapr-http-port", port(Use::Main)),
            ("--dapr-grpc-port", port(Use::Grpc)),
            ("--dapr-internal-grpc-port", port(Use::Internal)),
            ("--dapr-public-port", port(Use::Public)),
            ("--metrics-port", port(Use::Metrics)),
            ("--profile-port", port(Use::Profile)),
            ("--resources-path", objects.display().to_string()),
            ("--config", configuration.display().to_string()),
            ("--dapr-graceful-shutdown-seconds", "1".to_owned()),
        ];
        let listens = ["--dapr-listen-addresses", "--dapr-internal-grpc-listen-address"];
        let listens = listens
            .into_iter()
            .chain(["--dapr-public-listen-address", "--metrics-listen-address"]);
        args.extend(listens.map(|flag| (flag, "127.0.0.1".to_owned())));
        let mut recipe = Recipe::new(PathBuf::from(env::required("TODO_TEST_DAPRD")?));
        if self.program != Program::Gateway {
            args.push(("--app-port", self.ports.main(self.program).to_string()));
            args.push(("--app-protocol", "http".to_owned()));
            args.push(("--app-health-check-path", "/healthz".to_owned()));
            args.push(("--app-health-probe-interval", "5".to_owned()));
            args.push(("--app-health-probe-timeout", "2000".to_owned()));
            args.push(("--app-health-threshold", "3".to_owned()));
            recipe = recipe
                .args(["--enable-app-health-check"])
                .env("APP_API_TOKEN", APP_TOKEN);
        }
        Ok(recipe
            .args(
                args.into_iter()
                    .flat_map(|(flag, value)| [flag.to_owned(), value]),
            )
            .env("DAPR_HOST_IP", "127.0.0.1")
            .env("NAMESPACE", NAMESPACE))
    }
}
