use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, HeaderValue};
use todo_kit::auth::Caller;
use todo_kit::dapr::Etag;
use todo_kit::http::Json;
use todo_kit::openapi::{IfMatchHeader, ReadProblems, WriteProblems};
use todo_kit::problem::{self, Problem};

use super::App;
use crate::preferences::Preferences;
use crate::preferences_store::{Expected, PreferencesError, Stored, load, save};

/// Read preferences
///
/// What the caller wants to be told, with an `ETag` once that was ever said.
#[utoipa::path(get, path = "/v1/notifications/preferences", operation_id = "readPreferences", tag = "notifications",
    responses(
        (status = 200, description = "The preferences", body = Preferences,
            headers(("ETag" = Option<String>, description = "Their version, once they were ever written"))),
        ReadProblems))]
pub(super) async fn get(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    answer(load(app.preferences.as_ref(), &caller.sub).await)
}

/// Replace preferences
///
/// With `If-Match` only if they are still that version.
#[utoipa::path(put, path = "/v1/notifications/preferences", operation_id = "replacePreferences", tag = "notifications",
    params(IfMatchHeader), request_body = Preferences,
    responses(
        (status = 200, description = "The preferences as they are now", body = Preferences,
            headers(("ETag" = Option<String>, description = "Their version"))),
        WriteProblems))]
pub(super) async fn put(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Json(preferences): Json<Preferences>,
) -> Result<Response, Problem> {
    let violations = preferences.check();
    if !violations.is_empty() {
        return Err(Problem::invalid(violations));
    }
    let store = app.preferences.as_ref();
    save(store, &caller.sub, &preferences, &expected(&headers)?)
        .await
        .map_err(|error| problem(&error))?;
    // The store names the new version only to who reads it.
    answer(load(store, &caller.sub).await)
}

fn answer(found: Result<Option<Stored>, PreferencesError>) -> Result<Response, Problem> {
    match found.map_err(|error| problem(&error))? {
        None => Ok(axum::Json(Preferences::default()).into_response()),
        Some(Stored { preferences, etag }) => {
            let mut response = axum::Json(preferences).into_response();
            // A version that no header can carry is one that nobody can ask for.
            if let Ok(etag) = HeaderValue::try_from(format!("\"{}\"", etag.0)) {
                response.headers_mut().insert(ETAG, etag);
            }
            Ok(response)
        }
    }
}

/// What `If-Match` demands. The state store's versions are opaque, so any strong tag may be one.
fn expected(headers: &HeaderMap) -> Result<Expected, Problem> {
    let malformed =
        || Problem::new(problem::BAD_REQUEST).detail("If-Match must be * or a list of entity tags");
    let mut versions = Vec::new();
    for value in headers.get_all(IF_MATCH) {
        for tag in value.to_str().map_err(|_| malformed())?.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(Expected::Something);
            }
            let (is_weak, strong) = tag
                .strip_prefix("W/")
                .map_or((false, tag), |strong| (true, strong));
            let opaque = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let opaque = opaque.ok_or_else(malformed)?;
            // A weak tag never matches (RFC 9110, 13.1.1).
            versions.extend((!is_weak).then(|| Etag(opaque.to_owned())));
        }
    }
    Ok(if headers.contains_key(IF_MATCH) {
        Expected::OneOf(versions)
    } else {
        Expected::Whatever
    })
}

fn problem(error: &PreferencesError) -> Problem {
    match error {
        PreferencesError::Store { .. } => Problem::unavailable(error),
        PreferencesError::Unreadable { .. } => Problem::internal(error),
        PreferencesError::Mismatch => Problem::new(problem::VERSION_MISMATCH),
        PreferencesError::Contended => Problem::new(problem::CONFLICT).retry_after(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_is_read_in_each_of_its_forms() {
        let of = |tags: &[&str]| {
            Some(Expected::OneOf(
                tags.iter().map(|tag| Etag((*tag).to_owned())).collect(),
            ))
        };
        for (value, wanted) in [
            ("*", Some(Expected::Something)),
            ("\"12\"", of(&["12"])),
            ("\"a\", \"b\"", of(&["a", "b"])),
            ("W/\"a\"", of(&[])),
            ("a", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(value))]);
            assert_eq!(expected(&headers).ok(), wanted, "{value}");
        }
        assert_eq!(expected(&HeaderMap::new()).ok(), Some(Expected::Whatever));
    }
}
