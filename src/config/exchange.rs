//! `[exchange]`: rates by which amounts at risk of different currencies are put in one order.

use super::check::Check;
use super::file::Text;
use crate::core::exchange::Exchange;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeTable {
    pub into: Text,
    pub as_of: Text,
    pub rates: BTreeMap<String, Spanned<f64>>,
}

/// An ISO 4217 code as the community writes it.
fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase())
}

impl Check<'_> {
    pub(super) fn exchange(&mut self, table: ExchangeTable) -> Option<Exchange> {
        const CODE: &str = "a currency is three capital letters, such as \"EUR\"";
        let as_of: Option<Date> = table.as_of.get_ref().parse().ok();
        if as_of.is_none() {
            self.wrong(
                table.as_of.span(),
                "`as_of` is the day whose rates these are, such as \"2026-11-02\"",
            );
        }
        if !is_currency(table.into.get_ref()) {
            self.wrong(table.into.span(), CODE);
        }
        let mut rates = BTreeMap::new();
        for (code, rate) in table.rates {
            let (worth, into) = (*rate.get_ref(), table.into.get_ref());
            if !is_currency(&code) {
                self.wrong(rate.span(), CODE);
            } else if code == *into {
                self.wrong(rate.span(), "this is the currency that the others are told in; it needs no rate");
            } else if !(worth.is_finite() && worth > 0.0) {
                self.wrong(rate.span(), format!("a rate is what one {code} is worth in {into}"));
            }
            rates.insert(code, worth);
        }
        Some(Exchange { into: table.into.into_inner(), rates, as_of: as_of? })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{DEFAULT, parse};
    use std::path::Path;

    fn with(table: &str) -> Result<crate::config::Settings, String> {
        let text = format!("{DEFAULT}\n[exchange]\n{table}\n");
        parse(&text, Path::new("config.toml")).map_err(|why| why.to_string())
    }

    #[test]
    fn rates_are_read_and_whatever_is_no_rate_is_refused_with_its_line() {
        let good = with("into = \"EUR\"\nas_of = \"2026-11-02\"\nrates = { USD = 0.92 }").unwrap();
        let exchange = good.exchange.unwrap();
        assert_eq!((exchange.into.as_str(), exchange.rates["USD"]), ("EUR", 0.92));
        for (table, said) in [
            ("into = \"eur\"\nas_of = \"2026-11-02\"\nrates = {}", "three capital letters"),
            ("into = \"EUR\"\nas_of = \"today\"\nrates = {}", "the day whose rates"),
            ("into = \"EUR\"\nas_of = \"2026-11-02\"\nrates = { EUR = 1.0 }", "needs no rate"),
            ("into = \"EUR\"\nas_of = \"2026-11-02\"\nrates = { USD = 0.0 }", "what one USD is worth in EUR"),
            ("into = \"EUR\"\nas_of = \"2026-11-02\"\nrates = { dollar = 1.0 }", "three capital letters"),
        ] {
            let why = with(table).unwrap_err();
            assert!(why.contains(said), "{table}: {why}");
        }
    }
}
