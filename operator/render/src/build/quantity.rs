//! Amounts of CPU and memory as Kubernetes writes them itself, so that what is applied is what is read back.

use std::collections::BTreeMap;

use k8s_openapi::{api::core::v1::ResourceRequirements, apimachinery::pkg::api::resource::Quantity};

use crate::validated::ContainerResources;

const SUFFIXES: [&str; 5] = ["", "Ki", "Mi", "Gi", "Ti"];

/// Bytes of a memory amount (`128Mi`); 0 for what is none.
pub(crate) fn bytes(amount: &str) -> u64 {
    let digits = amount.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let power = SUFFIXES
        .iter()
        .position(|suffix| *suffix == &amount[digits.len()..])
        .unwrap_or(0);
    let number: u64 = digits.parse().unwrap_or(0);
    number.saturating_mul(1024_u64.saturating_pow(u32::try_from(power).unwrap_or(0)))
}

/// A memory amount in the largest binary unit that holds it without a fraction (`1024Mi` is `1Gi`).
pub(crate) fn memory(amount: &str) -> String {
    let mut number = bytes(amount);
    let mut power = 0;
    while number != 0 && number.is_multiple_of(1024) && power + 1 < SUFFIXES.len() {
        number /= 1024;
        power += 1;
    }
    format!("{number}{}", SUFFIXES[power])
}

/// A CPU amount in whole cores or in thousandths (`0.5` is `500m`, `1000m` is `1`).
pub(crate) fn cpu(amount: &str) -> String {
    let thousandths = |text: &str| text.parse::<u64>().unwrap_or(0);
    let milli = if let Some(milli) = amount.strip_suffix('m') {
        thousandths(milli)
    } else {
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
        thousandths(whole)
            .saturating_mul(1000)
            .saturating_add(thousandths(&format!("{fraction:0<3}")))
    };
    if milli.is_multiple_of(1000) {
        (milli / 1000).to_string()
    } else {
        format!("{milli}m")
    }
}

/// A container's resources.
pub(crate) fn requirements(resources: &ContainerResources) -> ResourceRequirements {
    let mut limits = BTreeMap::from([("memory".to_owned(), Quantity(memory(&resources.memory_limit)))]);
    if let Some(limit) = &resources.cpu_limit {
        limits.insert("cpu".into(), Quantity(cpu(limit)));
    }
    ResourceRequirements {
        requests: Some(BTreeMap::from([
            ("cpu".into(), Quantity(cpu(&resources.cpu_request))),
            ("memory".into(), Quantity(memory(&resources.memory_request))),
        ])),
        limits: Some(limits),
        claims: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_the_server_writes_them() {
        for (amount, canonical) in [
            ("1024Mi", "1Gi"),
            ("128Mi", "128Mi"),
            ("1536Mi", "1536Mi"),
            ("2048Ki", "2Mi"),
            ("1024Gi", "1Ti"),
        ] {
            assert_eq!(memory(amount), canonical);
        }
        for (amount, canonical) in [
            ("0.5", "500m"),
            ("1000m", "1"),
            ("2", "2"),
            ("1.25", "1250m"),
            ("0.001", "1m"),
            ("10m", "10m"),
        ] {
            assert_eq!(cpu(amount), canonical);
        }
    }

    #[test]
    fn memory_amounts_are_bytes() {
        assert_eq!(bytes("1Ki"), 1024);
        assert_eq!(bytes("256Mi"), 268_435_456);
        assert_eq!(bytes("17"), 17);
    }
}
