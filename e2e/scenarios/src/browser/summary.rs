//! What a drawn dashboard says of itself.

use serde::Deserialize;

use crate::Result;

/// What a dashboard showed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Summary {
    /// The dashboard's title.
    pub title: String,
    /// Its panels that ask something, from above.
    #[serde(default)]
    pub panels: Vec<Panel>,
    /// Why nothing was drawn.
    #[serde(default)]
    pub error: Option<String>,
}

/// What a panel showed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Panel {
    /// Its title.
    pub title: String,
    /// Grafana's word for its kind.
    #[serde(rename = "type")]
    pub type_: String,
    /// Why it shows no values.
    pub error: Option<String>,
    /// What it asked.
    pub questions: Vec<Question>,
}

/// An expression, and how much came of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Question {
    /// As it stands in the dashboard, with `$` before variables.
    pub expr: String,
    /// Why there is no answer.
    pub error: Option<String>,
    /// Series that have a value.
    pub series: u64,
    /// Their values.
    pub samples: u64,
}

impl Panel {
    /// Whether none of its questions has an answer with values.
    pub fn is_empty(&self) -> bool {
        self.questions.iter().all(|question| question.series == 0)
    }
}

impl Summary {
    /// That every panel shows something; but for those of `quiet`, by title, which have something to show on bad days only.
    pub fn every_panel_shows_something(&self, quiet: &[&str]) -> Result<()> {
        self.judged(
            |panel| panel.is_empty() && !quiet.contains(&panel.title.as_str()),
            |_| true,
        )
    }

    /// That every question of every panel has an answer with values.
    pub fn every_question_has_an_answer(&self) -> Result<()> {
        self.judged(|_| true, |question| question.series == 0)
    }

    /// An error that names every failure, and every question without an answer of the panels that are `wanted`.
    fn judged(&self, wanted: impl Fn(&Panel) -> bool, is_bad: impl Fn(&Question) -> bool) -> Result<()> {
        let mut found: Vec<String> = self.error.iter().cloned().collect();
        if self.panels.is_empty() && self.error.is_none() {
            found.push("no panel was drawn".into());
        }
        for panel in &self.panels {
            let is_wanted = wanted(panel);
            for question in &panel.questions {
                match &question.error {
                    Some(error) => found.push(format!("{}: {error}: {}", panel.title, question.expr)),
                    None if is_wanted && is_bad(question) => {
                        found.push(format!("{}: no data: {}", panel.title, question.expr));
                    }
                    None => {}
                }
            }
            // A panel of an unknown kind asks well and draws nothing.
            if let Some(error) = &panel.error
                && panel.questions.iter().all(|question| question.error.is_none())
            {
                found.push(format!("{}: {error}", panel.title));
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        Err(format!("{}:\n  {}", self.title, found.join("\n  ")).into())
    }
}

/// What the viewer left in the page.
pub(super) fn of(dom: &str) -> Result<Summary> {
    if !dom.contains("data-state=\"done\"") {
        return Err("the page was not drawn to its end".into());
    }
    let (_, rest) = dom
        .split_once("id=\"summary\">")
        .ok_or("the page has no summary")?;
    let (json, _) = rest.split_once("</script>").ok_or("the summary has no end")?;
    Ok(serde_json::from_str(json)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(questions: &str) -> Summary {
        let dom = format!(
            "<body data-state=\"done\"><script type=\"application/json\" id=\"summary\">{{\"title\": \"Events\", \"panels\": [
                {{\"title\": \"Behind\", \"type\": \"timeseries\", \"error\": null, \"questions\": [{questions}]}}]}}</script></body>"
        );
        of(&dom).unwrap()
    }

    fn said(result: Result<()>) -> String {
        result.map_or_else(|e| e.to_string(), |()| String::new())
    }

    const FULL: &str = r#"{"expr": "up", "error": null, "series": 2, "samples": 9}"#;
    const EMPTY: &str = r#"{"expr": "down", "error": null, "series": 0, "samples": 0}"#;
    const WRONG: &str = r#"{"expr": "up(", "error": "parse error", "series": 0, "samples": 0}"#;

    #[test]
    fn a_panel_with_one_answer_shows_something() {
        let summary = shown(&format!("{FULL}, {EMPTY}"));
        assert_eq!(said(summary.every_panel_shows_something(&[])), "");
        assert_eq!(
            said(summary.every_question_has_an_answer()),
            "Events:\n  Behind: no data: down"
        );
    }

    #[test]
    fn a_panel_without_an_answer_is_named_unless_it_may_be_quiet() {
        let summary = shown(EMPTY);
        assert_eq!(
            said(summary.every_panel_shows_something(&[])),
            "Events:\n  Behind: no data: down"
        );
        assert_eq!(said(summary.every_panel_shows_something(&["Behind"])), "");
    }

    #[test]
    fn a_question_that_fails_is_never_quiet() {
        let summary = shown(&format!("{FULL}, {WRONG}"));
        assert_eq!(
            said(summary.every_panel_shows_something(&["Behind"])),
            "Events:\n  Behind: parse error: up("
        );
    }

    #[test]
    fn a_page_that_was_not_drawn_to_its_end_is_an_error() {
        let error = of("<body><script id=\"summary\"></script></body>").unwrap_err();
        assert_eq!(error.to_string(), "the page was not drawn to its end");
    }
}
