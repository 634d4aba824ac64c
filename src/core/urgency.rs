//! Which of several alerts comes first: what pages before what is held, then the severity, the deadline and
//! the money.

use crate::core::alert::{Alert, AlertState};
use crate::core::event::Severity;
use crate::core::exchange::Exchange;
use crate::core::id::AlertId;
use crate::core::money::Money;
use jiff::Timestamp;
use std::cmp::Reverse;

/// What is compared of money: converted sums first, then each currency apart, then nothing at risk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    Converted(Reverse<i64>),
    Own(String, Reverse<i64>),
    Nothing,
}

pub fn worth(exchange: Option<&Exchange>, sums: &[Money]) -> Worth {
    match (exchange.and_then(|exchange| exchange.worth(sums)), sums.first()) {
        (Some(worth), _) => Worth::Converted(Reverse(worth.cents)),
        (None, Some(first)) => Worth::Own(first.currency.raw().to_owned(), Reverse(first.cents)),
        (None, None) => Worth::Nothing,
    }
}

/// What is compared of an alert; the most urgent has the least of it, and no two have the same.
pub type Rank = (u8, Reverse<Severity>, i64, Worth, AlertId);

pub fn rank(alert: &Alert, exchange: Option<&Exchange>) -> Rank {
    let state = match alert.state {
        AlertState::Open if alert.cleared_at.is_none() => 0,
        AlertState::Acknowledged if alert.cleared_at.is_none() => 1,
        AlertState::Snoozed => 2,
        _ => 3,
    };
    let deadline = alert.deadline.map_or(i64::MAX, Timestamp::as_second);
    (state, Reverse(alert.severity), deadline, worth(exchange, &alert.at_risk), alert.id)
}
