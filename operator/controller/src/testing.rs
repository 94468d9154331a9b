//! An API server in memory, as small as the passes under test need it, that counts what it is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, Response, StatusCode};
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::client::Body;
use kube::runtime::events::{Recorder, Reporter};
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{ChildKind, OperatorDefaults};
use tokio::sync::watch;
use tower::BoxError;

use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::context::Context;
use crate::duty::Duty;
use crate::lease::Claim;
use crate::live::{Live, Writers};
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::own_crd::OwnCrd;

/// Objects by path, and what was asked.
#[derive(Default)]
pub struct FakeApi {
    objects: Mutex<BTreeMap<String, Value>>,
    asked: Mutex<Vec<(Method, String, Value)>>,
    versions: Mutex<u64>,
    /// Paths whose writes are answered with this status and message.
    pub refusals: Mutex<BTreeMap<String, (u16, &'static str)>>,
}

impl FakeApi {
    /// A client of this server.
    pub fn client(self: &Arc<Self>) -> Client {
        let api = Arc::clone(self);
        let service = tower::service_fn(move |request: Request<Body>| {
            let api = Arc::clone(&api);
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect_bytes().await.unwrap();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let (status, answer) = api.answer(&head.method, head.uri.path(), body);
                let response = Response::builder()
                    .status(status)
                    .body(Body::from(answer.to_string().into_bytes()));
                Ok::<_, BoxError>(response.unwrap())
            }
        });
        Client::new(service, "shop")
    }

    /// Puts an object there as if somebody had made it.
    pub fn put(&self, path: &str, mut object: Value) {
        let version = {
            let mut versions = self.versions.lock().unwrap();
            *versions += 1;
            *versions
        };
        let mut objects = self.objects.lock().unwrap();
        let before = objects.get(path);
        let (uid, generation) = before.map_or((json!(format!("uid-{version}")), 1), |before| {
            let has_moved = before["spec"] != object["spec"];
            let generation = before["metadata"]["generation"].as_i64().unwrap() + i64::from(has_moved);
            (before["metadata"]["uid"].clone(), generation)
        });
        object["metadata"]["uid"] = uid;
        object["metadata"]["generation"] = json!(generation);
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        object["metadata"]["namespace"] = json!("shop");
        objects.insert(path.to_owned(), object);
    }

    /// One object as it is now.
    pub fn get(&self, path: &str) -> Option<Value> {
        self.objects.lock().unwrap().get(path).cloned()
    }

    /// Somebody else deletes an object.
    pub fn remove(&self, path: &str) {
        self.objects
            .lock()
            .unwrap()
            .remove(path)
            .expect("it should be there");
    }

    /// The write requests since the last call, as `METHOD path`, without Events.
    pub fn writes(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        let is_write =
            |(method, path, _): &&(Method, String, Value)| method != Method::GET && !path.contains("/events");
        asked
            .iter()
            .filter(is_write)
            .map(|(method, path, _)| format!("{method} {path}"))
            .collect()
    }

    /// The bodies of the requests with this method since the last call of [`Self::writes`].
    pub fn bodies(&self, method: &Method) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|(asked, _, _)| asked == method)
            .map(|(_, _, body)| body.clone())
            .collect()
    }

    fn answer(&self, method: &Method, path: &str, body: Value) -> (StatusCode, Value) {
        self.asked
            .lock()
            .unwrap()
            .push((method.clone(), path.to_owned(), body.clone()));
        let failure = |code: u16, reason: &str, message: &str| {
            let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "code": code, "reason": reason, "message": message});
            (StatusCode::from_u16(code).unwrap(), status)
        };
        if method != Method::GET
            && let Some((code, message)) = self.refusals.lock().unwrap().get(path)
        {
            return failure(*code, "Refused", message);
        }
        match *method {
            Method::GET => self
                .get(path)
                .map_or_else(|| failure(404, "NotFound", path), |found| (StatusCode::OK, found)),
            Method::POST => {
                let path = format!("{path}/{}", body["metadata"]["name"].as_str().unwrap());
                self.put(&path, encoded(body));
                (StatusCode::CREATED, self.get(&path).unwrap())
            }
            Method::PATCH => {
                let whole = path.strip_suffix("/status");
                let object = match whole {
                    Some(whole) => {
                        let mut object = self.get(whole).expect("its status is patched");
                        object["status"] = body["status"].clone();
                        object
                    }
                    None => body,
                };
                self.put(whole.unwrap_or(path), object);
                (StatusCode::OK, self.get(whole.unwrap_or(path)).unwrap())
            }
            Method::DELETE => {
                self.remove(path);
                (
                    StatusCode::OK,
                    json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}),
                )
            }
            _ => failure(405, "MethodNotAllowed", path),
        }
    }
}

/// A Secret as the API server keeps it.
fn encoded(mut object: Value) -> Value {
    let texts = object.as_object_mut().unwrap().remove("stringData");
    if let Some(Value::Object(texts)) = texts {
        let data = texts
            .into_iter()
            .map(|(key, text)| (key, json!(STANDARD.encode(text.as_str().unwrap()))));
        object["data"] = Value::Object(data.collect());
    }
    object
}

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }
}

/// An operator in front of a [`FakeApi`], without watches: tests say what those show.
pub struct FakeOperator {
    /// What its passes share.
    pub context: Arc<Context>,
    /// What its watches show.
    pub writers: Writers,
}

impl FakeOperator {
    /// A fresh one, as after a restart.
    pub fn new(api: &Arc<FakeApi>, served: &[ChildKind]) -> Self {
        let (live, writers) = Live::new();
        let (_sender, served) = watch::channel(Some(served.iter().copied().collect::<BTreeSet<_>>()));
        let reporter = Reporter {
            controller: "test".into(),
            instance: None,
        };
        let (_sender, crd) = watch::channel(OwnCrd::Served);
        let context = Context {
            duty: Duty {
                claim: Claim::for_good(),
                crd,
                class: None,
            },
            sees_cluster: true,
            client: api.client(),
            live: Arc::new(live),
            served,
            sidecars: Arc::default(),
            sidecar_port: crate::sidecars::PUBLIC_PORT,
            memory: Memory::default(),
            backoff: Mutex::new(Backoff::default()),
            metrics: Arc::new(Metrics::default()),
            recorder: Recorder::new(api.client(), reporter),
            clock: Arc::new(Still),
            defaults: OperatorDefaults::default(),
            jitter: Box::new(|| 0.5),
        };
        Self {
            context: Arc::new(context),
            writers,
        }
    }
}

/// Path of the platform of the tests.
pub const PLATFORM: &str = "/apis/todoplatform.dev/v1alpha1/namespaces/shop/todoplatforms/todo";

/// The kinds of Dapr.
pub fn dapr_kinds() -> Vec<ChildKind> {
    ChildKind::ALL.into_iter().filter(|kind| kind.is_dapr()).collect()
}

/// Makes a platform, with Dapr's injector beside it.
pub fn platform(api: &FakeApi, spec: &Value) -> TodoPlatform {
    api.put(
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/dapr-sidecar-injector",
        json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": {"name": "dapr-sidecar-injector"}}),
    );
    edit(api, spec)
}

/// The user applies another spec.
pub fn edit(api: &FakeApi, spec: &Value) -> TodoPlatform {
    let mut object = api.get(PLATFORM).unwrap_or_else(|| {
        json!({"apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform", "metadata": {"name": "todo"}})
    });
    object["spec"] = spec.clone();
    api.put(PLATFORM, object);
    shown(api)
}

/// The platform as the watch shows it.
pub fn shown(api: &FakeApi) -> TodoPlatform {
    serde_json::from_value(api.get(PLATFORM).unwrap()).unwrap()
}
