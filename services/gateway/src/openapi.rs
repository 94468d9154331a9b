//! The API of the whole platform as one document, and a page to read and try it.
//!
//! The documents of the services behind are built in; those of services that are switched off are left out.

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_SECURITY_POLICY;
use todo_kit::openapi;
use todo_kit::problem;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::route::Target;

const TITLE: &str = "Todo platform";
/// What the whole is for.
pub(crate) const ABOUT: &str =
    "Tasks, reminders, messages and counts. Errors are `application/problem+json` (RFC 9457).";
/// Where programs find the document.
const DOCUMENT: &str = "/openapi.json";
/// Where people find the page.
const PAGE: &str = "/docs";
/// The page runs its own scripts, and asks this gateway alone. Its style sheets are written into the page by its scripts.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'",
);

/// The document of a service, as it is checked in.
const fn text(target: Target) -> &'static str {
    match target {
        Target::Task => include_str!("../../task/openapi.json"),
        Target::Scheduler => include_str!("../../scheduler/openapi.json"),
        Target::Notification => include_str!("../../notification/openapi.json"),
        Target::Analytics => include_str!("../../analytics/openapi.json"),
    }
}

/// The paths and schemas of those services, with what the gateway itself may answer.
pub(crate) fn merged(targets: impl IntoIterator<Item = Target>) -> OpenApi {
    let mut all = targets.into_iter().fold(OpenApi::default(), |mut all, target| {
        let one: OpenApi = serde_json::from_str(text(target))
            .expect("the checked-in document should be one, as the tests say");
        all.merge(one);
        all
    });
    for item in all.paths.paths.values_mut() {
        operations(item).for_each(gateways_answers);
    }
    all
}

/// What the gateway serves when those services are behind it.
pub(crate) fn platform(targets: impl IntoIterator<Item = Target>) -> OpenApi {
    openapi::document(TITLE, ABOUT, merged(targets))
}

/// All operations of a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        options,
        head,
        patch,
        trace,
        ..
    } = item;
    [get, put, post, delete, options, head, patch, trace]
        .into_iter()
        .flatten()
}

fn gateways_answers(operation: &mut Operation) {
    let answers = openapi::responses([
        &problem::REQUEST_TIMEOUT,
        &problem::RATE_LIMITED,
        &problem::HEADERS_TOO_LARGE,
        &problem::BAD_GATEWAY,
    ]);
    operation.responses.responses.extend(answers);
}

/// `/openapi.json` and `/docs`, for everybody: what an API can do is no secret, and what it does needs a token.
pub(crate) fn routes(document: OpenApi) -> Router {
    let config = Config::new([DOCUMENT]).use_base_layout();
    Router::from(SwaggerUi::new(PAGE).url(DOCUMENT, document).config(config)).layer(map_response(
        async |mut response: Response| {
            response
                .headers_mut()
                .insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
            response
        },
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::*;
    use crate::route::TABLE;

    fn whole() -> Value {
        serde_json::to_value(platform(Target::ALL)).unwrap()
    }

    #[test]
    fn the_document_has_exactly_the_paths_of_the_table() {
        let documented = openapi::paths(&merged(Target::ALL)).into_iter();
        let known = TABLE.iter().map(|(pattern, _)| (*pattern).to_owned());
        assert_eq!(
            documented.collect::<BTreeSet<_>>(),
            known.collect::<BTreeSet<_>>()
        );
    }

    #[test]
    fn a_service_that_is_switched_off_is_left_out() {
        let paths = openapi::paths(&merged([Target::Analytics]));
        assert_eq!(paths, ["/v1/analytics/daily"]);
    }

    #[test]
    fn no_name_of_a_schema_means_two_things() {
        let mut seen: BTreeMap<String, Value> = BTreeMap::new();
        for target in Target::ALL {
            let document: Value = serde_json::from_str(text(target)).unwrap();
            for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
                let before = seen.insert(name.clone(), schema.clone());
                assert!(before.is_none_or(|before| before == *schema), "{name}");
            }
        }
    }

    #[test]
    fn every_operation_is_named_once_explained_and_may_be_refused() {
        let mut names = BTreeSet::new();
        for (path, item) in whole()["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap().to_owned();
                assert!(names.insert(name), "{method} {path}");
                for member in ["summary", "tags"] {
                    assert!(!operation[member].is_null(), "{method} {path}: {member}");
                }
                for status in ["400", "401", "408", "429", "431", "500", "502", "503", "504"] {
                    let answer = &operation["responses"][status];
                    assert!(
                        answer["content"]["application/problem+json"].is_object(),
                        "{method} {path}: {status}"
                    );
                }
            }
        }
    }
}
