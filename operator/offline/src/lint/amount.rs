//! Kubernetes quantities as numbers, for comparing. What is no quantity is refused by the schema before.

/// Bytes of `128Mi` or `4Ki`.
pub(super) fn bytes(text: &str) -> Option<u128> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let factor: u128 = match unit {
        "" => 1,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    number.parse::<u128>().ok()?.checked_mul(factor)
}

/// Thousandths of a core of `100m`, `2` or `0.5`.
pub(super) fn millicores(text: &str) -> Option<u128> {
    if let Some(number) = text.strip_suffix('m') {
        return number.parse().ok();
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let thousandths: u128 = format!("{part:0<3}").get(..3)?.parse().ok()?;
    whole
        .parse::<u128>()
        .ok()?
        .checked_mul(1000)?
        .checked_add(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_numbers() {
        for (text, expected) in [
            ("4Ki", Some(4096)),
            ("1Gi", Some(1 << 30)),
            ("7", Some(7)),
            ("4MB", None),
            ("340282366920938463463374607431768211455Ti", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
        for (text, expected) in [
            ("100m", Some(100)),
            ("2", Some(2000)),
            ("0.5", Some(500)),
            ("1.25", Some(1250)),
            ("x", None),
        ] {
            assert_eq!(millicores(text), expected, "{text}");
        }
    }
}
