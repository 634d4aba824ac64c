//! What an action of the keymap or the palette does.

use crate::console::AgentAfter;
use crate::console::allowed::allowed;
use crate::console::dialog::{Chooser, Close, Dialog, Escalate, GoTo, HandOver, Help, LogIn, Note, Palette};
use crate::console::effect::Effect;
use crate::console::goal::{self, Goal};
use crate::console::keymap::Action;
use crate::console::model::{About, Model, Place, Subject, Tone};
use crate::console::moves::{End, back, open, pause_at, scroll, step, switch, to_end};
use crate::console::narrow::filter;
use crate::console::order::{ack, on_task, undo};
use crate::console::pick::Pick;
use crate::console::resend::Resend;
use crate::console::say::{say, sentence};
use crate::console::sort::Sort;
use crate::console::{
    bulk, configuration, contacts, drill, handover, messages, moved, nav, oncall, partners, people,
    providers, search, sources, templates, views, waiting, why,
};
use crate::core::alert::Alert;
use crate::core::notification::RecipientId;
use crate::core::text::{Printable, Untrusted};

pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(said) = moved::refuses(model, action) {
        say(model, said, Tone::Refused);
        return Vec::new();
    }
    if let Err(why) = allowed(model, action) {
        say(model, sentence(&why), Tone::Refused);
        return Vec::new();
    }
    if bulk::acts_on_several(model, action) {
        return bulk::begin(model, action);
    }
    let now = model.now;
    let zone = model.zone();
    match action {
        Action::Ack => return ack(model),
        Action::Undo => return undo(model),
        Action::Take | Action::Done => return on_task(model, action),
        Action::Escalate => {
            let dialog = model.selected_alert().map(|alert| Escalate::new(alert, now));
            if let Some(dialog) = dialog {
                let alert = dialog.alert;
                model.dialog = Some(Dialog::Escalate(dialog));
                return vec![Effect::FetchSteps(alert)];
            }
        }
        Action::Resend => {
            let Some(desk) = &model.desk else { return Vec::new() };
            let messages = match model.message_of_task() {
                Some(message) if model.place == Place::Triage => vec![message],
                _ => messages::in_hand(model),
            };
            let dialog = match (messages.as_slice(), model.selected_alert()) {
                ([], alert) => alert.map(|alert| Resend::of_alert(desk, alert, now)),
                (messages, _) => Resend::of_messages(desk, messages, now),
            };
            if let Some(dialog) = dialog {
                let asked = dialog.asked();
                model.dialog = Some(Dialog::Resend(dialog));
                return vec![Effect::Plan(asked)];
            }
        }
        Action::Settle => {
            let chooser = model.message_in_doubt().map(Chooser::doubt);
            model.dialog = chooser.map(Dialog::Chooser);
        }
        Action::Mark => bulk::mark(model),
        Action::MarkAll => bulk::mark_all(model),
        Action::MarkFailed => messages::mark_failed(model),
        Action::Group => messages::next_group(model),
        Action::OfAlert => {
            if let Some(alert) = model.alert_at_hand() {
                return goal::go(model, Goal::Alert(alert));
            }
        }
        Action::Contact if model.place == Place::Messages => return messages::to_contact(model),
        Action::Providers => return providers::show(model),
        Action::Search => return search::show(model),
        Action::Views => return views::show(model, None),
        Action::KeepView => views::keep(model),
        Action::Probe => return providers::probe(model),
        Action::Hand => {
            let alert = model.selected_alert().zip(model.desk.as_ref());
            let dialog = alert.map(|(alert, desk)| HandOver::new(model, desk, alert));
            model.dialog = dialog.map(Dialog::HandOver);
        }
        Action::Snooze => {
            let chooser = match model.subject() {
                Some(Subject::Task(task)) => Some(Ok(Chooser::snooze_task(task, now, &zone))),
                _ => model.selected_alert().map(|alert| Chooser::snooze_alert(alert, now, &zone)),
            };
            match chooser {
                Some(Ok(chooser)) => model.dialog = Some(Dialog::Chooser(chooser)),
                Some(Err(why)) => say(model, sentence(&why), Tone::Refused),
                None => {}
            }
        }
        Action::Note => {
            let about = match model.subject() {
                Some(Subject::Alert(alert)) => Some(About::Alert(alert)),
                Some(Subject::Task(task)) => Some(About::Task(task)),
                None => handover::own(model).map(|one| About::Handover(one.id)),
            };
            model.dialog = about.map(|about| Dialog::Note(Note::begun(&mut model.drafts, about)));
        }
        Action::Close => model.dialog = model.selected_alert().map(|alert| Dialog::Close(Close::new(alert))),
        Action::Why => return why::ask(model),
        Action::Sort => model.dialog = Some(Dialog::Sort(Sort::new(model.triage.by))),
        Action::Contact => {
            let to = model.message_of_task().map(|message| (message.recipient.who.clone(), &message.partner));
            return match to {
                Some((RecipientId::Person(person), _)) => goal::go(model, Goal::Person(person)),
                Some((RecipientId::Contact(contact), partner)) => {
                    let partner = partner.clone();
                    goal::go(model, Goal::Contact { contact, partner })
                }
                Some((RecipientId::Webhook(_), _)) | None => contacts::show_of_partner(model),
            };
        }
        Action::Edit => {
            let form = model.selected_contact().map(|contact| contacts::form_of(model, contact));
            model.contacts.form = form;
        }
        Action::CopyReference => return copy(model),
        Action::Filter => {
            if model.place == Place::Partner {
                nav::open(model, Place::Partners);
            } else if model.place == Place::Person {
                nav::open(model, Place::People);
            }
            // What is typed narrows a list, which one goes back to.
            model.templates.opened = None;
            model.configuration.opened = None;
            filter(model).open = true;
        }
        Action::Palette => model.dialog = Some(Dialog::Palette(Box::new(Palette::new(model)))),
        Action::Help => {
            model.dialog = Some(Dialog::Help(Help::default()));
            if std::mem::take(&mut model.newcomer) {
                return vec![Effect::Seen];
            }
        }
        Action::Open => return open(model),
        Action::Back => return back(model),
        Action::Switch if model.place == Place::Partner => partners::turn(model, 1),
        Action::SwitchBack if model.place == Place::Partner => partners::turn(model, -1),
        Action::Switch => return switch(model, 1),
        Action::SwitchBack => return switch(model, -1),
        Action::Down => step(model, 1),
        Action::Up => step(model, -1),
        Action::First => to_end(model, End::First),
        Action::Last => to_end(model, End::Last),
        Action::ScrollDown => scroll(model, 1),
        Action::ScrollUp => scroll(model, -1),
        Action::Follow => {
            let newest = model.streamed().next_back().map(|numbered| numbered.seq);
            match model.stream.selected {
                Some(_) => model.stream.follow(),
                None => pause_at(model, newest),
            }
        }
        Action::Triage => nav::straight(model, Place::Triage),
        Action::Stream => nav::straight(model, Place::Stream),
        Action::Desk => {
            nav::straight(model, Place::OnCall);
            return nav::again(model);
        }
        Action::People => return people::show(model),
        Action::Sources => return sources::show(model),
        Action::Configuration => return configuration::show(model),
        Action::LastView => return nav::last(model),
        Action::GoTo => model.dialog = GoTo::new(goal::of_hand(model)).map(Dialog::GoTo),
        Action::MessagesOf => {
            if let Some(about) = goal::messages_of_hand(model) {
                return messages::show_about(model, about);
            }
        }
        Action::Partners => return partners::show(model),
        Action::Partner => {
            if let Some(partner) = model.partner_at_hand() {
                return partners::open(model, partner);
            }
        }
        Action::Messages => return messages::show(model),
        Action::OnCall => return oncall::show(model),
        Action::Handover => return handover::show(model),
        Action::Accept => model.dialog = handover::accept(model).map(Dialog::Question),
        Action::Maintenance => maintenance(model),
        Action::Cover => oncall::cover(model),
        Action::Swap => oncall::swap(model),
        Action::TakeBack => oncall::take_back(model),
        Action::Templates => return templates::show(model),
        Action::Reader => {
            model.dialog = model.desk.as_ref().map(|desk| Dialog::Pick(Pick::new(desk)));
            return vec![Effect::FetchContacts];
        }
        Action::Language => return templates::next_language(model),
        Action::Medium => return templates::other_medium(model),
        Action::Sample => return templates::other_sample(model),
        Action::Contacts => return contacts::show(model),
        Action::Hint => drill::hint(model),
        Action::Brief => drill::read(model),
        Action::Theme => model.dialog = Some(Dialog::Theme(model.looks.try_on())),
        Action::LogIn => model.dialog = Some(Dialog::LogIn(LogIn::default())),
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Quit if model.leaving => return leave(model),
        Action::Quit => {
            model.leaving = true;
            let waits = model.waiting.counted();
            let on_its_way =
                waiting::counted(model.pending.iter().filter_map(|pending| pending.waits.as_deref()));
            let mut said = "Ctrl-C again leaves".to_owned();
            said.push_str(match model.agent_after {
                _ if !on_its_way.is_empty() || !waits.is_empty() => ".",
                AgentAfter::GoesOn => "; the agent goes on without the console.",
                AgentAfter::Ends => "; this agent and its community end with the console.",
            });
            if !on_its_way.is_empty() {
                said.push_str(&format!(" On its way, and kept: {on_its_way}."));
            }
            if !waits.is_empty() {
                said.push_str(&format!(" Not sent yet and kept for the next console: {waits}."));
            }
            say(model, said, Tone::Hint);
        }
    }
    Vec::new()
}

/// Ends the console; what the agent has not answered yet is kept.
pub fn leave(model: &mut Model) -> Vec<Effect> {
    let mut effects = waiting::leave(model);
    effects.push(Effect::Quit);
    effects
}

/// The windows that are on or to come; one that is stored may be taken back.
pub fn maintenance(model: &mut Model) {
    let Some(desk) = &model.desk else { return };
    let chooser = Chooser::maintenance(&desk.info.maintenance, model.now, &model.zone());
    match chooser {
        Some(chooser) => model.dialog = Some(Dialog::Chooser(chooser)),
        None => {
            let said =
                "No maintenance window is on or within two weeks; `nightdesk maintenance add` makes one.";
            say(model, said.to_owned(), Tone::Hint);
        }
    }
}

/// What one would say on the telephone: the case or order where there is one, else the id.
fn reference(alert: &Alert) -> Printable {
    let named =
        alert.members.iter().find_map(|m| m.case.as_ref().or(m.order.as_ref()).or(m.shipment.as_ref()));
    match named {
        Some(name) => name.printable(),
        None => Untrusted::new(alert.id.to_string()).printable(),
    }
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let text = match model.subject() {
        Some(Subject::Alert(id)) => model.alert(id).map(reference),
        Some(Subject::Task(id)) => Some(Untrusted::new(id.to_string()).printable()),
        None if model.place == Place::Messages => {
            model.selected_message().map(|message| Untrusted::new(message.id.to_string()).printable())
        }
        None if model.place == Place::Partner => model.partner_at_hand().map(|id| id.printable()),
        None => model.selected_contact().map(|contact| {
            let email = contact.emails.first().map(|mailbox| mailbox.as_str());
            let address = email.or(contact.phones.first().map(|phone| phone.as_str()));
            Untrusted::from(address.unwrap_or(contact.name.raw())).printable()
        }),
    };
    let Some(text) = text else { return Vec::new() };
    if text.as_str().len() > model.clipboard {
        say(model, format!("{text} is too long for this terminal's clipboard."), Tone::Refused);
        return Vec::new();
    }
    say(model, format!("{text} was sent to the terminal's clipboard."), Tone::Done);
    vec![Effect::Copy(text)]
}
