//! Images that the node and Dapr need.

use std::path::Path;

use anyhow::Result;

use super::{Contents, Image, LOCAL_REGISTRY, NONROOT, Packed, pack};
use crate::dirs::Dirs;
use crate::run::Cmd;
use crate::tools::{Tool, Tools, debian};
use crate::versions::Versions;

const BUSYBOX: &str = "/bin/busybox";

/// What keeps a pod's namespaces open: a process that sleeps.
pub(crate) fn pause(dirs: &Dirs) -> Result<Packed> {
    let mut contents = Contents::base();
    add_busybox(&mut contents, &[])?;
    pack(
        dirs,
        &Image {
            reference: format!("{LOCAL_REGISTRY}/pause:3"),
            contents,
            entrypoint: [BUSYBOX, "sleep", "infinity"].map(str::to_owned).to_vec(),
            cmd: Vec::new(),
            user: NONROOT,
            description: "Holds a pod's namespaces".to_owned(),
        },
    )
}

/// A shell with every tool of busybox; runs as root, for the volume provisioner's pods.
pub(crate) fn busybox(dirs: &Dirs) -> Result<Packed> {
    debian::install(&["busybox-static"])?;
    let listed = Cmd::new("busybox").arg("--list").output()?;
    let applets: Vec<_> = listed.lines().filter(|applet| *applet != "busybox").collect();
    let mut contents = Contents::base();
    add_busybox(&mut contents, &applets)?;
    pack(
        dirs,
        &Image {
            reference: format!("{LOCAL_REGISTRY}/busybox:1"),
            contents,
            entrypoint: Vec::new(),
            cmd: vec!["/bin/sh".to_owned()],
            user: "0:0",
            description: "A shell and the common tools".to_owned(),
        },
    )
}

/// The six images of Dapr, `localhost/dapr/<program>:<version without v>`.
pub(crate) fn dapr(dirs: &Dirs, tools: &Tools<'_>, versions: &Versions) -> Result<Vec<Packed>> {
    let tag = versions.modules.dapr.trim_start_matches('v');
    [
        "daprd",
        "operator",
        "injector",
        "sentry",
        "placement",
        "scheduler",
    ]
    .into_iter()
    .map(|program| {
        let path = format!("/{program}");
        let mut contents = Contents::base();
        contents.program(&path, &tools.path(Tool::Dapr, program))?;
        certificates(&mut contents)?;
        let reference = format!("{LOCAL_REGISTRY}/dapr/{program}:{tag}");
        let description = format!("Dapr's {program}");
        let entrypoint = vec![path];
        pack(
            dirs,
            &Image {
                reference,
                contents,
                entrypoint,
                cmd: Vec::new(),
                user: NONROOT,
                description,
            },
        )
    })
    .collect()
}

/// Busybox, with links for these of its tools.
pub(super) fn add_busybox(contents: &mut Contents, applets: &[&str]) -> Result<()> {
    debian::install(&["busybox-static"])?;
    contents.program(BUSYBOX, Path::new("/bin/busybox"))?;
    for applet in applets {
        contents.link(&format!("/bin/{applet}"), Path::new("busybox"));
    }
    Ok(())
}

/// The certificate authorities that Debian trusts.
pub(super) fn certificates(contents: &mut Contents) -> Result<()> {
    debian::install(&["ca-certificates"])?;
    let bundle = "/etc/ssl/certs/ca-certificates.crt";
    contents.file(bundle, Path::new(bundle))
}
