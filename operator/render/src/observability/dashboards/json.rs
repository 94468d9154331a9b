//! A dashboard as JSON in Grafana's classic form, which provisioning and the Grafana operator take.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::{Colour, Dashboard, First, Panel, Row, Shape, Variable, WIDTH};

/// Version of the form.
const SCHEMA_VERSION: u32 = 42;

/// The letters by which a panel's questions are told apart.
const QUESTIONS: std::ops::RangeInclusive<char> = 'A'..='Z';

/// Where a panel stands, and its number.
struct Place {
    id: usize,
    x: u32,
    y: u32,
    height: u32,
}

impl Dashboard {
    /// The dashboard as JSON, the same bytes for the same dashboard.
    pub fn json(&self) -> String {
        let links = json!([{
            "type": "dashboards", "title": "Todo platform", "tags": self.tags, "asDropdown": true,
            "includeVars": true, "keepTime": true,
        }]);
        let variables: Vec<Value> = std::iter::once(data_sources())
            .chain(self.variables.iter().map(variable))
            .collect();
        let dashboard = json!({
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": self.tags,
            "schemaVersion": SCHEMA_VERSION,
            "editable": false,
            "graphTooltip": 1,
            "refresh": "1m",
            "timezone": "browser",
            "time": {"from": "now-6h", "to": "now"},
            "annotations": {"list": []},
            "links": links,
            "templating": {"list": variables},
            "panels": panels(&self.rows),
        });
        format!("{dashboard:#}\n")
    }
}

fn source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

fn data_sources() -> Value {
    json!({"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1})
}

fn variable(variable: &Variable) -> Value {
    let mut value = json!({
        "name": variable.name, "label": variable.label, "type": "query", "datasource": source(),
        "query": variable.query, "definition": variable.query, "refresh": 2, "sort": 1,
        "multi": variable.first == First::All, "includeAll": variable.first == First::All,
    });
    match &variable.first {
        First::All => value["current"] = json!({"text": "All", "value": "$__all"}),
        First::One(Some(first)) => value["current"] = json!({"text": first, "value": first}),
        First::One(None) => {}
    }
    value
}

/// Rows one under the other; the panels of a row from the left, and below when there is no room. Those beside each other are
/// as high as the highest of them, or there would be holes.
fn panels(rows: &[Row]) -> Vec<Value> {
    let mut panels = Vec::new();
    let mut y = 0;
    for row in rows {
        panels.push(json!({
            "id": panels.len() + 1, "type": "row", "title": row.title, "collapsed": false, "panels": [],
            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
        }));
        y += 1;
        for line in lines(&row.panels) {
            let height = line.iter().map(|panel| panel.height()).max().unwrap_or_default();
            let mut x = 0;
            for panel in line {
                let id = panels.len() + 1;
                panels.push(self::panel(panel, &Place { id, x, y, height }));
                x += panel.width;
            }
            y += height;
        }
    }
    panels
}

/// Panels in lines of at most the whole width.
fn lines(panels: &[Panel]) -> Vec<Vec<&Panel>> {
    let mut lines: Vec<Vec<&Panel>> = Vec::new();
    let mut left = 0;
    for panel in panels {
        match lines.last_mut() {
            Some(line) if panel.width <= left => line.push(panel),
            _ => {
                left = WIDTH;
                lines.push(vec![panel]);
            }
        }
        left -= panel.width;
    }
    lines
}

fn panel(panel: &Panel, place: &Place) -> Value {
    let mut value = json!({
        "id": place.id,
        "title": panel.title,
        "description": panel.description,
        "gridPos": {"x": place.x, "y": place.y, "w": panel.width, "h": place.height},
    });
    if let Shape::Text(text) = &panel.shape {
        value["type"] = json!("text");
        value["options"] = json!({"mode": "markdown", "content": text});
        return value;
    }
    let is_latest = !matches!(panel.shape, Shape::Lines | Shape::Stacked);
    let targets: Vec<Value> = panel
        .lines
        .iter()
        .zip(QUESTIONS)
        .map(|(line, id)| {
            json!({
                "refId": id.to_string(), "datasource": source(), "expr": line.expr, "legendFormat": line.legend,
                "instant": is_latest, "range": !is_latest,
                "format": if panel.shape == Shape::Table { "table" } else { "time_series" },
            })
        })
        .collect();
    let (type_, custom, options) = shape(&panel.shape);
    value["type"] = json!(type_);
    value["datasource"] = source();
    value["targets"] = json!(targets);
    value["options"] = options;
    value["fieldConfig"] = json!({"defaults": {
        "unit": panel.unit.as_str(), "custom": custom,
        "thresholds": {"mode": "absolute", "steps": steps(panel)},
    }, "overrides": []});
    if panel.shape == Shape::Gauge {
        value["fieldConfig"]["defaults"]["min"] = json!(0);
        value["fieldConfig"]["defaults"]["max"] = json!(1);
    }
    if let Some(decimals) = panel.decimals {
        value["fieldConfig"]["defaults"]["decimals"] = json!(decimals);
    }
    if panel.shape == Shape::Table {
        value["transformations"] = json!([
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {"excludeByName": {"Time": true}, "renameByName": columns(panel)}},
        ]);
    }
    value
}

/// What the columns of a table are called, by what Grafana calls them: the only question's values `Value`, those of several
/// `Value #A`, `Value #B`.
fn columns(panel: &Panel) -> BTreeMap<String, &str> {
    let is_only = panel.lines.len() == 1;
    let name = |id: char| {
        if is_only {
            "Value".into()
        } else {
            format!("Value #{id}")
        }
    };
    QUESTIONS
        .zip(&panel.lines)
        .map(|(id, line)| (name(id), line.legend.as_str()))
        .collect()
}

/// Grafana's word for a shape, and how it looks.
fn shape(shape: &Shape) -> (&'static str, Value, Value) {
    let latest = json!({"calcs": ["lastNotNull"], "fields": "", "values": false});
    let over_time = json!({
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true},
        "tooltip": {"mode": "multi", "sort": "desc"},
    });
    match shape {
        Shape::Lines => (
            "timeseries",
            json!({"drawStyle": "line", "fillOpacity": 5, "showPoints": "never", "thresholdsStyle": {"mode": "dashed"}}),
            over_time,
        ),
        Shape::Stacked => (
            "timeseries",
            json!({"drawStyle": "line", "fillOpacity": 40, "showPoints": "never", "stacking": {"mode": "normal", "group": "A"}}),
            over_time,
        ),
        Shape::Stat => (
            "stat",
            json!({}),
            json!({"reduceOptions": latest, "colorMode": "value", "graphMode": "none", "textMode": "auto"}),
        ),
        Shape::Gauge => (
            "gauge",
            json!({}),
            json!({"reduceOptions": latest, "showThresholdMarkers": true}),
        ),
        Shape::Table => (
            "table",
            json!({"align": "auto", "filterable": true}),
            json!({"showHeader": true}),
        ),
        Shape::Text(_) => ("text", json!({}), json!({})),
    }
}

/// The first step has no value: it is what is below all others, and turned around where these end well.
fn steps(panel: &Panel) -> Vec<Value> {
    let ends_well = panel
        .thresholds
        .last()
        .is_some_and(|(_, colour)| *colour == Colour::Green);
    let base = if ends_well { Colour::Red } else { Colour::Green };
    let above = panel
        .thresholds
        .iter()
        .map(|(value, colour)| json!({"value": value, "color": colour.as_str()}));
    std::iter::once(json!({"value": null, "color": base.as_str()}))
        .chain(above)
        .collect()
}
