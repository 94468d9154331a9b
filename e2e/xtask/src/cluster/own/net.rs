//! The network of the node cluster: a namespace of its own, joined to the host by a veth pair.
//!
//! The namespace has no default route, so nothing in it reaches anything but the host. The host has
//! routes to pods and Services: a test on the host uses their addresses directly.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::dirs;
use crate::run::Cmd;

/// The host's end of the veth pair: pods reach a process on the host here.
pub(crate) const HOST: &str = "10.200.0.1";
/// The node's end, where the API server listens.
pub(crate) const NODE: &str = "10.200.0.2";
/// First address of the pods, the bridge's own; cluster DNS listens on it.
pub(crate) const POD_GATEWAY: &str = "10.244.0.1";
pub(crate) const PODS: &str = "10.244.0.0/16";
/// The part of the pods' addresses that the one node uses.
pub(crate) const NODE_PODS: &str = "10.244.0.0/24";
pub(crate) const SERVICES: &str = "10.96.0.0/16";
/// The API server's Service: the first address of the Services.
pub(crate) const SERVICE_API: &str = "10.96.0.1";
/// The bridge that the pods are on.
pub(crate) const BRIDGE: &str = "cni0";

const HOST_LINK: &str = "todo-host";
const NODE_LINK: &str = "todo-node";

/// The namespace, held by a mount at a file in the cluster's folder.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    cluster: PathBuf,
}

impl Network {
    pub(crate) fn new(cluster: &Path) -> Self {
        Self {
            cluster: cluster.to_owned(),
        }
    }

    /// The file that the namespace is mounted on.
    pub(crate) fn namespace(&self) -> PathBuf {
        self.cluster.join("netns")
    }

    pub(crate) fn is_up(&self) -> Result<bool> {
        Ok(mounts_below(&self.cluster)?.contains(&self.namespace()))
    }

    /// A command in the namespace.
    pub(crate) fn command(&self, program: &str) -> Cmd {
        Cmd::new("nsenter")
            .arg(format!("--net={}", self.namespace().display()))
            .args(["--", program])
    }

    pub(crate) fn create(&self) -> Result<()> {
        if self.is_up()? {
            return Ok(());
        }
        self.check_unused()?;
        dirs::write(&self.namespace(), "")?;
        Cmd::new("unshare")
            .arg(format!("--net={}", self.namespace().display()))
            .arg("true")
            .run()?;
        self.command("ip")
            .args(["-batch", "-"])
            .stdin(format!(
                "link set lo up\n\
                 link add {BRIDGE} type bridge\n\
                 address add {POD_GATEWAY}/24 dev {BRIDGE}\n\
                 link set {BRIDGE} up\n"
            ))
            .run()
            .context("cannot set up the cluster's network namespace")?;
        let namespace = self.namespace();
        let namespace = namespace.display();
        Cmd::new("ip")
            .args(["-batch", "-"])
            .stdin(format!(
                "link add {HOST_LINK} type veth peer name {NODE_LINK} netns {namespace}\n\
                 link set {HOST_LINK} alias {}\n\
                 address add {HOST}/30 dev {HOST_LINK}\n\
                 link set {HOST_LINK} up\n",
                self.cluster.display()
            ))
            .run()
            .context("cannot join the cluster's network to the host")?;
        self.command("ip")
            .args(["-batch", "-"])
            // A route to the Services must exist before their addresses are translated.
            .stdin(format!(
                "address add {NODE}/30 dev {NODE_LINK}\n\
                 link set {NODE_LINK} up\n\
                 route add {SERVICES} dev {BRIDGE}\n"
            ))
            .run()?;
        Cmd::new("ip")
            .args(["-batch", "-"])
            .stdin(format!(
                "route add {PODS} via {NODE}\nroute add {SERVICES} via {NODE}\n"
            ))
            .run()
            .context("cannot add the host's routes to pods and Services")?;
        self.sysctl("net/ipv4/ip_forward", "1")?;
        // Traffic between pods crosses a bridge only; Services and policies need to see it. Without
        // the module there is nothing to switch on, and pods still reach each other.
        Cmd::new("modprobe").arg("br_netfilter").succeeds();
        drop(self.sysctl("net/bridge/bridge-nf-call-iptables", "1"));
        Ok(())
    }

    /// Removes the link to the host, its routes with it, and lets the namespace go.
    pub(crate) fn remove(&self) -> Result<()> {
        if link_owner().is_some_and(|owner| owner == self.cluster) {
            Cmd::new("ip").args(["link", "delete", HOST_LINK]).run()?;
        }
        if self.is_up()? {
            Cmd::new("umount").arg(self.namespace()).run()?;
        }
        Ok(())
    }

    fn check_unused(&self) -> Result<()> {
        match link_owner() {
            None => Ok(()),
            Some(owner) if owner == self.cluster => self.remove(),
            Some(owner) => bail!(
                "the link {HOST_LINK} belongs to another node cluster, of {}: take that one down first",
                owner.display()
            ),
        }
    }

    fn sysctl(&self, name: &str, value: &str) -> Result<()> {
        Ok(self
            .command("sh")
            .args(["-c", "echo \"$1\" >\"/proc/sys/$0\"", name, value])
            .run()?)
    }
}

/// Folder of the cluster that the link on the host belongs to.
fn link_owner() -> Option<PathBuf> {
    let alias = std::fs::read_to_string(format!("/sys/class/net/{HOST_LINK}/ifalias")).ok()?;
    Some(PathBuf::from(alias.trim()))
}

/// Mount points in a folder, the inner ones first.
pub(crate) fn mounts_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let table = dirs::read(Path::new("/proc/self/mounts"))?;
    let mut points: Vec<_> = mount_points(&table)
        .filter(|point| point.starts_with(folder))
        .collect();
    points.sort();
    points.reverse();
    Ok(points)
}

/// Second field of each line; the kernel writes a space in a path as `\040`.
fn mount_points(table: &str) -> impl Iterator<Item = PathBuf> {
    table
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .map(|point| PathBuf::from(point.replace("\\040", " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_with_their_spaces() {
        let table = "tmpfs /run tmpfs rw 0 0\nnsfs /a\\040b/netns nsfs rw 0 0\n";
        let points: Vec<_> = mount_points(table).collect();
        assert_eq!(points, [PathBuf::from("/run"), PathBuf::from("/a b/netns")]);
    }
}
