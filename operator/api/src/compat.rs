//! Whether a CRD takes everything that an older one took: what is stored stays readable, what was valid stays valid.
//!
//! Purely by the two documents. What cannot be judged, such as another pattern, counts as breaking; whoever knows better
//! writes it down beside the released CRD.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// One way in which the newer CRD takes less than the older one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breakage {
    /// Where: a field path, or a part of the CRD.
    pub path: String,
    /// What has changed.
    pub what: String,
}

impl fmt::Display for Breakage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

/// What `newer` breaks of `older`, both whole `CustomResourceDefinition`s; sorted, empty when nothing.
pub fn breakages(older: &Value, newer: &Value) -> Vec<Breakage> {
    let mut found = Found::default();
    for part in ["group", "scope"] {
        found.same(part, &older["spec"][part], &newer["spec"][part]);
    }
    for name in ["kind", "plural"] {
        found.same(
            &format!("names.{name}"),
            &older["spec"]["names"][name],
            &newer["spec"]["names"][name],
        );
    }
    for version in elements(&older["spec"]["versions"]) {
        let name = text(&version["name"]);
        let Some(now) = elements(&newer["spec"]["versions"]).find(|now| now["name"] == version["name"])
        else {
            found.add(name, "the version is gone");
            continue;
        };
        if version["served"] == true && now["served"] != true {
            found.add(name, "the version is no longer served");
        }
        if version["storage"] == true && now["storage"] != true {
            found.add(name, "the version is no longer the stored one");
        }
        if !version["subresources"]["status"].is_null() && now["subresources"]["status"].is_null() {
            found.add(name, "the status subresource is gone");
        }
        let schema = |version: &Value| version["schema"]["openAPIV3Schema"].clone();
        found.schema("", &schema(version), &schema(now));
    }
    found.0.into_iter().collect()
}

#[derive(Default)]
struct Found(BTreeSet<Breakage>);

/// Keywords that forbid more the smaller they are.
const UPPER: [&str; 4] = ["maximum", "maxLength", "maxItems", "maxProperties"];
/// Keywords that forbid more the greater they are.
const LOWER: [&str; 4] = ["minimum", "minLength", "minItems", "minProperties"];
/// Keywords of which another value may forbid anything; to drop one forbids less.
const OPAQUE: [&str; 6] = [
    "pattern",
    "format",
    "multipleOf",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "uniqueItems",
];
/// Keywords that say how lists and maps are merged, or what an absent field means.
const MEANING: [&str; 5] = [
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-int-or-string",
    "default",
];

impl Found {
    fn add(&mut self, path: &str, what: impl Into<String>) {
        self.0.insert(Breakage {
            path: path.to_owned(),
            what: what.into(),
        });
    }

    fn same(&mut self, path: &str, older: &Value, newer: &Value) {
        if older != newer {
            self.add(path, format!("was {older}, is {newer}"));
        }
    }

    fn schema(&mut self, path: &str, older: &Value, newer: &Value) {
        if older["type"] != newer["type"] && !newer["type"].is_null() {
            self.add(
                path,
                format!("the type was {}, is {}", older["type"], newer["type"]),
            );
            return;
        }
        self.bounds(path, older, newer);
        for keyword in MEANING {
            if older[keyword] != newer[keyword] {
                self.add(
                    path,
                    format!("{keyword} was {}, is {}", older[keyword], newer[keyword]),
                );
            }
        }
        if older["nullable"] == true && newer["nullable"] != true {
            self.add(path, "null is no longer taken");
        }
        self.words(path, older, newer);
        for rule in elements(&newer["x-kubernetes-validations"]) {
            let is_known =
                elements(&older["x-kubernetes-validations"]).any(|known| known["rule"] == rule["rule"]);
            if !is_known {
                self.add(path, format!("a new rule: {}", text(&rule["rule"])));
            }
        }
        for keyword in ["oneOf", "anyOf"] {
            let lacks = |alternative: &Value| !elements(&newer[keyword]).any(|known| known == alternative);
            let is_narrower = newer[keyword].is_array()
                && (!older[keyword].is_array() || elements(&older[keyword]).any(lacks));
            if is_narrower {
                self.add(path, format!("{keyword} takes less"));
            }
        }
        for keyword in ["allOf", "not"] {
            if !newer[keyword].is_null() && older[keyword] != newer[keyword] {
                self.add(path, format!("{keyword} is new or another"));
            }
        }
        self.fields(path, older, newer);
    }

    fn bounds(&mut self, path: &str, older: &Value, newer: &Value) {
        let keywords = UPPER
            .map(|keyword| (keyword, 1.0))
            .into_iter()
            .chain(LOWER.map(|keyword| (keyword, -1.0)));
        for (keyword, sign) in keywords {
            let bound = |schema: &Value| schema[keyword].as_f64().map(|bound| bound * sign);
            match (bound(older), bound(newer)) {
                (None, Some(_)) => self.add(path, format!("{keyword} is new: {}", newer[keyword])),
                (Some(before), Some(now)) if now < before => {
                    self.add(
                        path,
                        format!("{keyword} was {}, is {}", older[keyword], newer[keyword]),
                    );
                }
                _ => {}
            }
        }
        for keyword in OPAQUE {
            if !newer[keyword].is_null() && older[keyword] != newer[keyword] {
                self.add(
                    path,
                    format!("{keyword} was {}, is {}", older[keyword], newer[keyword]),
                );
            }
        }
    }

    /// Enums and required fields.
    fn words(&mut self, path: &str, older: &Value, newer: &Value) {
        if newer["enum"].is_array() {
            if older["enum"].is_array() {
                for value in elements(&older["enum"]) {
                    if !elements(&newer["enum"]).any(|now| now == value) {
                        self.add(path, format!("{value} is no longer a value"));
                    }
                }
            } else {
                self.add(path, "only some values are taken");
            }
        }
        for name in elements(&newer["required"]) {
            if !elements(&older["required"]).any(|known| known == name) {
                self.add(&join(path, text(name)), "the field is required now");
            }
        }
    }

    fn fields(&mut self, path: &str, older: &Value, newer: &Value) {
        let keeps_all = newer["x-kubernetes-preserve-unknown-fields"] == true;
        for (name, field) in older["properties"].as_object().into_iter().flatten() {
            let path = join(path, name);
            match &newer["properties"][name] {
                Value::Null if keeps_all => {}
                Value::Null => self.add(&path, "the field is gone"),
                now => self.schema(&path, field, now),
            }
        }
        if older["x-kubernetes-preserve-unknown-fields"] == true && !keeps_all {
            self.add(path, "unknown fields are no longer kept");
        }
        for (keyword, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
            match (&older[keyword], &newer[keyword]) {
                (Value::Object(_), now @ Value::Object(_)) => {
                    self.schema(&format!("{path}{mark}"), &older[keyword], now);
                }
                (Value::Object(_), _) => self.add(path, format!("{keyword} is gone")),
                _ => {}
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
