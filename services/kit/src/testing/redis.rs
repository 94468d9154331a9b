//! Redis servers of one's own for a test: one, a master with a replica and a sentinel, or a cluster of three. They listen on
//! loopback, ask for [`PASSWORD`], and end with the value that holds them. `redis-server` must be installed.

use std::fmt::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::{Client, FromRedisValue, IntoConnectionInfo, RedisConnectionInfo, RedisResult};
use tokio::time::Instant;

use crate::Environment;

/// The password of every server, and of the sentinel.
pub const PASSWORD: &str = "of/the@test";
/// The name by which the sentinel knows the master.
pub const MASTER: &str = "todo";
/// How long servers may take to start, to meet and to fail over.
const PATIENCE: Duration = Duration::from_secs(30);

/// One `redis-server` process.
pub struct RedisServer {
    process: Child,
    folder: PathBuf,
    /// Its port on loopback.
    pub port: u16,
}

impl RedisServer {
    /// Starts a server that stands alone, and waits for its answer.
    pub async fn alone() -> Self {
        Self::start(&[], "save \"\"\n").await
    }

    /// Starts a server with these lines of configuration besides its port and its password, and waits for its answer.
    async fn start(arguments: &[&str], configuration: &str) -> Self {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("todo-redis-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the server");
        let file = folder.join("redis.conf");
        let text = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nrequirepass {PASSWORD}\n{configuration}",
            folder.display()
        );
        std::fs::write(&file, text).expect("the server's configuration");
        let process = Command::new("redis-server")
            .arg(&file)
            .args(arguments)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        let server = Self {
            process,
            folder,
            port,
        };
        eventually("a server's answer", async || {
            server.ask::<()>(&["PING"]).await.ok()
        })
        .await;
        server
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What a service is told of it.
    pub fn environment(&self) -> Environment {
        let address = self.address();
        [
            ("REDIS_ADDRESSES", address.as_str()),
            ("REDIS_PASSWORD", PASSWORD),
        ]
        .into_iter()
        .collect()
    }

    /// Sends one command on a connection of its own.
    pub async fn ask<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        let login = RedisConnectionInfo::default().set_password(PASSWORD);
        let info = format!("redis://{}", self.address()).into_connection_info()?;
        let client = Client::open(info.set_redis_settings(login))?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let (command, arguments) = words.split_first().expect("a command");
        redis::cmd(command)
            .arg(arguments)
            .query_async(&mut connection)
            .await
    }

    /// Ends the process as a node that is lost ends it.
    pub fn kill(&mut self) {
        // It may have ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A master, its replica, and a sentinel that may promote it.
pub struct RedisSentinel {
    /// Master and replica, as they began.
    pub servers: [RedisServer; 2],
    /// The sentinel.
    pub sentinel: RedisServer,
}

impl RedisSentinel {
    /// Starts all three.
    pub async fn start() -> Self {
        let common = format!("masterauth {PASSWORD}\nsave \"\"\nrepl-diskless-sync-delay 0\n");
        let master = RedisServer::start(&[], &common).await;
        let replica =
            RedisServer::start(&[], &format!("{common}replicaof 127.0.0.1 {}\n", master.port)).await;
        eventually("the replica has followed", async || {
            let info: String = replica.ask(&["INFO", "replication"]).await.ok()?;
            info.contains("master_link_status:up").then_some(())
        })
        .await;
        let watch = format!(
            "sentinel monitor {MASTER} 127.0.0.1 {} 1\nsentinel auth-pass {MASTER} {PASSWORD}\n\
             sentinel down-after-milliseconds {MASTER} 500\nsentinel failover-timeout {MASTER} 2000\n",
            master.port
        );
        let sentinel = RedisServer::start(&["--sentinel"], &watch).await;
        let started = Self {
            servers: [master, replica],
            sentinel,
        };
        eventually("the sentinel knows the replica", async || {
            let replicas: Vec<redis::Value> = started
                .sentinel
                .ask(&["SENTINEL", "REPLICAS", MASTER])
                .await
                .ok()?;
            (replicas.len() == 1).then_some(())
        })
        .await;
        started
    }

    /// What a service is told of it.
    pub fn environment(&self) -> Environment {
        let sentinel = self.sentinel.address();
        [
            ("REDIS_MODE", "sentinel"),
            ("REDIS_ADDRESSES", sentinel.as_str()),
            ("REDIS_PASSWORD", PASSWORD),
            ("REDIS_SENTINEL_MASTER", MASTER),
            ("REDIS_SENTINEL_PASSWORD", PASSWORD),
        ]
        .into_iter()
        .collect()
    }

    /// Waits until the sentinel names the server with this port.
    pub async fn is_led_by(&self, port: u16) {
        eventually("the failover", async || {
            let command = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER];
            let (_, named): (String, u16) = self.sentinel.ask(&command).await.ok()?;
            (named == port).then_some(())
        })
        .await;
    }
}

/// A cluster of three masters.
pub struct RedisCluster {
    /// Its nodes.
    pub nodes: [RedisServer; 3],
}

impl RedisCluster {
    /// Starts the nodes, gives each a third of the slots, and waits until they know each other.
    pub async fn start() -> Self {
        let node = async || {
            let mut configuration = format!("cluster-enabled yes\ncluster-port {}\n", free_port());
            // Writing to a String cannot fail.
            let _ = writeln!(configuration, "masterauth {PASSWORD}\nsave \"\"");
            RedisServer::start(&[], &configuration).await
        };
        let nodes = [node().await, node().await, node().await];
        let slots = [["0", "5460"], ["5461", "10922"], ["10923", "16383"]];
        for (epoch, (node, [from, to])) in nodes.iter().zip(slots).enumerate() {
            let epoch = (epoch + 1).to_string();
            let commands = [
                vec!["CLUSTER", "SET-CONFIG-EPOCH", &epoch],
                vec!["CLUSTER", "ADDSLOTSRANGE", from, to],
            ];
            for command in commands {
                node.ask::<()>(&command).await.expect("a node takes its slots");
            }
        }
        for node in &nodes[1..] {
            let configuration = std::fs::read_to_string(node.folder.join("redis.conf")).unwrap_or_default();
            let bus = configuration
                .lines()
                .find_map(|line| line.strip_prefix("cluster-port "));
            let (port, bus) = (node.port.to_string(), bus.expect("the port of its bus"));
            let meet = ["CLUSTER", "MEET", "127.0.0.1", &port, bus];
            nodes[0].ask::<()>(&meet).await.expect("the nodes meet");
        }
        for node in &nodes {
            eventually("the cluster is well", async || {
                let info: String = node.ask(&["CLUSTER", "INFO"]).await.ok()?;
                let is_well = info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3");
                is_well.then_some(())
            })
            .await;
        }
        Self { nodes }
    }

    /// What a service is told of it: one node, from which it learns the others.
    pub fn environment(&self) -> Environment {
        let seed = self.nodes[0].address();
        [
            ("REDIS_MODE", "cluster"),
            ("REDIS_ADDRESSES", seed.as_str()),
            ("REDIS_PASSWORD", PASSWORD),
        ]
        .into_iter()
        .collect()
    }
}

/// Asks again until there is something, for as long as servers may take.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            Instant::now() < give_up,
            "{what}: not within {} s",
            PATIENCE.as_secs()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
    listener.local_addr().expect("its address").port()
}
