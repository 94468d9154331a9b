//! Images of PostgreSQL, Redis and Kafka, from Debian's packages and Maven Central's jars.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::node::add_busybox;
use super::{Contents, Image, KAFKA, LOCAL_REGISTRY, NONROOT, Packed, pack};
use crate::dirs::{self, Dirs};
use crate::lock;
use crate::progress::Step;
use crate::run::Cmd;
use crate::tools::debian;
use crate::versions::Versions;

/// What start commands may use of a shell's surroundings.
const APPLETS: [&str; 28] = [
    "sh", "[", "awk", "basename", "cat", "chmod", "cp", "cut", "date", "dirname", "echo", "env", "expr",
    "find", "grep", "head", "id", "ls", "mkdir", "mv", "printf", "rm", "sed", "sleep", "sort", "tail",
    "test", "tr",
];

/// PostgreSQL as Debian installs it, with a shell; what it runs is up to the pod.
pub(crate) fn postgres(dirs: &Dirs, versions: &Versions) -> Result<Packed> {
    let version = &versions.debian.postgresql;
    let package = format!("postgresql-{version}");
    debian::install(&[&package])?;
    let mut contents = Contents::base();
    add_busybox(&mut contents, &APPLETS)?;
    for folder in ["/usr/lib/postgresql", "/usr/share/postgresql"] {
        let folder = format!("{folder}/{version}");
        // The just-in-time compiler brings LLVM along: most of the size, for nothing that tests do.
        contents.tree_without(
            &folder,
            Path::new(&folder),
            &["llvmjit.so", "llvmjit_types.bc", "bitcode"],
        )?;
    }
    contents.tree("/usr/share/zoneinfo", Path::new("/usr/share/zoneinfo"))?;
    let image = Image {
        reference: format!("{LOCAL_REGISTRY}/postgres:{version}"),
        contents,
        entrypoint: Vec::new(),
        cmd: vec![format!("/usr/lib/postgresql/{version}/bin/postgres")],
        user: NONROOT,
        description: "PostgreSQL of Debian, for tests".to_owned(),
    };
    pack(dirs, &image)
}

/// Redis as Debian installs it, with a shell.
pub(crate) fn redis(dirs: &Dirs) -> Result<Packed> {
    debian::install(&["redis-server", "redis-tools"])?;
    let mut contents = Contents::base();
    add_busybox(&mut contents, &APPLETS)?;
    for program in ["redis-server", "redis-cli"] {
        let path = format!("/usr/bin/{program}");
        let source = Path::new(&path)
            .canonicalize()
            .with_context(|| format!("no {path}"))?;
        contents.program(&path, &source)?;
    }
    let image = Image {
        reference: format!("{LOCAL_REGISTRY}/redis:7"),
        contents,
        entrypoint: Vec::new(),
        cmd: vec!["redis-server".to_owned()],
        user: NONROOT,
        description: "Redis of Debian, for tests".to_owned(),
    };
    pack(dirs, &image)
}

/// One Kafka node, broker and controller; its start script says which variables it reads.
pub(crate) fn kafka(dirs: &Dirs, versions: &Versions) -> Result<Packed> {
    let folder = kafka_files(dirs, versions)?;
    let mut contents = Contents::base();
    add_busybox(&mut contents, &APPLETS)?;
    contents.text(
        "/start.sh",
        include_str!("../../../cluster/kafka-start.sh"),
        0o755,
    );
    contents.tree("/jre", &folder.join("jre"))?;
    contents.tree("/lib/kafka", &folder.join("lib"))?;
    let image = Image {
        reference: format!("{LOCAL_REGISTRY}/{KAFKA}"),
        contents,
        entrypoint: vec!["/bin/sh".to_owned(), "/start.sh".to_owned()],
        cmd: Vec::new(),
        user: NONROOT,
        description: "One Kafka node, for tests".to_owned(),
    };
    pack(dirs, &image)
}

/// Java modules that Kafka needs at run time; `java.desktop` is for its logging's bean properties.
const JAVA_MODULES: &str = "java.base,java.desktop,java.logging,java.management,java.naming,java.security.jgss,\
    java.security.sasl,java.sql,java.xml,jdk.crypto.ec,jdk.management,jdk.unsupported";

/// The folder with Kafka's jars (`lib`) and a Java runtime cut down to what they use (`jre`).
pub(crate) fn kafka_files(dirs: &Dirs, versions: &Versions) -> Result<PathBuf> {
    let openjdk = &versions.debian.openjdk;
    let key = format!(
        "kafka-{}-java-{openjdk}-{}",
        versions.jars.kafka, versions.jars.slf4j
    );
    let to = dirs.tools().join(key);
    let _lock = lock::acquire(dirs, "kafka")?;
    if to.exists() {
        return Ok(to);
    }
    debian::install(&[&format!("openjdk-{openjdk}-jdk-headless"), "maven"])?;
    let step = Step::start(format!(
        "fetching Kafka {} and making its Java runtime",
        versions.jars.kafka
    ));
    let fresh = dirs.tools().join(format!(".kafka-{}", std::process::id()));
    dirs::remove(&fresh)?;
    dirs::make(&fresh)?;
    let pom = include_str!("../../../cluster/kafka-pom.xml")
        .replace("{{kafka}}", &versions.jars.kafka)
        .replace("{{slf4j}}", &versions.jars.slf4j);
    dirs::write(&fresh.join("pom.xml"), pom)?;
    Cmd::new("mvn")
        .args([
            "--quiet",
            "--batch-mode",
            "dependency:copy-dependencies",
            "-DoutputDirectory=lib",
        ])
        .cwd(&fresh)
        .run()?;
    Cmd::new(java_home(openjdk)?.join("bin/jlink"))
        .args([
            "--strip-debug",
            "--no-header-files",
            "--no-man-pages",
            "--add-modules",
            JAVA_MODULES,
            "--output",
        ])
        .arg(fresh.join("jre"))
        .run()?;
    std::fs::rename(&fresh, &to).with_context(|| format!("cannot move Kafka to {}", to.display()))?;
    step.done();
    Ok(to)
}

/// The folder of this version's Java development kit.
fn java_home(version: &str) -> Result<PathBuf> {
    let prefix = format!("java-{version}-openjdk");
    std::fs::read_dir("/usr/lib/jvm")
        .context("no Java is installed")?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            path.join("bin/jlink").exists()
                && path
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
        })
        .with_context(|| format!("no jlink of Java {version} below /usr/lib/jvm"))
}
