//! References of container images.

use std::fmt;

use serde::Serialize;

/// A full reference with a tag or a digest.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(transparent)]
pub struct ImageRef(String);

/// Why a text is no image reference that a platform may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// It has no repository.
    #[error("it names no repository")]
    NoRepository,
    /// It floats.
    #[error("it has neither a tag nor a digest")]
    NoTag,
    /// It floats under a name.
    #[error("its tag is `latest`, which moves while the platform runs")]
    Latest,
}

impl ImageRef {
    /// The reference, when it says which image it means.
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        let (repository, digest) = match text.split_once('@') {
            Some((repository, digest)) => (repository, Some(digest)),
            None => (text, None),
        };
        let last = repository.rsplit('/').next().unwrap_or_default();
        if last.is_empty() || last.starts_with(':') {
            return Err(ImageError::NoRepository);
        }
        if digest.is_some_and(|digest| !digest.is_empty()) {
            return Ok(Self(text.into()));
        }
        match last.split_once(':') {
            Some((_, "latest")) => Err(ImageError::Latest),
            Some((_, tag)) if !tag.is_empty() => Ok(Self(text.into())),
            _ => Err(ImageError::NoTag),
        }
    }

    /// The tag; none of a reference by digest alone.
    pub fn tag(&self) -> Option<&str> {
        let named = self.0.split('@').next()?;
        let last = named.rsplit('/').next()?;
        last.split_once(':').map(|(_, tag)| tag)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_beside_ports_and_digests() {
        for (text, tag) in [
            ("a:1", Some("1")),
            ("registry:5000/a:2@sha256:00", Some("2")),
            ("registry:5000/a@sha256:00", None),
        ] {
            assert_eq!(ImageRef::parse(text).as_ref().map(ImageRef::tag), Ok(tag));
        }
    }

    #[test]
    fn an_image_says_which_one_it_means() {
        for good in [
            "a:1",
            "registry:5000/a/b:1.2",
            "a@sha256:00",
            "r/a:latest@sha256:00",
        ] {
            assert_eq!(
                ImageRef::parse(good).map(|image| image.to_string()),
                Ok(good.into())
            );
        }
        for (bad, error) in [
            ("", ImageError::NoRepository),
            ("r/", ImageError::NoRepository),
            ("r/:1", ImageError::NoRepository),
            ("registry:5000/a", ImageError::NoTag),
            ("a", ImageError::NoTag),
            ("a:", ImageError::NoTag),
            ("a:latest", ImageError::Latest),
        ] {
            assert_eq!(ImageRef::parse(bad), Err(error), "{bad}");
        }
    }
}
