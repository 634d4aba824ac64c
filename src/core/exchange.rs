//! What sums of other currencies are worth in one. Nothing is converted but by the table that the
//! configuration gives: without one, or without a rate, currencies are compared only with themselves.

use crate::core::money::Money;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A table of rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// The currency that others are told in (ISO 4217).
    pub into: String,
    /// What one unit of a currency is worth in `into`.
    pub rates: BTreeMap<String, f64>,
    /// The day whose rates they are.
    pub as_of: Date,
}

impl Exchange {
    /// All sums together; `None` where a currency has no rate, or there is no sum.
    pub fn worth(&self, sums: &[Money]) -> Option<Money> {
        let cents = sums.iter().try_fold(0i64, |all, sum| {
            let rate = match sum.currency.raw() {
                same if same == self.into => 1.0,
                other => *self.rates.get(other)?,
            };
            // Sums that matter here are far from where an f64 is no longer exact to the cent.
            Some(all.saturating_add((sum.cents as f64 * rate).round() as i64))
        })?;
        (!sums.is_empty()).then(|| Money { cents, currency: self.into.as_str().into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_converted_by_the_table_and_never_guessed() {
        let exchange = Exchange {
            into: "EUR".to_owned(),
            rates: BTreeMap::from([("USD".to_owned(), 0.5)]),
            as_of: "2026-11-01".parse().unwrap(),
        };
        let money = |cents, currency: &str| Money { cents, currency: currency.into() };
        let both = [money(1000, "EUR"), money(3000, "USD")];
        assert_eq!(exchange.worth(&both), Some(money(2500, "EUR")));
        assert_eq!(exchange.worth(&[money(1000, "EUR"), money(1, "SEK")]), None);
        assert_eq!(exchange.worth(&[]), None);
    }
}
