//! One ConfigMap per application with its `config.yaml`; one with the embedded PostgreSQL's user.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use super::{
    config,
    object::{child, metadata},
};
use crate::{Child, ChildKind, ValidatedPlatform};

/// Key of the file in a service's ConfigMap.
pub(super) const CONFIG_KEY: &str = "config.yaml";
/// Key of the file in the embedded PostgreSQL's ConfigMap.
pub(super) const PASSWD_KEY: &str = "passwd";

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    // An app of the user's own has its own way of being configured.
    let built_in = platform.apps.iter().filter(|app| app.node.service.is_some());
    let services = built_in.map(|app| {
        let name = platform.names.app_id(&app.node.name);
        let text = config::yaml(platform, app);
        config_map(platform, &name, &app.node.name, CONFIG_KEY, text)
    });
    // initdb refuses to run as a user without a name, and no image can be counted on to name ours.
    let postgres = platform.postgres.iter().map(|_| {
        let passwd = "root:x:0:0:root:/:/bin/sh\npostgres:x:65532:65532:postgres:/tmp:/bin/sh\n".to_owned();
        config_map(
            platform,
            &platform.names.postgres(),
            "postgres",
            PASSWD_KEY,
            passwd,
        )
    });
    services.chain(postgres).collect()
}

fn config_map(platform: &ValidatedPlatform, name: &str, component: &str, key: &str, text: String) -> Child {
    let map = ConfigMap {
        metadata: metadata(platform, name, Some(component)),
        data: Some(BTreeMap::from([(key.to_owned(), text)])),
        ..ConfigMap::default()
    };
    child(ChildKind::ConfigMap, Some(component), &map)
}
