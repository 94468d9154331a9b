//! The statements that the task service sends, as PostgreSQL logged them: pgbench gets the very same.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::database::Database;
use super::load::Kind;
use super::servers::{Server, Servers};
use crate::dirs;
use crate::wait;

/// An id of one of the tasks that are there, in pgbench's language.
const SOME_TASK: &str = "('00000000-0000-7000-8000-' || lpad(:n::text, 12, '0'))::uuid";
const NEW_ID: &str = "gen_random_uuid()";
/// The end of the list, as the column's default makes it: no two tasks stand in one place.
const NEW_PLACE: &str = "position_at(clock_timestamp(), replace(gen_random_uuid()::text, '-', ''))";

/// One for each kind.
#[derive(Debug)]
pub(super) struct Statements(BTreeMap<Kind, String>);

impl Statements {
    pub(super) fn of(&self, kind: Kind) -> &str {
        &self.0[&kind]
    }
}

/// A line of the server's log.
#[derive(Debug, Deserialize)]
struct Record {
    message: Option<String>,
    detail: Option<String>,
}

/// Makes one request of each kind and takes the statement that came of it.
pub(super) fn recorded(database: &Database, servers: &Servers) -> Result<Statements> {
    let ask = |method: &str, path: &str, body: &str, status: u16| -> Result<()> {
        let answered = servers.request(Server::Task, method, path, body)?;
        ensure!(answered == status, "{method} {path} was answered {answered}");
        Ok(())
    };
    log_statements(database, true)?;
    ask(
        "POST",
        "/v1/tasks",
        r#"{"title": "Task 0", "priority": "high"}"#,
        201,
    )?;
    let id = database.execute("select id from task")?;
    let place = database.execute("select position from task")?;
    ask("GET", &format!("/v1/tasks/{id}"), "", 200)?;
    ask("GET", "/v1/tasks?limit=50", "", 200)?;
    log_statements(database, false)?;
    let records = records(&dirs::read(&database.log())?)?;
    let find = |kind: Kind, mark: &str, stand_in: &dyn Fn(&str) -> Option<&'static str>| {
        let (statement, values) = records
            .iter()
            .find(|(statement, _)| statement.contains(mark))
            .with_context(|| format!("no statement for {} in the server's log", kind.title()))?;
        anyhow::Ok((kind, filled(statement, values, stand_in)))
    };
    let found = [
        find(Kind::Write, "insert into task (", &|value| match value {
            value if is_id(value) => Some(NEW_ID),
            value => (value == place).then_some(NEW_PLACE),
        })?,
        find(Kind::Read, "where task.id = $2", &|value| {
            (value == id).then_some(SOME_TASK)
        })?,
        find(Kind::List, "where space = space_of($1, $2)", &|_| None)?,
    ];
    Ok(Statements(found.into()))
}

fn log_statements(database: &Database, on: bool) -> Result<()> {
    let least = if on { "0" } else { "-1" };
    database.execute(&format!("alter system set log_min_duration_statement = {least}"))?;
    database.execute("select pg_reload_conf()")?;
    // The setting reaches a session with its next statement, so the log says when it counts.
    let logged = || database.log().metadata().map_or(0, |it| it.len());
    wait::until("the setting counts", Duration::from_secs(10), || {
        let before = logged();
        database.execute("select 1")?;
        Ok((logged() > before) == on)
    })
}

/// The statements in a log, each with the values of its parameters.
fn records(log: &str) -> Result<Vec<(String, Vec<Option<String>>)>> {
    let mut found = Vec::new();
    for line in log.lines() {
        let Record { message, detail } = serde_json::from_str(line).context("a line of the server's log")?;
        let Some(statement) = message.as_deref().and_then(statement) else {
            continue;
        };
        let detail = detail.unwrap_or_default();
        let list = detail.split_once(": ").map_or("", |(_, list)| list);
        found.push((statement.to_owned(), values(list)));
    }
    Ok(found)
}

/// `duration: 0.1 ms  execute name: select 1` -> `select 1`.
fn statement(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("  execute ")?;
    Some(rest.split_once(": ")?.1)
}

/// `$1 = 'it''s', $2 = NULL` -> `it's` and nothing.
fn values(list: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = list;
    while let Some((_, value)) = rest.split_once(" = ") {
        let Some(quoted) = value.strip_prefix('\'') else {
            values.push(None);
            rest = value.split_once(", ").map_or("", |(_, rest)| rest);
            continue;
        };
        let mut text = String::new();
        let mut characters = quoted.char_indices().peekable();
        let mut end = quoted.len();
        while let Some((at, character)) = characters.next() {
            match (character, characters.peek()) {
                ('\'', Some((_, '\''))) => {
                    characters.next();
                    text.push('\'');
                }
                ('\'', _) => {
                    end = at + 1;
                    break;
                }
                (other, _) => text.push(other),
            }
        }
        values.push(Some(text));
        rest = &quoted[end..];
    }
    values
}

/// The statement with its values in place of the parameters; what is different each time has a stand-in.
fn filled(
    statement: &str,
    values: &[Option<String>],
    stand_in: impl Fn(&str) -> Option<&'static str>,
) -> String {
    // The last first, so that $1 is not found in $12.
    values
        .iter()
        .enumerate()
        .rev()
        .fold(statement.to_owned(), |text, (index, value)| {
            let literal = match value {
                None => "null".to_owned(),
                Some(value) => stand_in(value).map_or_else(|| quoted(value), str::to_owned),
            };
            text.replace(&format!("${}", index + 1), &literal)
        })
}

/// pgbench takes a word after a colon for a variable, in quotes too; JSON and times have some.
fn quoted(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('\'', "''");
    format!("E'{}'", value.replace(':', "\\x3a"))
}

fn is_id(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_taken_from_the_log() {
        let id = "01900000-0000-7000-8000-000000000001";
        let log = serde_json::json!({
            "message": "duration: 0.077 ms  execute sqlx_s_1: select $1, $2, $10",
            "detail": format!("parameters: $1 = '{id}', $2 = NULL, $3 = 'it''s, $4 = ''x'''"),
        });
        let [(statement, values)] = records(&log.to_string()).unwrap().try_into().unwrap();
        assert_eq!(
            values,
            [Some(id.to_owned()), None, Some("it's, $4 = 'x'".to_owned())]
        );
        let new = |value: &str| is_id(value).then_some("new()");
        assert_eq!(filled(&statement, &values, new), "select new(), null, new()0");
        let time = [Some("12:00 o'clock".to_owned())];
        assert_eq!(filled("select $1", &time, new), "select E'12\\x3a00 o''clock'");
    }

    #[test]
    fn other_lines_are_none() {
        let log = r#"{"message": "database system is ready"}"#;
        assert_eq!(records(log).unwrap(), []);
    }
}
