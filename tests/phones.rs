//! Phone numbers as contacts' records bring them come out in E.164, or are refused: never as another number.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use nightdesk::core::contact::Phone;
use nightdesk::core::sync::reading::addresses;
use serde_json::json;

const NUMBERS: &str = include_str!("data/phones.tsv");

/// What a contact's record makes of it, by the way that contacts come in.
fn read(typed: &str) -> Result<String, String> {
    let mut notes = Vec::new();
    let read: Option<Vec<Phone>> = addresses(&json!([typed]), "phones", &mut notes);
    match read.unwrap_or_default().as_slice() {
        [phone] => Ok(phone.to_string()),
        _ => Err(notes.iter().map(|note| note.to_string()).collect::<Vec<_>>().join("; ")),
    }
}

#[test]
fn every_countrys_numbers_come_out_in_e164_and_impossible_ones_are_refused() {
    let lines = NUMBERS.lines().filter(|line| !line.starts_with('#'));
    let mut refused = false;
    let (mut taken, mut left, mut wrong) = (0, 0, Vec::new());
    for line in lines {
        if line == "refused" {
            refused = true;
            continue;
        }
        let fields: Vec<&str> = line.split('\t').collect();
        let (of, e164, forms) = (fields[0], fields[1], &fields[2..]);
        let mut expect = |typed: &str, wanted: Option<&str>| {
            let got = read(typed);
            match (&got, wanted) {
                (Ok(got), Some(wanted)) if got == wanted => taken += 1,
                (Err(why), None) if !why.is_empty() => left += 1,
                _ => wrong.push(format!("{of}: {typed:?} became {got:?}, wanted {wanted:?}")),
            }
        };
        if refused {
            expect(e164, None);
            continue;
        }
        let [international, rfc3966, national] = forms else { panic!("{line}") };
        for typed in [e164, *international, *rfc3966] {
            expect(typed, Some(e164));
        }
        expect(national, None);
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), taken + left, wrong.join("\n"));
    assert!(taken > 2_800 && left > 1_200, "{taken} taken, {left} refused: the list is not whole");
}
