//! What the operator's catalog says of each service is what the service says of itself: the operator does not depend on
//! the services, so this is where they meet.

use serde_json::{Value, json};
use todo_kit::{Service as _, describe::Description};
use todoplatform_render::catalog::{ADMIN_PORT, HTTP_PORT, Service, Store};

fn described(service: Service) -> Description {
    match service {
        Service::Gateway => todo_gateway::Gateway::description(),
        Service::Task => todo_task::TaskService::description(),
        Service::Scheduler => todo_scheduler::Scheduler::description(),
        Service::Notification => todo_notification::Notification::description(),
        Service::Analytics => todo_analytics::Analytics::description(),
    }
}

fn catalogued(service: Service) -> Value {
    let definition = service.definition();
    json!({
        "service": service.as_str(),
        "httpPort": HTTP_PORT,
        "adminPort": ADMIN_PORT,
        "publishes": definition.publishes,
        "consumes": definition.consumes,
        "calls": definition.calls.iter().map(|s| s.as_str()).collect::<Vec<_>>(),
        "stores": definition.stores.iter().copied().map(Store::as_str).collect::<Vec<_>>(),
        "routes": sorted(definition.routes.iter().map(ToString::to_string).collect()),
    })
}

/// Routes have no order.
fn sorted(mut routes: Vec<String>) -> Vec<String> {
    routes.sort_unstable();
    routes
}

#[test]
fn every_service_is_what_the_catalog_says() {
    for service in Service::ALL {
        let mut described = described(service);
        described.routes = sorted(described.routes);
        let described = serde_json::to_value(described).expect("a description is JSON");
        assert_eq!(
            described,
            catalogued(service),
            "{}: described and catalogued",
            service.as_str()
        );
    }
}

#[test]
fn what_a_service_consumes_somebody_publishes() {
    let published: Vec<&str> = Service::ALL
        .iter()
        .flat_map(|s| s.definition().publishes)
        .copied()
        .collect();
    for service in Service::ALL {
        for topic in service.definition().consumes {
            assert!(
                published.contains(topic),
                "{} consumes {topic}, which nobody publishes",
                service.as_str()
            );
        }
    }
}

#[test]
fn every_route_of_the_gateway_has_its_service_behind() {
    let behind: Vec<&str> = Service::ALL
        .iter()
        .filter(|s| **s != Service::Gateway)
        .flat_map(|s| s.definition().routes)
        .copied()
        .collect();
    for route in Service::Gateway.definition().routes {
        assert!(behind.contains(route), "nobody behind {route}");
    }
}
