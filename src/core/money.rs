//! Amounts at risk: exact in hundredths, never added across currencies.

use crate::core::text::Untrusted;
use serde::{Deserialize, Serialize};

/// An amount of one currency (ISO 4217 code as the community gave it).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Money {
    /// Hundredths of the currency's unit.
    pub cents: i64,
    pub currency: Untrusted,
}

/// The shape of an amount in JSON, the same as in community events.
#[derive(Serialize, Deserialize)]
struct Written {
    value: f64,
    currency: Untrusted,
}

impl From<Money> for Written {
    fn from(money: Money) -> Self {
        Self { value: money.cents as f64 / 100.0, currency: money.currency }
    }
}

impl From<Written> for Money {
    fn from(written: Written) -> Self {
        Self { cents: (written.value * 100.0).round() as i64, currency: written.currency }
    }
}

/// How a language writes a sum.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoneyFormat {
    /// Between thousands.
    pub group: String,
    /// Before the cents.
    pub decimal: String,
    pub symbol: SymbolPlace,
}

/// Where the currency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SymbolPlace {
    Before,
    After,
}

impl Default for MoneyFormat {
    fn default() -> Self {
        Self { group: ",".to_owned(), decimal: ".".to_owned(), symbol: SymbolPlace::Before }
    }
}

impl Money {
    /// `€3.4k`, `€84k`, `€1.2M`, `SEK310k`: what fits a narrow column and one SMS.
    pub fn short(&self) -> String {
        let units = self.cents / 100;
        let number = match units.unsigned_abs() {
            0..=999 => units.to_string(),
            1_000..=9_949 if (units + 50) / 100 % 10 != 0 => format!("{:.1}k", units as f64 / 1e3),
            1_000..=9_999 => format!("{}k", (units + 50) / 1_000),
            10_000..=999_499 => format!("{}k", (units + 500) / 1_000),
            999_500..=9_949_999 => format!("{:.1}M", units as f64 / 1e6),
            _ => format!("{}M", (units + 500_000) / 1_000_000),
        };
        self.with_symbol(&number, "")
    }

    /// `€84,200` or `€84,200.50`: for the detail, as the desk's screens show it.
    pub fn long(&self) -> String {
        self.written(&MoneyFormat::default())
    }

    /// The whole sum, as a language writes it.
    pub fn written(&self, format: &MoneyFormat) -> String {
        let (units, cents) = (self.cents / 100, (self.cents % 100).unsigned_abs());
        let digits = units.unsigned_abs().to_string();
        let mut grouped = String::new();
        for (i, d) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                grouped.push_str(&format.group);
            }
            grouped.push(d);
        }
        let sign = if self.cents < 0 { "-" } else { "" };
        let cents = if cents == 0 { String::new() } else { format!("{}{cents:02}", format.decimal) };
        let number = format!("{sign}{grouped}{cents}");
        match format.symbol {
            SymbolPlace::Before => self.with_symbol(&number, " "),
            SymbolPlace::After => format!("{number} {}", self.symbol()),
        }
    }

    fn with_symbol(&self, number: &str, gap: &str) -> String {
        let symbol = self.symbol();
        match symbol.as_str() {
            "€" | "$" | "£" => format!("{symbol}{number}"),
            _ => format!("{symbol}{gap}{number}"),
        }
    }

    /// `€`, or the currency's code.
    fn symbol(&self) -> String {
        match self.currency.raw() {
            "EUR" => "€".to_owned(),
            "USD" => "$".to_owned(),
            "GBP" => "£".to_owned(),
            _ => self.currency.printable().as_str().chars().take(4).collect(),
        }
    }

    /// Adds `more` to the sum of its own currency.
    pub fn add_to(sums: &mut Vec<Money>, more: &Money) {
        match sums.iter_mut().find(|sum| sum.currency == more.currency) {
            Some(sum) => sum.cents = sum.cents.saturating_add(more.cents),
            None => sums.push(more.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(cents: i64) -> Money {
        Money { cents, currency: "EUR".into() }
    }

    #[test]
    fn amounts_are_short_in_columns_and_exact_in_detail() {
        assert_eq!(eur(8_420_000).short(), "€84k");
        assert_eq!(eur(120_000_000).short(), "€1.2M");
        assert_eq!(eur(95_000).short(), "€950");
        assert_eq!(eur(342_000).short(), "€3.4k");
        assert_eq!(eur(900_000).short(), "€9k");
        assert_eq!(eur(999_900).short(), "€10k");
        assert_eq!(eur(8_420_050).long(), "€84,200.50");
        assert_eq!(Money { cents: 31_000, currency: "SEK".into() }.long(), "SEK 310");
    }
}
