//! Decimals without the noise of binary fractions.

/// `number` over ten to the power of `digits`, without zeros at the end.
pub(crate) fn decimal(number: u64, digits: usize) -> String {
    let text = format!("{number:0>width$}", width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_no_more_digits_than_they_need() {
        assert_eq!(decimal(300, 3), "0.3");
        assert_eq!(decimal(30_000, 3), "30");
        assert_eq!(decimal(2, 3), "0.002");
        assert_eq!(decimal(14_400, 6), "0.0144");
        assert_eq!(decimal(0, 3), "0");
    }
}
