//! Rules about which images run.

use todoplatform_render::image::ImageRef;

use super::{Fault, Rule, Subject, rule};

pub(super) const RULES: &[Rule] = &[
    rule!("TP014", Warn, "A tag that moves", moving_tags),
    rule!(
        "TP015",
        Info,
        "Images of production without a digest",
        without_digest
    ),
    rule!("TP016", Warn, "Services of different versions", mixed_versions),
];

/// Tags that people push again and again. `latest` is refused altogether.
const MOVING: [&str; 10] = [
    "main", "master", "edge", "nightly", "dev", "develop", "stable", "snapshot", "canary", "rolling",
];

/// Tag and digest of a reference.
fn tag(image: &ImageRef) -> (Option<&str>, bool) {
    let (repository, digest) = match image.as_str().split_once('@') {
        Some((repository, _)) => (repository, true),
        None => (image.as_str(), false),
    };
    let last = repository.rsplit('/').next().unwrap_or_default();
    (last.split_once(':').map(|(_, tag)| tag), digest)
}

/// Every image with the field that decides it.
fn images<'a>(subject: &'a Subject<'_>) -> Vec<(String, &'a ImageRef)> {
    let of_services = subject.settings.apps.iter().map(|app| {
        let name = &app.node.name;
        let own = subject.spec.pointer(&format!("/services/{name}/image"));
        let path = if app.node.service.is_some() && own.is_none() {
            "spec.images.tag".into()
        } else {
            format!("{}.image", app.node.field_path)
        };
        (path, &app.image)
    });
    let postgres = subject
        .settings
        .postgres
        .iter()
        .map(|store| ("spec.images.postgres".into(), &store.image));
    let redis = subject
        .settings
        .redis
        .iter()
        .map(|store| ("spec.images.redis".into(), &store.image));
    let exporters = subject.settings.monitoring.iter().flat_map(|monitoring| {
        monitoring.exporters.iter().map(|(kind, exporter)| {
            let path = format!("spec.observability.monitoring.exporters.{}.image", kind.as_str());
            (path, &exporter.image)
        })
    });
    of_services
        .chain(postgres)
        .chain(redis)
        .chain(exporters)
        .collect()
}

/// One fault per field, whatever number of images it decides.
fn by_field(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort_by(|left, right| left.field_path.cmp(&right.field_path));
    faults.dedup_by(|left, right| left.field_path == right.field_path);
    faults
}

fn moving_tags(subject: &Subject<'_>) -> Vec<Fault> {
    let fault = |(path, image): (String, &ImageRef)| match tag(image) {
        (Some(tag), false) if MOVING.contains(&tag) => Some(Fault::new(
            path,
            format!("`{tag}` is a tag that moves: pods of one Deployment may run different images"),
            "Name a release, or a digest",
        )),
        _ => None,
    };
    by_field(images(subject).into_iter().filter_map(fault).collect())
}

fn without_digest(subject: &Subject<'_>) -> Vec<Fault> {
    if !subject.is_production() {
        return Vec::new();
    }
    let fault = |(path, image): (String, &ImageRef)| {
        let (_, has_digest) = tag(image);
        (!has_digest).then(|| {
            Fault::new(
                path,
                format!("`{image}` is whatever its registry says today"),
                "Name the image with its digest (`repository:tag@sha256:…`)",
            )
        })
    };
    by_field(images(subject).into_iter().filter_map(fault).collect())
}

fn mixed_versions(subject: &Subject<'_>) -> Vec<Fault> {
    let services = subject
        .settings
        .apps
        .iter()
        .filter(|app| app.node.service.is_some());
    services
        .filter_map(|settings| {
            let name = &settings.node.name;
            let (tag, _) = tag(&settings.image);
            let version = &subject.settings.version;
            let tag = tag.filter(|tag| tag != version)?;
            Some(Fault::new(
                format!("{}.image", settings.node.field_path),
                format!(
                    "{name} runs {tag} among services of {version}: they are tested together by version only"
                ),
                "Set one version for all in spec.images.tag, once this one has proven itself",
            ))
        })
        .collect()
}
