//! Which platforms are this operator's, and whether this replica may work on them now.

use todoplatform_api::TodoPlatform;
use tokio::sync::watch;

use crate::lease::Claim;
use crate::own_crd::OwnCrd;

/// Asked before each pass; the claim also while it runs.
#[derive(Clone, Debug)]
pub struct Duty {
    /// Whether this replica holds the Lease.
    pub claim: Claim,
    /// Whether the CRD is one that this operator can work with.
    pub crd: watch::Receiver<OwnCrd>,
    /// The class of platforms that this operator runs; none for those that name no class.
    pub class: Option<String>,
}

impl Duty {
    /// Whether this replica may work at all.
    pub fn may_work(&self) -> bool {
        self.claim.is_held() && *self.crd.borrow() == OwnCrd::Served
    }

    /// Whether a platform is this operator's, as an Ingress is of the controller of its class.
    pub fn is_ours(&self, platform: &TodoPlatform) -> bool {
        platform.spec.operator_class == self.class
    }

    /// Ends when this replica may work, at once when it may.
    pub async fn begins(&self) {
        let mut crd = self.crd.clone();
        while !self.may_work() {
            self.claim.held().await;
            // Closed only when the process ends.
            if crd.wait_for(|crd| *crd == OwnCrd::Served).await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Ends when this replica may not work any more, at once when it may not.
    pub async fn ends(&self) {
        let mut crd = self.crd.clone();
        let unusable = async {
            // Closed only when the process ends.
            if crd.wait_for(|crd| *crd != OwnCrd::Served).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = self.claim.lost() => {}
            () = unusable => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use todoplatform_api::TodoPlatformSpec;

    fn duty(class: Option<&str>) -> (watch::Sender<OwnCrd>, Duty) {
        let (sender, crd) = watch::channel(OwnCrd::Served);
        let duty = Duty {
            claim: Claim::for_seconds(10),
            crd,
            class: class.map(str::to_owned),
        };
        (sender, duty)
    }

    #[test]
    fn a_platform_is_of_the_operator_of_its_class() {
        let cases = [
            (None, None, true),
            (Some("blue"), Some("blue"), true),
            (None, Some("blue"), false),
            (Some("blue"), None, false),
            (Some("blue"), Some("green"), false),
        ];
        for (platforms, operators, expected) in cases {
            let spec = TodoPlatformSpec {
                operator_class: platforms.map(str::to_owned),
                ..TodoPlatformSpec::default()
            };
            let platform = TodoPlatform::new("todo", spec);
            let (_sender, duty) = duty(operators);
            assert_eq!(
                duty.is_ours(&platform),
                expected,
                "{platforms:?} and {operators:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_claim_or_with_the_crd_and_begins_again() {
        let start = tokio::time::Instant::now();
        let (sender, first) = duty(None);
        assert!(first.may_work());
        sender.send_replace(OwnCrd::Missing);
        first.ends().await;
        assert!(!first.may_work() && first.claim.is_held());
        sender.send_replace(OwnCrd::Served);
        first.begins().await;
        assert_eq!(start.elapsed(), std::time::Duration::ZERO);
        first.ends().await;
        assert_eq!(
            start.elapsed(),
            std::time::Duration::from_secs(10),
            "with the claim"
        );
    }
}
