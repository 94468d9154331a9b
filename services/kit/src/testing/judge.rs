//! Schemathesis, an outside judge of HTTP APIs: it makes requests from the document, good and bad ones, and compares the
//! answers with what the document promises.

use std::process::Stdio;

use axum::Router;
use todo_domain::IdSource;
use tokio::net::TcpListener;
use utoipa::openapi::OpenApi;

use crate::RandomIds;

/// Requests that are made of each operation.
const EXAMPLES: &str = "20";
/// Rules that no schema can say, such as that a cursor is one of ours, that a range of days is not too long, or that the
/// thing still has the version of `If-Match`, refuse requests that fit the schema; the statuses for that are documented.
const UNFIT: &str = "positive_data_acceptance";

/// Serves `app` on loopback and has it judged by its document, as a user with `token`. Panics with the judge's report when
/// an answer is a 5xx, or has a status, a type or a shape that the document does not have, or accepts what it refuses.
///
/// `TODO_TEST_SCHEMATHESIS` names the folder with the judge.
pub async fn schemathesis(app: Router, document: &OpenApi, token: &str) {
    let folder =
        std::env::var("TODO_TEST_SCHEMATHESIS").expect("TODO_TEST_SCHEMATHESIS names the judge's folder");
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port on loopback");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let work = std::env::temp_dir().join(format!("schemathesis-{}", RandomIds.next()));
    std::fs::create_dir_all(&work).expect("a folder to work in");
    let file = work.join("openapi.json");
    std::fs::write(&file, document.to_json().expect("a document should be JSON"))
        .expect("the document's file");
    let judged = tokio::process::Command::new("python3")
        .arg(format!("{folder}/bin/st"))
        .arg("run")
        .arg(&file)
        .args([
            "--url",
            &url,
            "--header",
            &format!("Authorization: Bearer {token}"),
        ])
        .args([
            "--max-examples",
            EXAMPLES,
            "--seed",
            "1",
            "--generation-database",
            "none",
            "--exclude-checks",
            UNFIT,
        ])
        .args([
            "--continue-on-failure",
            "--no-color",
            "--request-timeout",
            "30",
            "--warnings",
            "off",
        ])
        .env("PYTHONPATH", &folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(&work)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("python3 runs the judge");
    server.abort();
    let report = String::from_utf8_lossy(&judged.stdout);
    let errors = String::from_utf8_lossy(&judged.stderr);
    assert!(judged.status.success(), "{report}\n{errors}");
    std::fs::remove_dir_all(&work).expect("the folder goes");
}
