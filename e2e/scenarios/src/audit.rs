//! Who wrote what and when, by the API server's own audit log: the one clock that all writers share.

use std::io::{BufRead, BufReader};

use jiff::Timestamp;
use serde_json::Value;

use crate::{Result, env};

/// One write that the API server took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// When the request came in.
    pub received: Timestamp,
    /// When it was answered.
    pub answered: Timestamp,
    /// The process that sent it, as its User-Agent says in parentheses.
    pub identity: String,
    /// Plural of the kind.
    pub resource: String,
    /// Name of the object.
    pub name: String,
    /// Of a Lease: who holds it after this write; empty for nobody.
    pub holder: Option<String>,
}

/// All writes of operators in one namespace, in the order in which they came in.
pub fn writes(namespace: &str) -> Result<Vec<Write>> {
    let log = std::fs::File::open(env::required("TODO_TEST_AUDIT")?)?;
    let mut writes = Vec::new();
    for line in BufReader::new(log).lines() {
        writes.extend(parse(&line?, namespace));
    }
    writes.sort_by_key(|write: &Write| write.received);
    Ok(writes)
}

fn parse(line: &str, namespace: &str) -> Option<Write> {
    let entry: Value = serde_json::from_str(line).ok()?;
    let object = &entry["objectRef"];
    let code = entry["responseStatus"]["code"].as_u64()?;
    if object["namespace"] != *namespace || code >= 300 {
        return None;
    }
    let agent = entry["userAgent"]
        .as_str()?
        .strip_prefix("todoplatform-operator/")?;
    let identity = agent.split_once('(')?.1.split_once(')')?.0;
    let resource = object["resource"].as_str()?;
    let holder = &entry["responseObject"]["spec"]["holderIdentity"];
    let time = |key: &str| entry[key].as_str()?.parse().ok();
    Some(Write {
        received: time("requestReceivedTimestamp")?,
        answered: time("stageTimestamp")?,
        identity: identity.to_owned(),
        resource: resource.to_owned(),
        name: object["name"].as_str().unwrap_or_default().to_owned(),
        holder: (resource == "leases").then(|| holder.as_str().unwrap_or_default().to_owned()),
    })
}

/// Writes of a process that did not hold the Lease: those that came in before its claim was taken, or after another's
/// was.
pub fn without_claim(writes: &[Write]) -> Vec<String> {
    let leases: Vec<&Write> = writes.iter().filter(|write| write.holder.is_some()).collect();
    let children = writes.iter().filter(|write| write.holder.is_none());
    children
        .filter(|write| {
            let holder = leases
                .iter()
                .filter(|lease| lease.received <= write.received)
                .filter_map(|lease| lease.holder.as_ref())
                .next_back();
            holder != Some(&write.identity)
        })
        .map(|write| {
            format!(
                "{} {}/{} by {}",
                write.received, write.resource, write.name, write.identity
            )
        })
        .collect()
}

/// The holders of the Lease one after another, without repetition; an empty name is nobody.
pub fn holders(writes: &[Write]) -> Vec<String> {
    let mut holders: Vec<String> = writes.iter().filter_map(|write| write.holder.clone()).collect();
    holders.dedup();
    holders
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(second: u32, identity: &str, resource: &str, holder: Option<&str>) -> String {
        let time = format!("2030-01-01T00:00:{second:02}.000000Z");
        json!({
            "requestReceivedTimestamp": time, "stageTimestamp": time,
            "userAgent": format!("todoplatform-operator/1.0 ({identity})"),
            "objectRef": {"namespace": "shop", "resource": resource, "name": "x"},
            "responseStatus": {"code": 200},
            "responseObject": {"spec": {"holderIdentity": holder}},
        })
        .to_string()
    }

    fn parsed(lines: &[String]) -> Vec<Write> {
        lines.iter().filter_map(|line| parse(line, "shop")).collect()
    }

    #[test]
    fn a_write_after_anothers_claim_is_found() {
        let mut lines = vec![
            line(1, "a", "leases", Some("a")),
            line(2, "a", "services", None),
            line(3, "a", "leases", None),
            line(4, "b", "leases", Some("b")),
            line(5, "b", "services", None),
        ];
        let writes = parsed(&lines);
        assert_eq!(without_claim(&writes), Vec::<String>::new());
        assert_eq!(holders(&writes), ["a", "", "b"]);
        lines.push(line(6, "a", "services", None));
        let found = without_claim(&parsed(&lines));
        assert!(found.len() == 1 && found[0].contains("by a"), "{found:?}");
        let early = parsed(&[line(1, "a", "services", None)]);
        assert_eq!(without_claim(&early).len(), 1, "before any claim");
    }

    #[test]
    fn other_namespaces_other_writers_and_refused_writes_do_not_count() {
        assert_eq!(parse(&line(1, "a", "leases", Some("a")), "lab"), None);
        let refused = line(1, "a", "services", None).replace("200", "409");
        assert_eq!(parse(&refused, "shop"), None);
        let kubectl = line(1, "a", "services", None).replace("todoplatform-operator", "kubectl");
        assert_eq!(parse(&kubectl, "shop"), None);
    }
}
