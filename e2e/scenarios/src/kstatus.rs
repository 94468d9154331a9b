//! What the library by which Flux and Helm wait makes of an object. The library itself, in a small program.

use serde_json::Value;

use crate::{Result, command, env};

/// The word of the library for each object: `InProgress`, `Current`, `Failed`, `Terminating`.
pub async fn of(objects: &[Value]) -> Result<Vec<String>> {
    let lines: Vec<_> = objects.iter().map(Value::to_string).collect();
    let program = env::required("TODO_TEST_KSTATUS")?;
    let printed = command::ok(&program, &[], Some(&(lines.join("\n") + "\n"))).await?;
    let words: Vec<_> = printed
        .lines()
        .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
        .collect();
    if words.len() == objects.len() {
        Ok(words)
    } else {
        Err(format!("{} answers for {} objects: {printed}", words.len(), objects.len()).into())
    }
}
