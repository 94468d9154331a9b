//! In which order the components restart.

/// The services, the least critical first: what users miss last restarts first, and a change that breaks something shows
/// before it reaches what they miss at once.
const RESTARTS: [&str; 5] = ["analytics", "notification", "scheduler", "task", "gateway"];

/// When a component's turn to restart comes: the lower, the earlier. A user's own services come before the built-in ones,
/// which depend on none of them.
pub fn restart_rank(component: &str) -> usize {
    RESTARTS
        .iter()
        .position(|known| *known == component)
        .map_or(0, |position| position + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Service;

    #[test]
    fn every_service_has_a_turn_of_its_own_and_the_gateway_the_last() {
        let rank = |service: Service| restart_rank(service.as_str());
        for service in Service::ALL {
            assert!(rank(service) > restart_rank("a-users-own"), "{service:?}");
            assert!(rank(service) <= rank(Service::Gateway), "{service:?}");
        }
        let mut ranks: Vec<_> = Service::ALL.map(rank).into();
        ranks.sort_unstable();
        ranks.dedup();
        assert_eq!(ranks.len(), Service::ALL.len());
    }
}
