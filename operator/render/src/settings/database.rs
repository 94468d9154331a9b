//! The PostgreSQL.

use std::collections::BTreeMap;

use todoplatform_api::SecretKeyRef;

use super::{
    Resolver,
    common::{embedded, image},
};
use crate::{
    Violation,
    catalog::{self, Service},
    references,
    validated::{DatabaseSettings, StoreSettings},
};

impl Resolver<'_> {
    pub(super) fn embeds_postgres(&self) -> bool {
        references::embeds_postgres(self.spec.database.as_ref(), self.development())
    }

    pub(super) fn postgres(&self, violations: &mut Vec<Violation>) -> Option<StoreSettings> {
        let own = self
            .spec
            .images
            .as_ref()
            .and_then(|images| images.postgres.as_deref());
        let store = self
            .spec
            .database
            .as_ref()
            .and_then(|database| database.embedded.as_ref());
        let image = image(
            own.unwrap_or(&self.defaults.postgres_image),
            "spec.images.postgres",
            violations,
        )?;
        Some(embedded(store, image, catalog::POSTGRES_AMOUNTS))
    }

    pub(super) fn database(&self) -> Option<DatabaseSettings> {
        if self.embeds_postgres() {
            let url = |service: Service| SecretKeyRef {
                name: self.names.postgres(),
                key: format!("{}-url", service.as_str()),
            };
            let urls = references::database_services()
                .map(|service| (service.as_str().into(), url(service)))
                .collect();
            return Some(DatabaseSettings { urls, ca: None });
        }
        let external = self.spec.database.as_ref()?.external.as_ref()?;
        let urls: Option<BTreeMap<_, _>> = references::database_services()
            .map(|service| {
                let (url, _) = references::database_url(external, service)?;
                Some((service.as_str().into(), url.clone()))
            })
            .collect();
        Some(DatabaseSettings {
            urls: urls?,
            ca: external.ca_secret_key_ref.clone(),
        })
    }
}
