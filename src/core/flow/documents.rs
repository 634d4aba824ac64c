//! Documents: an upload reaches its reviewers and becomes their task until the review is told.

use super::audience::{Audience, Pressing, narrow, ruling};
use super::reader::{Reader, line, maybe_line};
use super::tasks::Draft;
use super::{Heard, Taken, review_task};
use crate::core::change::{Change, Object, What};
use crate::core::contact::Category;
use crate::core::decide::{Thing, View};
use crate::core::document::{Document, ReviewState};
use crate::core::duty::Work;
use crate::core::escalation::Decision;
use crate::core::event::{self, ReviewOutcome};
use crate::core::message::{self, Message};
use crate::core::partner::PartnerRef;
use crate::core::task::TaskKind;

pub fn uploaded(
    decision: &mut Decision<'_>,
    view: &mut View,
    heard: &Heard<'_>,
    upload: &event::Document,
    partner: &PartnerRef,
) -> Taken {
    let thing = Thing::of(partner, &upload.id);
    let known = view.documents.get(&thing).cloned();
    if let Some(mut known) = known.clone().filter(|known| known.uploaded || heard.mark.is_before(&known.mark))
    {
        let reopens = known.state != ReviewState::Pending && !heard.mark.is_before(&known.mark);
        if !reopens || heard.mark.is_again(&known.mark) {
            // A newer copy of what waits already: a review of an older one does not settle it.
            if !heard.mark.is_before(&known.mark) {
                known.mark = heard.mark.over(&known.mark);
            }
            known.uploaded = true;
            known.url = known.url.or(upload.url.clone());
            known.uploaded_by = known.uploaded_by.or(upload.uploaded_by.clone());
            let because = match known.state {
                ReviewState::Pending => "it waits for its review already",
                _ => "it was reviewed since",
            };
            keep(decision, view, thing, known, What::Repeated, because);
            return Taken::quiet(because);
        }
    }
    let reviewed_first =
        known.as_ref().is_some_and(|known| !known.uploaded && !known.mark.is_before(&heard.mark));
    let mut document = Document {
        id: upload.id.clone(),
        state: ReviewState::Pending,
        partner: partner.clone(),
        name: upload.name.clone(),
        kind: upload.kind.clone(),
        url: upload.url.clone(),
        case: upload.case.clone(),
        uploaded_by: upload.uploaded_by.clone(),
        uploaded: true,
        review_by: None,
        reviewed_at: None,
        mark: heard.mark.clone(),
        task: None,
        created_at: known.as_ref().map_or(decision.now, |known| known.created_at),
        updated_at: decision.now,
    };
    if let (true, Some(known)) = (reviewed_first, known) {
        // The review came first, and they do not say which was made first.
        document.mark = heard.mark.over(&known.mark);
        document.state = known.state;
        document.reviewed_at = known.reviewed_at;
        let because = "its review was heard before it";
        keep(decision, view, thing, document, What::DocumentUploaded, because);
        return Taken::quiet(because);
    }
    let Some((audience, duty)) = ruling(decision.desk, Work::Documents, heard.rule) else {
        keep(decision, view, thing, document, What::DocumentUploaded, "a rule keeps it quiet");
        return Taken::quiet("a rule keeps it quiet");
    };
    let kind = upload.kind.word();
    let targets = narrow(decision.desk, audience.targets.clone(), partner, kind, decision.now);
    let audience = Audience { targets, ..audience };
    let dues = decision.dues(&duty);
    document.review_by = Some(dues.due);
    let (told, _) = decision.desk.people_behind(&audience.targets, partner, decision.now);
    let draft = Draft {
        kind: TaskKind::Review,
        key: review_task(partner, &upload.id),
        title: format!(
            "{}: {}",
            decision.desk.labels.word(&decision.desk.locale, kind),
            upload.name.printable()
        ),
        partner,
        about: upload.id.clone(),
        alert: heard.alert,
    };
    let at = decision.changes.len();
    let task = decision.open_task(view, draft, &duty, dues, &told);
    document.task = Some(task.id);
    let sentence = format!("{} is to be reviewed.", upload.name.printable());
    let fact = fact(decision, &document, What::DocumentUploaded, &sentence);
    decision.changes.insert(at, fact);
    view.documents.insert(thing, document.clone());
    let uploader = document.uploaded_by.as_ref().and_then(|id| view.contacts.get(id.raw()));
    let uploaded_by = uploader.map(|contact| line(&contact.name));
    let case = document.case.as_ref().map(|case| super::case_reference(view, partner, case));
    let task = Some(task);
    let message = |reader: &Reader<'_>| {
        Message::DocumentUploaded(message::DocumentUploaded {
            document: line(&document.name),
            kind: reader.word(kind),
            case: case.clone(),
            url: maybe_line(&document.url),
            uploaded_by: uploaded_by.clone(),
            task: Decision::task_line(&task, reader),
        })
    };
    let about = heard.about(partner, Category::Documents, Some(&Thing::of(partner, &document.id)));
    let (_, nobody) = decision.tell_people(&audience, partner, &about, Pressing::No, message);
    Taken::handled(nobody)
}

pub fn reviewed(
    decision: &mut Decision<'_>,
    view: &mut View,
    heard: &Heard<'_>,
    review: &event::Document,
    partner: &PartnerRef,
    outcome: ReviewOutcome,
) -> Taken {
    let thing = Thing::of(partner, &review.id);
    let known = view.documents.get(&thing).cloned();
    if known.as_ref().is_some_and(|known| heard.mark.is_before(&known.mark)) {
        return Taken::quiet("a newer report about the document was heard before");
    }
    let state = match outcome {
        ReviewOutcome::Approved => ReviewState::Approved,
        ReviewOutcome::Rejected => ReviewState::Rejected,
    };
    if let Some(mut known) = known.clone().filter(|known| known.state == state) {
        known.mark = heard.mark.over(&known.mark);
        keep(decision, view, thing, known, What::Repeated, "its review was heard before");
        return Taken::quiet("it was heard before");
    }
    let mut document = known.unwrap_or_else(|| Document {
        id: review.id.clone(),
        state,
        partner: partner.clone(),
        name: review.name.clone(),
        kind: review.kind.clone(),
        url: review.url.clone(),
        case: review.case.clone(),
        uploaded_by: review.uploaded_by.clone(),
        uploaded: false,
        review_by: None,
        reviewed_at: None,
        mark: heard.mark.clone(),
        task: None,
        created_at: decision.now,
        updated_at: decision.now,
    });
    document.state = state;
    document.reviewed_at = Some(decision.now);
    document.mark = heard.mark.over(&document.mark);
    let sentence = format!("{} is {}.", document.name.printable(), state.as_str());
    keep(decision, view, thing, document, What::DocumentReviewed, &sentence);
    let because = format!("The document was {}.", state.as_str());
    decision.close_task(view, &review_task(partner, &review.id), &because);
    Taken::handled(Vec::new())
}

fn fact(decision: &Decision<'_>, document: &Document, what: What, sentence: &str) -> Change {
    let object = Object::Document(Box::new(document.clone()));
    Change::of_partner(decision.now, what, sentence, &document.partner.id, object)
}

fn keep(
    decision: &mut Decision<'_>,
    view: &mut View,
    thing: Thing,
    mut document: Document,
    what: What,
    because: &str,
) {
    document.updated_at = decision.now;
    let sentence = format!("{}: {because}.", document.name.printable());
    let sentence = if because.ends_with('.') { because.to_owned() } else { sentence };
    let fact = fact(decision, &document, what, &sentence);
    decision.changes.push(fact);
    view.documents.insert(thing, document);
}
