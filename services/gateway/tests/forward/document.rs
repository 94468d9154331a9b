//! The API's document and the page that shows it.

use axum::body::Body;
use axum::extract::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::world::world;

#[tokio::test]
async fn the_document_and_its_page_are_for_everybody() {
    let world = world(200, "application/json", "{}").await;
    let get = async |path: &str| {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let answer = world.gateway.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            parts.status.as_u16(),
            parts.headers,
            String::from_utf8_lossy(&body).into_owned(),
        )
    };
    let (status, headers, body) = get("/openapi.json").await;
    assert_eq!(
        (status, &headers["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    let document: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["info"]["title"], "Todo platform");
    assert!(document["paths"]["/v1/tasks/{id}"].is_object());

    let (status, headers, page) = get("/docs/").await;
    assert_eq!(status, 200);
    // Nothing of the page comes from elsewhere: it works where there is no way out.
    let elsewhere = page
        .split('"')
        .find(|word| word.starts_with("http") || word.starts_with("//"));
    assert_eq!(elsewhere, None);
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let mut own = 0;
    for file in page.split('"').filter(|word| word.starts_with("./")) {
        let (status, ..) = get(&format!("/docs/{}", &file[2..])).await;
        assert_eq!(status, 200, "{file}");
        own += 1;
    }
    assert!(own > 3, "{page}");
    let (status, _, start) = get("/docs/swagger-initializer.js").await;
    assert!(status == 200 && start.contains("/openapi.json"), "{start}");
}
