//! What kubelet, containerd and runc put outside of the cluster's folder, at paths that cannot be
//! chosen. Only what is certainly ours is removed; a folder only when it is empty then.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::store::Store;

/// Folders that may be left empty, the inner ones first.
const FOLDERS: [&str; 12] = [
    "/run/containerd/runc/k8s.io",
    "/run/containerd/runc",
    "/run/containerd/s",
    "/run/containerd",
    "/var/lib/cni/results",
    "/var/lib/cni/cache",
    "/var/lib/cni",
    "/var/lib/kubelet/device-plugins",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
    "/sys/fs/cgroup/k8s.io",
];

const DEVICE_PLUGINS: &str = "/var/lib/kubelet/device-plugins/kubelet.sock";

/// Removes the traces of the cluster in `folder`, whose processes have ended.
///
/// Whatever cannot be removed keeps its folder from being removed, and nothing else.
pub(super) fn remove(folder: &Path, store: &Store) {
    // containerd's shims and runc, if they were killed.
    for task in entries(&store.tasks()) {
        if let Ok(address) = fs::read_to_string(task.join("address")) {
            drop(fs::remove_file(address.trim_start_matches("unix://")));
        }
        if let Some(container) = task.file_name() {
            drop(fs::remove_dir_all(
                Path::new("/run/containerd/runc/k8s.io").join(container),
            ));
            for controller in cgroup_roots() {
                drop(fs::remove_dir(controller.join("k8s.io").join(container)));
            }
        }
    }
    // The network plugins' notes, which name the pod's namespace.
    for note in entries(Path::new("/var/lib/cni/results")) {
        let is_ours = fs::read_to_string(&note).is_ok_and(|text| text.contains(&*folder.to_string_lossy()));
        if is_ours {
            drop(fs::remove_file(note));
        }
    }
    // The kubelet's links to the logs of containers.
    for link in entries(Path::new("/var/log/containers")) {
        if fs::read_link(&link).is_ok_and(|target| target.starts_with(folder)) {
            drop(fs::remove_file(link));
        }
    }
    // A kubelet that runs would answer here.
    if UnixStream::connect(DEVICE_PLUGINS).is_err() {
        drop(fs::remove_file(DEVICE_PLUGINS));
    }
    for folder in FOLDERS {
        drop(fs::remove_dir(folder));
    }
    for controller in cgroup_roots() {
        drop(fs::remove_dir(controller.join("k8s.io")));
    }
}

/// One hierarchy per controller with cgroups of the first version; none of these exists with the second.
fn cgroup_roots() -> Vec<PathBuf> {
    entries(Path::new("/sys/fs/cgroup"))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}
