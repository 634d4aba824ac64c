//! Two sides that edit at will, with everything between them that can go wrong: notices lost,
//! repeated and late, exchanges cut off at any point, writes that land after they were given up.

use super::*;
use crate::core::contact::{Medium, QuietHours};
use proptest::prelude::*;

fn contact() -> Contact {
    let mut contact = blank_contact("c1".into(), at(0));
    contact.name = "Ana".into();
    contact
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn link() -> Link {
    Link::new("c1".into(), Side::Community, at(0))
}

fn said(fields: Vec<ContactField>) -> Stated {
    Stated { partner_id: None, fields }
}

/// The other side has the same of it.
fn agree(contact: &mut Contact, link: &mut Link) {
    let same = said(synced_fields(contact));
    assert_eq!(merge(contact, link, &same, at(1)), Merged::default());
}

fn name(text: &str) -> ContactField {
    ContactField::Name(text.into())
}

fn out(media: &[Medium]) -> ContactField {
    ContactField::OptedOut(media.iter().copied().collect())
}

fn phones(number: &str) -> ContactField {
    ContactField::Phones(vec![number.parse().unwrap()])
}

#[test]
fn each_field_goes_the_way_of_its_only_edit_and_two_edits_are_a_conflict() {
    let (mut contact, mut link) = (contact(), link());
    agree(&mut contact, &mut link);
    contact.set(phones("+4915123456701"));
    contact.set(name("Ana Maria"));
    let theirs = said(vec![name("Anna"), phones("+4915123456702"), ContactField::Locale(Some("es".into()))]);
    let theirs_name_only =
        said(vec![ContactField::Locale(Some("es".into())), name("Ana"), phones("+4915123456702")]);
    let merged = merge(&mut contact, &mut link, &theirs_name_only, at(2));
    assert_eq!((merged.taken, merged.disputed), (vec!["locale"], vec!["phones"]));
    assert_eq!(to_give(&contact, &link), [name("Ana Maria")]);
    let merged = merge(&mut contact, &mut link, &theirs, at(3));
    assert_eq!(merged.disputed, ["name"]);
    assert_eq!(to_give(&contact, &link), []);
    assert_eq!(contact.name.raw(), "Ana Maria", "neither side is written over");
}

#[test]
fn a_resolved_conflict_stays_resolved_whichever_value_was_kept() {
    for keep in [Keep::Mine, Keep::Theirs] {
        let (mut contact, mut link) = (contact(), link());
        let theirs = said(vec![name("Anna")]);
        merge(&mut contact, &mut link, &theirs, at(1));
        assert_eq!(link.conflicts.len(), 1);
        assert!(resolve(&mut contact, &mut link, "name", keep, at(2)).is_some());
        let merged = merge(&mut contact, &mut link, &theirs, at(3));
        assert_eq!((merged, link.conflicts.len()), (Merged::default(), 0));
        let give = to_give(&contact, &link);
        assert_eq!(give, if keep == Keep::Mine { vec![name("Ana")] } else { vec![] });
        assert_eq!(resolve(&mut contact, &mut link, "name", keep, at(4)), None);
    }
}

#[test]
fn an_opt_out_goes_first_and_alone_and_no_side_can_take_it_back() {
    let (mut contact, mut link) = (contact(), link());
    agree(&mut contact, &mut link);
    contact.set(name("Ana Maria"));
    contact.set(out(&[Medium::Sms]));
    assert_eq!(to_give(&contact, &link), [out(&[Medium::Sms])]);
    link.taken_there(&[out(&[Medium::Sms])], None);
    assert_eq!(to_give(&contact, &link), [name("Ana Maria")]);
    merge(&mut contact, &mut link, &said(vec![out(&[Medium::Email])]), at(2));
    assert_eq!(to_give(&contact, &link), [out(&Medium::ALL)]);
    assert_eq!(contact.opted_out.len(), 2);
}

#[test]
fn what_the_other_side_does_not_keep_is_given_once_and_not_lost_here() {
    let (mut contact, mut link) = (contact(), link());
    contact.set(ContactField::TimeZone(Some("Europe/Madrid".into())));
    let without = said(vec![name("Ana"), ContactField::TimeZone(None)]);
    merge(&mut contact, &mut link, &without, at(1));
    let give = to_give(&contact, &link);
    assert_eq!(give.len(), 1);
    link.taken_there(&give, Some(&without));
    merge(&mut contact, &mut link, &without, at(2));
    assert_eq!(contact.time_zone, Some("Europe/Madrid".into()));
    assert_eq!(to_give(&contact, &link), []);
    merge(&mut contact, &mut link, &said(vec![ContactField::TimeZone(Some("UTC".into()))]), at(3));
    assert_eq!(contact.time_zone, Some("UTC".into()), "it keeps the field after all");
}

#[test]
fn a_write_whose_answer_was_lost_is_known_again_though_the_value_changed_meanwhile() {
    let (mut contact, mut link) = (contact(), link());
    agree(&mut contact, &mut link);
    contact.set(name("Ana Maria"));
    link.sending(&[name("Ana Maria")], Some(&"1".into()));
    contact.set(name("Ana Luisa"));
    merge(&mut contact, &mut link, &said(vec![name("Ana Maria")]), at(2));
    link.heard_whole(Some(&"2".into()));
    assert_eq!((link.conflicts.len(), link.sent.is_none()), (0, true));
    assert_eq!(to_give(&contact, &link), [name("Ana Luisa")]);
}

#[test]
fn a_declined_value_is_not_given_again_until_it_changes() {
    let (mut contact, mut link) = (contact(), link());
    agree(&mut contact, &mut link);
    contact.set(name("Ana Maria"));
    link.declined(&name("Ana Maria"), "too long");
    assert_eq!(to_give(&contact, &link), []);
    contact.set(name("Ann"));
    assert_eq!(to_give(&contact, &link), [name("Ann")]);
    merge(&mut contact, &mut link, &said(vec![name("Ana")]), at(2));
    assert_eq!(link.declined, []);
}

#[test]
fn versions_are_compared_as_numbers_where_they_are_numbers() {
    assert_eq!(compare_versions("W/\"10\"", "9"), Some(Ordering::Greater));
    assert_eq!(compare_versions("\"7\"", "W/\"7\""), Some(Ordering::Equal));
    assert_eq!(compare_versions("W/\"a1\"", "\"a1\""), Some(Ordering::Equal));
    assert_eq!(compare_versions("a1", "a2"), None);
}

/// The community, as far as one contact goes.
struct There {
    contact: Contact,
    version: u64,
    writes: u32,
}

impl There {
    fn edit(&mut self, field: ContactField) {
        if self.contact.field(&field) != field {
            self.contact.set(field);
            self.version += 1;
        }
    }

    fn version(&self) -> Untrusted {
        Untrusted::new(self.version.to_string())
    }

    /// A PATCH with `If-Match`.
    fn patch(&mut self, on: &Untrusted, values: &[ContactField]) -> bool {
        if *on != self.version() {
            return false;
        }
        self.writes += 1;
        values.iter().for_each(|value| self.contact.set(value.clone()));
        self.version += 1;
        true
    }
}

/// Where an exchange is cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    Nowhere,
    BeforeMerge,
    BeforePatch,
    /// The PATCH lands at once; its answer is lost.
    AfterPatch,
    /// The PATCH is given up, and lands later, if it still may.
    PatchLate,
}

#[derive(Clone, Debug)]
enum Step {
    Here(ContactField),
    There(ContactField),
    /// The community tells of its present state.
    Tell,
    /// A notice that was told arrives, counted from the oldest; it stays and may come again.
    Arrive(usize),
    /// GET, merge, PATCH; with an edit of either side between GET and PATCH.
    Exchange {
        cut: Cut,
        here: Option<ContactField>,
        there: Option<ContactField>,
    },
    /// What was given up lands now.
    Land,
}

struct World {
    here: Contact,
    link: Link,
    there: There,
    told: Vec<(u64, Stated)>,
    late: Vec<(Untrusted, Vec<ContactField>)>,
    out: BTreeSet<Medium>,
    time: i64,
}

impl World {
    fn new() -> Self {
        let there = There { contact: contact(), version: 1, writes: 0 };
        Self {
            here: contact(),
            link: link(),
            there,
            told: Vec::new(),
            late: Vec::new(),
            out: BTreeSet::new(),
            time: 1,
        }
    }

    fn edit_here(&mut self, field: ContactField) {
        // As the command does: an opt-out is only ever added to.
        let field = match field {
            ContactField::OptedOut(media) => {
                self.out.extend(&media);
                ContactField::OptedOut(self.here.opted_out.union(&media).copied().collect())
            }
            other => other,
        };
        self.here.set(field);
    }

    fn edit_there(&mut self, field: ContactField) {
        // The community may well take an opt-out back; here it stays.
        if let ContactField::OptedOut(media) = &field {
            let known: BTreeSet<_> = self.here.opted_out.clone();
            self.out.extend(media.intersection(&known));
        }
        self.there.edit(field);
    }

    fn hear(&mut self, stated: &Stated, version: u64, whole: bool) -> Merged {
        self.time += 1;
        let merged = merge(&mut self.here, &mut self.link, stated, at(self.time));
        self.link.version = Some(version.to_string().into());
        if whole {
            let version = self.link.version.clone();
            self.link.heard_whole(version.as_ref());
        }
        self.out.extend(&self.here.opted_out);
        merged
    }

    /// Returns how much was written on either side.
    fn exchange(&mut self, cut: Cut, here: Option<ContactField>, there: Option<ContactField>) -> u32 {
        let (stated, version) = (said(synced_fields(&self.there.contact)), self.there.version);
        if cut == Cut::BeforeMerge {
            return 0;
        }
        let merged = self.hear(&stated, version, true);
        let values = to_give(&self.here, &self.link);
        let mut written = merged.taken.len() as u32;
        if values.is_empty() {
            return written;
        }
        let on: Untrusted = version.to_string().into();
        self.link.sending(&values, Some(&on));
        here.into_iter().for_each(|field| self.edit_here(field));
        there.into_iter().for_each(|field| self.edit_there(field));
        match cut {
            Cut::BeforePatch => {}
            Cut::PatchLate => self.late.push((on, values)),
            _ => {
                let taken = self.there.patch(&on, &values);
                written += u32::from(taken);
                if taken && cut == Cut::Nowhere {
                    let after = said(synced_fields(&self.there.contact));
                    self.link.taken_there(&values, Some(&after));
                    self.hear(&after, self.there.version, true);
                }
            }
        }
        written
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Here(field) => self.edit_here(field),
            Step::There(field) => self.edit_there(field),
            Step::Tell => self.told.push((self.there.version, said(synced_fields(&self.there.contact)))),
            Step::Arrive(which) => {
                if let Some((version, stated)) = self.told.get(which % self.told.len().max(1)).cloned() {
                    let known = self.link.version.as_ref().map(|v| v.raw().to_owned());
                    let newer = known.is_none_or(|known| {
                        compare_versions(&version.to_string(), &known) == Some(Ordering::Greater)
                    });
                    if newer {
                        self.hear(&stated, version, false);
                    }
                }
            }
            Step::Exchange { cut, here, there } => {
                self.exchange(cut, here, there);
            }
            Step::Land => {
                if let Some((on, values)) = self.late.pop() {
                    self.there.patch(&on, &values);
                }
            }
        }
    }

    /// Exchanges until nothing is written any more; fails if that takes long.
    fn settle(&mut self) -> Result<u32, TestCaseError> {
        let mut written = 0;
        for _ in 0..6 {
            let now = self.exchange(Cut::Nowhere, None, None);
            written += now;
            if now == 0 {
                return Ok(written);
            }
        }
        Err(TestCaseError::fail("it goes on and on"))
    }

    fn check_settled(&mut self) -> Result<(), TestCaseError> {
        prop_assert_eq!(synced_fields(&self.here), synced_fields(&self.there.contact));
        prop_assert_eq!(self.exchange(Cut::Nowhere, None, None), 0, "an echo");
        // Everything that was ever told, once more and in any order, changes nothing.
        for which in (0..self.told.len()).rev() {
            self.step(Step::Arrive(which));
        }
        let writes = self.there.writes;
        prop_assert_eq!(self.settle()?, 0);
        prop_assert_eq!(self.there.writes, writes);
        prop_assert!(self.out.is_subset(&self.here.opted_out), "an opt-out was undone");
        prop_assert!(self.out.is_subset(&self.there.contact.opted_out));
        Ok(())
    }
}

fn hours(text: &str) -> QuietHours {
    text.parse().unwrap()
}

fn field() -> impl Strategy<Value = ContactField> {
    prop_oneof![
        proptest::sample::select(vec!["Ana", "Anna", "Ana Maria"]).prop_map(name),
        proptest::sample::select(vec!["+4915123456701", "+4915123456702"]).prop_map(phones),
        Just(ContactField::Phones(vec![])),
        Just(ContactField::QuietHours(None)),
        Just(ContactField::QuietHours(Some(hours("22:00-07:00")))),
        any::<bool>().prop_map(ContactField::Active),
        proptest::sample::select(vec![vec![], vec![Medium::Sms], vec![Medium::Email]]).prop_map(|m| out(&m)),
    ]
}

fn cut() -> impl Strategy<Value = Cut> {
    proptest::sample::select(vec![
        Cut::Nowhere,
        Cut::Nowhere,
        Cut::BeforeMerge,
        Cut::BeforePatch,
        Cut::AfterPatch,
        Cut::PatchLate,
    ])
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        field().prop_map(Step::Here),
        field().prop_map(Step::There),
        Just(Step::Tell),
        any::<usize>().prop_map(Step::Arrive),
        (cut(), proptest::option::of(field()), proptest::option::of(field()))
            .prop_map(|(cut, here, there)| Step::Exchange { cut, here, there }),
        Just(Step::Land),
    ];
    proptest::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn both_sides_come_to_the_same_whatever_goes_wrong_between_them(
        steps in steps(),
        keep in proptest::collection::vec(any::<bool>(), 12),
    ) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.step(step));
        while !world.late.is_empty() {
            world.step(Step::Land);
        }
        let written = world.settle()?;
        prop_assert!(written <= 24, "{} writes after the last edit", written);
        for keep in keep {
            let Some(conflict) = world.link.conflicts.first().cloned() else { break };
            let keep = if keep { Keep::Mine } else { Keep::Theirs };
            prop_assert!(resolve(&mut world.here, &mut world.link, conflict.mine.name(), keep, at(0)).is_some());
            world.settle()?;
        }
        prop_assert_eq!(&world.link.conflicts, &[]);
        world.check_settled()?;
    }

    /// The desk edits the name and the community the phones: whatever happens between them, both
    /// get the last of each, and nobody is asked to choose.
    #[test]
    fn edits_of_different_fields_are_never_lost(steps in steps()) {
        let mut world = World::new();
        // They have agreed once; before that, two values are two edits.
        world.settle()?;
        let mut last = (name("Ana"), ContactField::Phones(vec![]));
        let of_desk = |field: &ContactField| matches!(field, ContactField::Name(_));
        let of_them = |field: &ContactField| matches!(field, ContactField::Phones(_));
        for step in steps {
            let step = match step {
                Step::Here(field) if !of_desk(&field) => continue,
                Step::There(field) if !of_them(&field) => continue,
                Step::Exchange { cut, here, there } => {
                    Step::Exchange { cut, here: here.filter(of_desk), there: there.filter(of_them) }
                }
                other => other,
            };
            world.step(step);
            prop_assert_eq!(&world.link.conflicts, &[]);
            last.0 = world.here.field(&last.0);
            last.1 = world.there.contact.field(&last.1);
        }
        while !world.late.is_empty() {
            world.step(Step::Land);
        }
        world.settle()?;
        prop_assert_eq!(world.here.field(&last.0), last.0);
        prop_assert_eq!(world.there.contact.field(&last.1), last.1);
        world.check_settled()?;
    }
}

#[test]
fn an_old_spreadsheet_moves_nobody_back_to_the_company_they_left() {
    let of = |partner: &str| Stated { partner_id: Some(partner.into()), fields: Vec::new() };
    let mut contact = contact();
    let mut sheet = Link::new("c1".into(), Side::Sheet("people".into()), at(0));
    merge(&mut contact, &mut sheet, &of("acme"), at(1));
    assert_eq!(contact.partner_id, Some("acme".into()), "a contact of nobody's is whose the sheet says");
    merge(&mut contact, &mut link(), &of("borg"), at(2));
    assert_eq!(contact.partner_id, Some("borg".into()));
    merge(&mut contact, &mut sheet, &of("acme"), at(3));
    assert_eq!(contact.partner_id, Some("borg".into()));
}

#[test]
fn what_the_configuration_made_up_gives_way_and_what_an_operator_wrote_does_not() {
    let (mut contact, mut link) = (contact(), link());
    contact.set(phones("+4915123456701"));
    contact.set(ContactField::Locale(Some("de".into())));
    contact.set(out(&[Medium::Sms]));
    contact.as_configured = ["name", "phones", "locale"].map(str::to_owned).into();
    // An operator has edited the number.
    contact.set(phones("+4915123456702"));
    // The first word of it may be a part only.
    let merged = merge(&mut contact, &mut link, &said(vec![name("Ana")]), at(1));
    assert_eq!(merged, Merged::default());
    let theirs = said(vec![
        name("Anna"),
        phones("+4915123456703"),
        ContactField::Locale(None),
        ContactField::TimeZone(Some("Europe/Madrid".into())),
        out(&[Medium::Email]),
    ]);
    let merged = merge(&mut contact, &mut link, &theirs, at(2));
    assert_eq!(merged.taken, ["name", "time_zone", "opted_out"]);
    assert_eq!(merged.disputed, ["phones"]);
    assert_eq!(contact.name.raw(), "Anna");
    assert_eq!(contact.opted_out, [Medium::Sms, Medium::Email].into());
    assert_eq!(to_give(&contact, &link), [out(&[Medium::Sms, Medium::Email])]);
    merge(&mut contact, &mut link, &said(vec![out(&[Medium::Sms, Medium::Email])]), at(3));
    assert_eq!(to_give(&contact, &link), [ContactField::Locale(Some("de".into()))], "only one side has it");
    // From then on their value is agreed, and an edit of each is a conflict like any other.
    contact.set(name("Ana L."));
    let merged = merge(&mut contact, &mut link, &said(vec![name("Ana M.")]), at(4));
    assert_eq!(merged.disputed, ["name"]);
}

#[test]
fn a_contact_that_two_sides_changed_is_somebodys_work_with_a_time() {
    let mut scene = crate::core::scenario::Scene::usual();
    let duty = crate::core::duty::Duty { team: Some("service".into()), ..Default::default() };
    let wanted = scene.desk.dues(&duty, scene.now);
    scene.desk.work.insert(crate::core::duty::Work::Contacts, duty);
    let mut decision =
        crate::core::escalation::Decision::new(&scene.desk, scene.now, crate::core::id::Ids::default());
    let mut known = Known { contact: Some(contact()), link: Some(link()), ..Known::default() };
    let said = Said { id: "c1".into(), whole: true, stated: said(vec![name("Anna")]), ..Said::default() };
    hear(&mut decision, &crate::core::change::Actor::Desk, &mut known, &Side::Community, &said);
    let task = known.task.expect("a task");
    assert_eq!((task.team.as_deref(), task.due_at), (Some("service"), Some(wanted.due)));
    assert_eq!(task.lead_at, Some(wanted.lead));
}
