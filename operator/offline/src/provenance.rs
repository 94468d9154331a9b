//! `render --show-defaults`: every decided setting, and who decided it.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Value, json};
use todoplatform_render::{Origin, Setting};

/// The settings as YAML, each with its origin as a comment.
pub fn text(settings: &[Setting]) -> String {
    let mut text = String::new();
    let mut open: Vec<String> = Vec::new();
    for setting in settings {
        let parts: Vec<String> = setting.path.iter().map(|part| key(part)).collect();
        let (last, sections) = parts
            .split_last()
            .map_or(("", &[][..]), |(last, rest)| (last.as_str(), rest));
        let shared = open
            .iter()
            .zip(sections)
            .take_while(|(left, right)| left == right)
            .count();
        open.truncate(shared);
        for section in &sections[shared..] {
            let _infallible = writeln!(text, "{}{section}:", "  ".repeat(open.len()));
            open.push(section.clone());
        }
        let line = format!("{}{last}: {}", "  ".repeat(open.len()), setting.value);
        let _infallible = writeln!(text, "{line:<48} # {}", told(setting));
    }
    text
}

/// A key as YAML writes it.
fn key(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-' | '_');
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        json!(text).to_string()
    }
}

fn told(setting: &Setting) -> String {
    let told: Vec<_> = setting.origins.iter().map(Origin::to_string).collect();
    told.join("; ")
}

/// The settings for programs: path, value, and the origins as kind and text.
pub fn json(settings: &[Setting]) -> Value {
    #[derive(Serialize)]
    struct Row<'a> {
        path: String,
        value: &'a Value,
        origins: Vec<Value>,
    }
    let rows = settings.iter().map(|setting| Row {
        path: setting.name(),
        value: &setting.value,
        origins: setting
            .origins
            .iter()
            .map(|origin| json!({"kind": origin.kind(), "what": origin.to_string()}))
            .collect(),
    });
    json!(rows.collect::<Vec<_>>())
}
