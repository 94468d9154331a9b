//! What a dashboard is made of.

/// A dashboard: rows of panels, and what can be chosen above them.
#[derive(Clone, Debug, PartialEq)]
pub struct Dashboard {
    /// Its name in Grafana's addresses: at most 40 letters, digits and dashes.
    pub uid: String,
    /// Its title, unique in a folder.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Words by which Grafana finds and links it.
    pub tags: Vec<String>,
    /// What can be chosen, beside the data source.
    pub variables: Vec<Variable>,
    /// Its rows, from above.
    pub rows: Vec<Row>,
}

/// Something that can be chosen, as a label's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name in expressions, after `$`.
    pub name: &'static str,
    /// Its name on the screen.
    pub label: &'static str,
    /// Where its values come from: `label_values(…)`.
    pub query: String,
    /// What is chosen at first.
    pub first: First,
}

/// What is chosen at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// All values; several can be chosen.
    All,
    /// This value, or what the query gives first.
    One(Option<String>),
}

/// Panels under one heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The heading.
    pub title: &'static str,
    /// Its panels, from the left.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub description: String,
    /// What its values are.
    pub unit: Unit,
    /// How it shows them.
    pub shape: Shape,
    /// How wide it is, of [`WIDTH`].
    pub width: u32,
    /// What it asks Prometheus.
    pub lines: Vec<Line>,
    /// From which value on it looks different, in growing order.
    pub thresholds: Vec<(f64, Colour)>,
    /// How many decimals its values have; none leaves it to Grafana, which shows 99.95% as 100%.
    pub decimals: Option<u8>,
}

/// Width of a dashboard.
pub const WIDTH: u32 = 24;

/// How a panel shows values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Lines over time.
    Lines,
    /// Areas over time that add up.
    Stacked,
    /// The latest values as numbers.
    Stat,
    /// The latest values against their range from 0 to 1.
    Gauge,
    /// The latest values with their labels.
    Table,
    /// No values: this text in Markdown.
    Text(String),
}

/// A question to Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// In `PromQL`, with `$` before variables.
    pub expr: String,
    /// How its series are called, with `{{label}}`.
    pub legend: String,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A share from 0 to 1.
    Ratio,
    /// Things per second.
    PerSecond,
    /// Requests per second.
    RequestsPerSecond,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Cores of CPU.
    Cores,
}

impl Unit {
    /// Grafana's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "short",
            Self::Ratio => "percentunit",
            Self::PerSecond => "ops",
            Self::RequestsPerSecond => "reqps",
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Bytes => "bytes",
            Self::Cores => "none",
        }
    }
}

/// How a value looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// As it should be.
    Green,
    /// Worth a look.
    Orange,
    /// Not as it should be.
    Red,
}

impl Colour {
    /// Grafana's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }
}

impl Panel {
    /// Lines over time, a third of the width.
    pub fn lines(title: impl Into<String>, description: impl Into<String>, unit: Unit) -> Self {
        Self {
            title: title.into(),
            description: description.into(),
            unit,
            shape: Shape::Lines,
            width: WIDTH / 3,
            lines: Vec::new(),
            thresholds: Vec::new(),
            decimals: None,
        }
    }

    /// Numbers, an eighth of the width wide each.
    pub fn stat(title: impl Into<String>, description: impl Into<String>, unit: Unit) -> Self {
        Self {
            shape: Shape::Stat,
            width: WIDTH / 6,
            ..Self::lines(title, description, unit)
        }
    }

    /// A table, half of the width.
    pub fn table(title: impl Into<String>, description: impl Into<String>, unit: Unit) -> Self {
        Self {
            shape: Shape::Table,
            width: WIDTH / 2,
            ..Self::lines(title, description, unit)
        }
    }

    /// A text in Markdown, over the whole width.
    pub fn text(title: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            shape: Shape::Text(text.clone()),
            width: WIDTH,
            ..Self::lines(title, text, Unit::Count)
        }
    }

    /// The panel in another shape.
    #[must_use]
    pub fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// The panel with another width, of [`WIDTH`].
    #[must_use]
    pub fn width(self, width: u32) -> Self {
        Self { width, ..self }
    }

    /// The panel with one more question.
    #[must_use]
    pub fn line(mut self, expr: impl Into<String>, legend: impl Into<String>) -> Self {
        self.lines.push(Line {
            expr: expr.into(),
            legend: legend.into(),
        });
        self
    }

    /// The panel with this many decimals.
    #[must_use]
    pub fn decimals(self, decimals: u8) -> Self {
        Self {
            decimals: Some(decimals),
            ..self
        }
    }

    /// The panel with a colour from this value on.
    #[must_use]
    pub fn from(mut self, value: f64, colour: Colour) -> Self {
        self.thresholds.push((value, colour));
        self
    }

    /// How high it is.
    pub(super) fn height(&self) -> u32 {
        match self.shape {
            Shape::Stat | Shape::Text(_) => 4,
            Shape::Lines | Shape::Stacked | Shape::Gauge | Shape::Table => 8,
        }
    }
}
