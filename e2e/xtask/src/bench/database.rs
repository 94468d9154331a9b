//! A PostgreSQL of its own, as its package configures it: every commit reaches the disk.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::cluster::own::processes::Processes;
use crate::dirs;
use crate::progress::Step;
use crate::project::Project;
use crate::run::Cmd;
use crate::test::stores::{as_user, free_port};
use crate::tools::debian;
use crate::wait;

const PASSWORD: &str = "postgres";
const NAME: &str = "postgres";

/// The server, and the processes that are measured beside it.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) processes: Processes,
    data: PathBuf,
    bin: PathBuf,
    port: u16,
}

impl Database {
    pub(super) fn start(project: &Project) -> Result<Self> {
        let version = &project.versions.debian.postgresql;
        debian::install(&[&format!("postgresql-{version}"), "wrk"])?;
        let step = Step::start("starting PostgreSQL");
        let folder = project.dirs.cluster("bench");
        let processes = Processes::new(&folder, None);
        processes.sweep()?;
        // Not in the cache: a user without rights must reach it, and home folders are closed.
        let data = std::env::temp_dir().join("todoplatform-bench");
        dirs::remove(&data)?;
        dirs::make(&data)?;
        let database = Self {
            processes,
            data,
            bin: PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")),
            port: free_port()?,
        };
        database.serve()?;
        step.done();
        Ok(database)
    }

    fn serve(&self) -> Result<()> {
        let (cluster, password) = (self.data.join("postgres"), self.data.join("password"));
        dirs::write(&password, PASSWORD)?;
        if debian::is_root() {
            Cmd::new("chown")
                .arg("postgres")
                .args([&self.data, &password])
                .run()?;
        }
        as_user("postgres", &self.bin.join("initdb"))
            .args([
                "--username=postgres",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
            ])
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(&cluster)
            .run()?;
        let mut server = as_user("postgres", &self.bin.join("postgres"))
            .arg("-D")
            .arg(&cluster)
            .args(["-p", &self.port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            // The statements are read from the log.
            "logging_collector=on",
            "log_destination=jsonlog",
            "log_directory=log",
            "log_filename=server.log",
            "log_rotation_age=0",
            "log_rotation_size=0",
        ] {
            server = server.args(["-c", setting]);
        }
        self.processes.start_command(NAME, &server)?;
        let ready =
            Cmd::new(self.bin.join("pg_isready")).args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        wait::until("PostgreSQL answers", Duration::from_mins(1), || {
            self.processes.check(NAME)?;
            Ok(ready.succeeds())
        })
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://postgres:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }

    /// One of PostgreSQL's own programs, for the task service's schema.
    pub(super) fn program(&self, name: &str) -> Cmd {
        Cmd::new(self.bin.join(name))
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "postgres")
            .env("PGPASSWORD", PASSWORD)
            .env("PGDATABASE", "postgres")
            .env("PGOPTIONS", "-c search_path=task")
    }

    pub(super) fn execute(&self, sql: &str) -> Result<String> {
        let printed = self
            .program("psql")
            .args(["-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .output()?;
        Ok(printed)
    }

    /// Where the log of statements is, one JSON object on each line.
    pub(super) fn log(&self) -> PathBuf {
        self.data.join("postgres/log/server.json")
    }

    /// A folder for scripts.
    pub(super) fn folder(&self) -> &Path {
        &self.data
    }

    /// Makes as many tasks as that, copies of the one that is there, with numbers for ids.
    pub(super) fn fill(&self, tasks: u32) -> Result<()> {
        let columns = self.execute(
            "select string_agg(column_name, ', ') from information_schema.columns
             where table_schema = 'task' and table_name = 'task' and is_generated = 'NEVER'",
        )?;
        self.execute(&format!(
            "insert into task ({columns})
             select {columns} from (
                 select (jsonb_populate_record(t, jsonb_build_object(
                     'id', '00000000-0000-7000-8000-' || lpad(n::text, 12, '0'), 'title', 'Task ' || n,
                     'position', lpad(n::text, 12, '0') || '1'))).*
                 from (select * from task limit 1) t, generate_series(1, {tasks}) n) as copies"
        ))
        .context("filling the table")?;
        self.execute("vacuum analyze task").map(drop)
    }

    pub(super) fn stop(&self) -> Result<()> {
        self.processes.stop(&[NAME], Duration::from_secs(10))?;
        dirs::remove(&self.data)
    }
}
