//! Where images come from.

use super::{Resolver, common::image};
use crate::{
    Violation,
    catalog::Service,
    image::ImageRef,
    release::{self, OWN, RELEASES, Release},
    validate::INVALID_SPEC,
};

/// The sidecar, among the components that have an image.
const DAPRD: &str = "daprd";
/// Where daprd is published.
const DAPRD_REPOSITORY: &str = "ghcr.io/dapr/daprd";

impl Resolver<'_> {
    /// The release that runs; the operator's own while the spec names none, or one that is not known.
    fn release(&self) -> Release {
        let version = self.spec.version.as_deref();
        version
            .and_then(|version| release::find(RELEASES, version))
            .copied()
            .unwrap_or(OWN)
    }

    pub(super) fn check_images(&self, violations: &mut Vec<Violation>) {
        if let Some(version) = &self.spec.version
            && release::find(RELEASES, version).is_none()
        {
            violations.push(Violation {
                field_path: "spec.version".into(),
                reason: INVALID_SPEC,
                message: format!("version {version} is not known to this operator"),
                next_action: format!("Set it to one of: {}", release::known(RELEASES)),
            });
        }
        let known = || {
            Service::ALL
                .map(Service::as_str)
                .into_iter()
                .chain(["postgres", "redis", DAPRD])
        };
        let digests = self.spec.images.iter().flat_map(|images| images.digests.keys());
        for unknown in digests.filter(|name| !known().any(|known| known == *name)) {
            violations.push(Violation {
                field_path: format!("spec.images.digests.{unknown}"),
                reason: INVALID_SPEC,
                message: format!("`{unknown}` is no component with an image of the platform's own"),
                next_action: format!("Use one of: {}", known().collect::<Vec<_>>().join(", ")),
            });
        }
    }

    /// What `status.version` says: the release that the spec names, else the tag.
    pub(super) fn version(&self) -> &str {
        self.spec.version.as_deref().unwrap_or_else(|| self.tag())
    }

    fn tag(&self) -> &str {
        let images = self.spec.images.as_ref();
        let own = images.and_then(|images| images.tag.as_deref());
        let release = self.release();
        own.unwrap_or(if release == OWN {
            &self.defaults.image_tag
        } else {
            release.version
        })
    }

    fn registry(&self) -> Option<&str> {
        self.spec.images.as_ref()?.registry.as_deref()
    }

    /// The user's digest, else the release's as long as the user names no tag.
    fn digest(&self, component: &str) -> Option<&str> {
        let images = self.spec.images.as_ref();
        let own = images.and_then(|images| images.digests.get(component).map(String::as_str));
        let tagged = images.is_some_and(|images| images.tag.is_some());
        let of_release = || {
            let release = self.release();
            let (_, digest) = release.digests.iter().find(|(name, _)| *name == component)?;
            Some(*digest)
        };
        own.or_else(|| if tagged { None } else { of_release() })
    }

    pub(super) fn service_image(&self, name: &str, violations: &mut Vec<Violation>) -> Option<ImageRef> {
        let registry = self.registry().unwrap_or(&self.defaults.image_registry);
        let repository = format!("{registry}/todo-{name}");
        match self.digest(name) {
            Some(digest) => image(
                &format!("{repository}@{digest}"),
                &format!("spec.images.digests.{name}"),
                violations,
            ),
            None => image(
                &format!("{repository}:{}", self.tag()),
                "spec.images.tag",
                violations,
            ),
        }
    }

    /// The image of an embedded store: the user's full reference, else the operator's, from the registry of the spec.
    pub(super) fn store_image(
        &self,
        component: &str,
        own: Option<&str>,
        default: &str,
        violations: &mut Vec<Violation>,
    ) -> Option<ImageRef> {
        let reference = own.map_or_else(|| self.mirrored(default), str::to_owned);
        let reference = match self.digest(component) {
            Some(digest) => format!("{}@{digest}", repository(&reference)),
            None => reference,
        };
        image(&reference, &format!("spec.images.{component}"), violations)
    }

    /// The image of an exporter: the user's full reference, else the operator's, from the registry of the spec.
    pub(super) fn exporter_image(
        &self,
        own: Option<&str>,
        default: &str,
        field_path: &str,
        violations: &mut Vec<Violation>,
    ) -> Option<ImageRef> {
        let reference = own.map_or_else(|| self.mirrored(default), str::to_owned);
        image(&reference, field_path, violations)
    }

    /// The sidecar's image; none leaves it to Dapr's injector.
    pub(super) fn daprd_image(&self, violations: &mut Vec<Violation>) -> Option<ImageRef> {
        let own = self.spec.images.as_ref().and_then(|images| images.daprd.clone());
        let digest = self.digest(DAPRD);
        let published = || {
            (self.registry().is_some() || digest.is_some())
                .then(|| self.mirrored(&format!("{DAPRD_REPOSITORY}:{}", self.release().daprd)))
        };
        let reference = own.or_else(published)?;
        let reference = match digest {
            Some(digest) => format!("{}@{digest}", repository(&reference)),
            None => reference,
        };
        image(&reference, "spec.images.daprd", violations)
    }

    /// The reference at the registry of the spec, under the last part of its name.
    fn mirrored(&self, reference: &str) -> String {
        let last = reference.rsplit('/').next().unwrap_or(reference);
        self.registry()
            .map_or_else(|| reference.to_owned(), |registry| format!("{registry}/{last}"))
    }
}

/// A reference without its tag and digest.
fn repository(reference: &str) -> &str {
    let named = reference.split('@').next().unwrap_or(reference);
    let last = named.rfind('/').map_or(0, |slash| slash + 1);
    match named[last..].find(':') {
        Some(colon) => &named[..last + colon],
        None => named,
    }
}

#[cfg(test)]
mod tests {
    use super::repository;

    #[test]
    fn a_repository_is_what_stands_before_tag_and_digest() {
        for (reference, expected) in [
            ("postgres", "postgres"),
            ("postgres:17", "postgres"),
            (
                "registry:5000/a/postgres:17@sha256:00",
                "registry:5000/a/postgres",
            ),
            ("registry:5000/a/postgres@sha256:00", "registry:5000/a/postgres"),
        ] {
            assert_eq!(repository(reference), expected);
        }
    }
}
