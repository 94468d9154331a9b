//! Whether an expression is one that can ever hold: Prometheus takes any name and stays silent where there is none.

use std::convert::Infallible;

use promql_parser::{
    label::Matcher,
    parser::{self, Call, Expr, LabelModifier, VectorSelector},
    util::{ExprVisitor, walk_expr},
};
use todoplatform_render::observability::metrics::{Series, series};

/// What is wrong with an expression: names and labels that are not in the catalogue, a rate of what is no counter, a
/// quantile without `le`. Variables of a dashboard are replaced before.
pub(crate) fn problems(expr: &str) -> Vec<String> {
    let parsed = match parser::parse(expr) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("does not parse: {error}")],
    };
    let mut checker = Checker::default();
    let Ok(_all) = walk_expr(&mut checker, &parsed);
    checker.problems
}

#[derive(Default)]
struct Checker {
    problems: Vec<String>,
}

impl ExprVisitor for Checker {
    type Error = Infallible;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Infallible> {
        match expr {
            Expr::VectorSelector(selector) => self.selector(selector),
            Expr::MatrixSelector(matrix) => self.selector(&matrix.vs),
            Expr::Call(call) => self.call(call),
            Expr::Aggregate(aggregate) => self.labels(aggregate.modifier.as_ref(), &aggregate.expr),
            Expr::Binary(binary) => {
                let matching = binary
                    .modifier
                    .as_ref()
                    .and_then(|modifier| modifier.matching.as_ref());
                self.labels(matching, &binary.lhs);
                self.labels(matching, &binary.rhs);
            }
            _ => {}
        }
        Ok(true)
    }
}

impl Checker {
    fn selector(&mut self, selector: &VectorSelector) {
        let Some(name) = &selector.name else {
            self.problems.push(format!("{selector} names no metric"));
            return;
        };
        let Some(series) = series(name) else {
            self.problems.push(format!("{name} is not in the catalogue"));
            return;
        };
        for Matcher { name: label, .. } in matchers(selector) {
            if !series.has_label(label) {
                self.problems.push(format!("{name} has no label {label}"));
            }
        }
    }

    fn call(&mut self, call: &Call) {
        let wants_counter = match call.func.name {
            "rate" | "increase" | "irate" | "resets" => true,
            "delta" | "idelta" | "deriv" | "predict_linear" => false,
            "histogram_quantile" => return self.quantile(call),
            _ => return,
        };
        let Some(first) = call.args.args.first() else {
            return;
        };
        if wants_counter && !matches!(**first, Expr::MatrixSelector(_)) {
            self.problems
                .push(format!("{call}: only a series itself has a {}", call.func.name));
        }
        // Of what is computed nothing is known; it goes up and down.
        if !matches!(**first, Expr::MatrixSelector(_)) {
            return;
        }
        for found in selected(first) {
            if found.is_counter() != wants_counter {
                self.problems.push(format!(
                    "{}: {} is a {}",
                    call.func.name,
                    found.metric.name,
                    found.metric.kind.as_str()
                ));
            }
        }
    }

    fn quantile(&mut self, call: &Call) {
        let keeps_le = match call.args.args.get(1).map(|argument| &**argument) {
            Some(Expr::Aggregate(aggregate)) => match &aggregate.modifier {
                Some(LabelModifier::Include(labels)) => labels.labels.iter().any(|label| label == "le"),
                _ => false,
            },
            _ => false,
        };
        if !keeps_le {
            self.problems
                .push(format!("{call}: the buckets are not summed by le"));
        }
    }

    /// The labels that `by` and `on` name.
    fn labels(&mut self, modifier: Option<&LabelModifier>, below: &Expr) {
        let Some(LabelModifier::Include(labels)) = modifier else {
            return;
        };
        let below = selected(below);
        for label in &labels.labels {
            if !below.is_empty() && !below.iter().any(|series| series.has_label(label)) {
                self.problems
                    .push(format!("nothing has the label {label} that is grouped by"));
            }
        }
    }
}

fn matchers(selector: &VectorSelector) -> impl Iterator<Item = &Matcher> {
    let alternatives = selector.matchers.or_matchers.iter().flatten();
    selector.matchers.matchers.iter().chain(alternatives)
}

fn selected(expr: &Expr) -> Vec<Series> {
    let selectors = selectors(expr).into_iter();
    selectors.filter_map(|selector| series(&selector.name?)).collect()
}

fn selectors(expr: &Expr) -> Vec<VectorSelector> {
    struct Found(Vec<VectorSelector>);
    impl ExprVisitor for Found {
        type Error = Infallible;
        fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Infallible> {
            match expr {
                Expr::VectorSelector(selector) => self.0.push(selector.clone()),
                Expr::MatrixSelector(matrix) => self.0.push(matrix.vs.clone()),
                _ => {}
            }
            Ok(true)
        }
    }
    let mut found = Found(Vec::new());
    let Ok(_all) = walk_expr(&mut found, expr);
    found.0
}
