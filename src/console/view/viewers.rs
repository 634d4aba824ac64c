//! Who else has to do with an alert at this moment: who looks at it, and who is asked to take it over.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::Model;
use crate::console::others;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans, cells};
use crate::core::alert::Alert;

/// What the count of an alert of several takes beside its title.
const COUNT: u16 = 5;

/// `@` where somebody else looks at the alert, and their name where the title leaves room.
pub fn on_row(
    canvas: &mut Canvas<'_>,
    model: &Model,
    desk: &Desk,
    alert: &Alert,
    sign: u16,
    (x, width): (u16, u16),
    y: u16,
) {
    let mut names = others::viewers(model, desk, alert.id).map(|viewer| others::name(desk, viewer));
    let Some(first) = names.next() else { return };
    canvas.put(sign, y, 1, "@", Meaning::Accent);
    let said = match names.count() {
        0 => format!("@{first}"),
        more => format!("@{first} +{more}"),
    };
    let count = if alert.members.len() > 1 { COUNT } else { 0 };
    let used = cells(alert.title.printable().as_str()) + count;
    if used + 2 + cells(&said) <= width {
        canvas.put_right(x, y, width, &said, Meaning::Accent);
    }
}

/// `Roth looks at it`, and to whom it is handed over.
pub fn beside_holder(model: &Model, desk: &Desk, alert: &Alert) -> Vec<Spans> {
    let offered = alert.offered.as_ref().map(|offer| {
        let (by, to) = (desk.short_name(&offer.by), desk.short_name(&offer.to));
        let verb = if by == "you" { "hand" } else { "hands" };
        let at = clock::when(model.now, offer.at, &desk.zone());
        format!("{by} {verb} it over to {to} since {at}, not taken yet")
    });
    let said = offered.into_iter().chain(others::looking(model, desk, alert.id));
    said.map(|said| vec![(said, Meaning::Accent)]).collect()
}
