//! Which Kubernetes a node of kind runs.

use std::str::FromStr;

use crate::versions::KindNodes;

/// What a person may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kubernetes {
    /// The oldest that is supported.
    Oldest,
    /// The newest that is supported.
    Newest,
    /// `v1.36.4`
    Version(String),
}

/// A word that names no Kubernetes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither `oldest` nor `newest` nor a version such as v1.36.4")]
pub(crate) struct KubernetesError;

impl FromStr for Kubernetes {
    type Err = KubernetesError;

    fn from_str(text: &str) -> Result<Self, KubernetesError> {
        match text {
            "oldest" => Ok(Self::Oldest),
            "newest" => Ok(Self::Newest),
            _ => {
                let numbers: Vec<_> = text
                    .strip_prefix("v1.")
                    .ok_or(KubernetesError)?
                    .split('.')
                    .collect();
                let is_version =
                    numbers.len() == 2 && numbers.iter().all(|number| number.parse::<u32>().is_ok());
                is_version
                    .then(|| Self::Version(text.to_owned()))
                    .ok_or(KubernetesError)
            }
        }
    }
}

impl Kubernetes {
    /// kind's image: the pinned one of a supported end, else the one of that tag, if kind's makers have published it.
    pub(super) fn image(&self, nodes: &KindNodes) -> String {
        match self {
            Self::Oldest => nodes.oldest.clone(),
            Self::Newest => nodes.newest.clone(),
            Self::Version(version) => format!("kindest/node:{version}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::Versions;

    #[test]
    fn a_word_or_a_whole_version_names_a_kubernetes() {
        assert_eq!("oldest".parse(), Ok(Kubernetes::Oldest));
        assert_eq!("newest".parse(), Ok(Kubernetes::Newest));
        assert_eq!("v1.33.4".parse(), Ok(Kubernetes::Version("v1.33.4".to_owned())));
        for wrong in [
            "",
            "latest",
            "1.33.4",
            "v1.33",
            "v1.33.4.5",
            "v1.33.x",
            "v2.0.0",
            "v1.33.-4",
        ] {
            assert_eq!(wrong.parse::<Kubernetes>(), Err(KubernetesError), "{wrong}");
        }
    }

    #[test]
    fn the_supported_ends_are_pinned_and_any_other_is_a_tag() {
        let nodes = Versions::load().unwrap().kind_nodes;
        assert_eq!(Kubernetes::Oldest.image(&nodes), nodes.oldest);
        assert_eq!(Kubernetes::Newest.image(&nodes), nodes.newest);
        let other = Kubernetes::Version("v1.33.4".to_owned());
        assert_eq!(other.image(&nodes), "kindest/node:v1.33.4");
    }
}
