use std::collections::BTreeMap;

use http::{Request, Response, StatusCode};
use kube::client::Body;
use serde_json::{Value, json};

use super::*;
use crate::failure;

/// A cluster that answers GET by these bodies. Of built-in kinds it has nothing else, and others it does not know.
pub(crate) fn fake(answers: &[(&str, Value)]) -> Cluster {
    let answers: BTreeMap<String, Value> = answers
        .iter()
        .map(|(path, body)| ((*path).to_owned(), body.clone()))
        .collect();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (status, body) = match answers.get(request.uri().path()) {
            Some(body) => (StatusCode::OK, body.clone()),
            None if request.uri().path().starts_with("/api/v1/") => {
                (StatusCode::NOT_FOUND, refusal(404, "NotFound", "not found"))
            }
            None => (StatusCode::NOT_FOUND, Value::Null),
        };
        let code = body["code"]
            .as_u64()
            .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
        let response = Response::builder()
            .status(code.unwrap_or(status))
            .body(Body::from(if body.is_null() {
                b"404 page not found\n".to_vec()
            } else {
                body.to_string().into_bytes()
            }));
        async move { response }
    });
    Cluster {
        client: Client::new(service, "shop"),
        namespace: "shop".into(),
    }
}

/// The answer of an API server that says no.
pub(crate) fn refusal(code: u16, reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message, "reason": reason})
}

/// A TodoPlatform as JSON.
pub(crate) fn platform(name: &str) -> Value {
    json!({
        "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform",
        "metadata": {"name": name, "namespace": "shop", "generation": 1}, "spec": {"profile": "development"},
    })
}

pub(crate) const PLATFORMS: &str = "/apis/todoplatform.dev/v1alpha1/namespaces/shop/todoplatforms";

fn list(names: &[&str]) -> Value {
    let items: Vec<_> = names.iter().map(|name| platform(name)).collect();
    json!({"apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatformList", "metadata": {}, "items": items})
}

async fn chosen(cluster: &Cluster, name: Option<&str>) -> Result<String, String> {
    match cluster.platform(name).await {
        Ok(platform) => Ok(name_of(&serde_json::to_value(platform).unwrap())),
        Err(error) => Err(failure::text(&error, &error.next_action())),
    }
}

#[tokio::test]
async fn without_a_name_the_only_platform_of_the_namespace_is_meant() {
    let cluster = fake(&[(PLATFORMS, list(&["todo"]))]);
    assert_eq!(chosen(&cluster, None).await, Ok("todo".into()));
}

#[tokio::test]
async fn several_platforms_are_listed() {
    let cluster = fake(&[(PLATFORMS, list(&["blue", "green"]))]);
    assert_eq!(
        chosen(&cluster, None).await.unwrap_err(),
        "error: namespace shop has 2 TodoPlatforms: blue, green\nnext: name one of them\n"
    );
}

#[tokio::test]
async fn an_empty_namespace_says_where_to_look() {
    let cluster = fake(&[(PLATFORMS, list(&[]))]);
    assert_eq!(
        chosen(&cluster, None).await.unwrap_err(),
        "error: namespace shop has no TodoPlatform\n\
         next: name the namespace with -n (`kubectl get todoplatforms -A` shows all), or make a platform: \
         kubectl apply -f config/samples/development.yaml\n"
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_with_those_that_do() {
    let cluster = fake(&[(PLATFORMS, list(&["blue", "green"]))]);
    assert_eq!(
        chosen(&cluster, Some("red")).await.unwrap_err(),
        "error: todoplatform red in namespace shop does not exist; there is blue, green\n\
         next: name one of those, or another namespace than shop with -n\n"
    );
}

#[tokio::test]
async fn a_named_platform_needs_no_list() {
    let cluster = fake(&[(&format!("{PLATFORMS}/todo"), platform("todo"))]);
    assert_eq!(chosen(&cluster, Some("todo")).await, Ok("todo".into()));
}

#[tokio::test]
async fn a_cluster_without_the_definition_is_told_as_such() {
    let told = chosen(&fake(&[]), Some("todo")).await.unwrap_err();
    assert!(
        told.starts_with("error: the cluster does not know the resource TodoPlatform\nnext: install"),
        "{told}"
    );
}

#[tokio::test]
async fn a_refusal_is_told_in_the_api_servers_words() {
    let cluster = fake(&[(
        PLATFORMS,
        refusal(403, "Forbidden", "bob cannot list todoplatforms"),
    )]);
    assert_eq!(
        chosen(&cluster, None).await.unwrap_err(),
        "error: todoplatforms in namespace shop could not be read\n  because: bob cannot list todoplatforms\n\
         next: ask for permission: `kubectl auth can-i get todoplatforms -n shop` must say yes\n"
    );
}

#[tokio::test]
async fn a_kubeconfig_that_is_not_there_is_named() {
    let place = Where {
        kubeconfig: Some("/nowhere/config".into()),
        context: Some("blue".into()),
        namespace: None,
    };
    let error = Cluster::connect(place).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "no configuration of a cluster can be used: context blue of /nowhere/config"
    );
}
