//! What a message makes of the model, and what it asks of the world. Pure: no clock, no I/O.

use crate::console::act::leave;
use crate::console::dialog::Dialog;
use crate::console::effect::{Effect, Wait};
use crate::console::follow::{arrange, follow_selection, rested};
use crate::console::heard::{answered, away, changes_came, detail_came, detail_waited, snapshot_came};
use crate::console::message::Msg;
use crate::console::model::{Link, Model, Place, Tone};
use crate::console::press::{paste, press};
use crate::console::say::say;
use crate::console::{
    appear, beside, bulk, configuration, contacts, drill, handover, messages, moved, nav, oncall, others,
    partners, people, providers, search, templates, views, waiting, why,
};
use crate::term::input::Input;
use jiff::Timestamp;

pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    // What a key does to the hand is what was meant; anything else moves a row from under it.
    let under = (!matches!(msg, Msg::Input(_))).then(|| (model.place, moved::row(model)));
    let mut effects = fold(model, msg);
    if let Some((place, row)) = under {
        moved::note(model, place, row);
    }
    effects.extend(others::look(model));
    effects
}

fn fold(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Clock(local) => clock(model, local),
        Msg::Size(width, height) => {
            model.size = (width, height);
            Vec::new()
        }
        Msg::Input(Input::Key(key)) => press(model, key),
        Msg::Input(Input::Paste(text)) => paste(model, &text),
        Msg::Input(Input::Resized) => Vec::new(),
        Msg::Input(Input::HungUp) => leave(model),
        Msg::Snapshot(snapshot) => snapshot_came(model, *snapshot),
        Msg::Changes(changes) => changes_came(model, changes),
        Msg::Health(health) => {
            model.link = Link::Live;
            if let Some(desk) = &mut model.desk {
                desk.health(*health);
            }
            match model.place {
                Place::OnCall | Place::Providers | Place::Handover | Place::Person => nav::again(model),
                Place::People => nav::again(model),
                Place::Sources => nav::again(model),
                _ => Vec::new(),
            }
        }
        Msg::Away(error) => {
            away(model, &error);
            Vec::new()
        }
        Msg::Listening => vec![others::look_anew(model)],
        Msg::Viewers(viewers) => {
            model.viewers = viewers;
            Vec::new()
        }
        Msg::Detail(alert, answer) => {
            detail_came(model, alert, answer);
            Vec::new()
        }
        Msg::Steps(alert, answer) => {
            let now = model.now;
            if let Some(Dialog::Escalate(dialog)) = &mut model.dialog
                && dialog.alert == alert
            {
                dialog.show(answer.map_err(|error| error.to_string()), now);
            }
            Vec::new()
        }
        Msg::Partners(find, answer) => {
            partners::came(model, &find, answer);
            Vec::new()
        }
        Msg::Partner(id, answer) => partners::detail_came(model, &id, answer).into_iter().collect(),
        Msg::Contact(id, answer) => {
            why::contact_came(model, &id, answer);
            Vec::new()
        }
        Msg::Thing(of, answer) => {
            partners::thing_came(model, &of, answer);
            Vec::new()
        }
        Msg::Messages(answer) => {
            messages::came(model, answer);
            Vec::new()
        }
        Msg::Message(answer) => {
            messages::one_came(model, answer);
            Vec::new()
        }
        Msg::Views(answer) => views::came(model, answer),
        Msg::Search(asked, answer) => search::came(model, &asked, answer),
        Msg::Providers(answer) => providers::came(model, answer),
        Msg::Probed(answer) => {
            let (said, tone) = match answer {
                Ok(said) => (said.printable().into_string(), Tone::Done),
                Err(error) => (error.to_string(), Tone::Refused),
            };
            say(model, said, tone);
            providers::again(model)
        }
        Msg::Planned(asked, answer) => {
            if let Some(Dialog::Resend(dialog)) = &mut model.dialog {
                dialog.came(&asked, answer.map_err(|error| error.to_string()));
            }
            Vec::new()
        }
        Msg::OnCall(answer) => {
            oncall::came(model, answer);
            Vec::new()
        }
        Msg::Handover(answer) => {
            handover::came(model, answer);
            Vec::new()
        }
        Msg::Templates(answer) => {
            templates::came(model, answer);
            Vec::new()
        }
        Msg::Preview(asked, answer) => {
            templates::preview_came(model, &asked, answer);
            Vec::new()
        }
        Msg::Contacts(answer) => {
            contacts::came(model, answer);
            Vec::new()
        }
        Msg::Person(id, answer) => {
            people::came(model, &id, answer);
            Vec::new()
        }
        Msg::Config(answer) => {
            configuration::came(model, answer);
            Vec::new()
        }
        Msg::Digests(answer) => {
            configuration::digests_came(model, answer);
            Vec::new()
        }
        Msg::Digest(name, answer) => {
            configuration::copies_came(model, &name, answer);
            Vec::new()
        }
        Msg::Told(answer) => {
            if let (Some(desk), Ok(messages)) = (&mut model.desk, answer) {
                messages.into_iter().for_each(|message| desk.messages.learn(message));
            }
            Vec::new()
        }
        Msg::Waited(Wait::Detail) => detail_waited(model),
        Msg::Waited(Wait::Beside) => beside::waited(model),
        Msg::Waited(Wait::Providers) => providers::waited(model),
        Msg::Waited(Wait::Palette(number)) => match &model.dialog {
            Some(Dialog::Palette(palette)) if palette.finds == number => {
                vec![Effect::FetchPartners(palette.asks())]
            }
            _ => Vec::new(),
        },
        Msg::Waited(Wait::Search(ask)) => search::waited(model, ask),
        Msg::Waited(wait) => partners::waited(model, wait),
        Msg::Kept(items) => waiting::kept(model, items),
        Msg::Unkept(why) => {
            model.waiting.unkept = Some(why);
            Vec::new()
        }
        Msg::Previewed(ticket, answer) => {
            bulk::previewed(model, ticket, answer);
            Vec::new()
        }
        Msg::Together(ticket, answer) => bulk::answered(model, ticket, answer),
        Msg::Answered(ticket, answer) => answered(model, ticket, answer),
        Msg::Drill(news) => drill::came(model, *news),
        Msg::Rested(rest) => rested(model, rest),
    }
}

fn clock(model: &mut Model, local: Timestamp) -> Vec<Effect> {
    model.now = local.saturating_add(model.clock_offset).unwrap_or(local);
    if model.flash.as_ref().is_some_and(|flash| flash.until <= model.now) {
        model.flash = None;
    }
    if model.flash.is_none() {
        others::tell_unsaid(model);
    }
    if model.undo.as_ref().is_some_and(|undo| undo.until <= model.now) {
        model.undo = None;
    }
    let second = model.now.as_second();
    if second != model.stream.second {
        model.stream.passed = if second == model.stream.second + 1 { model.stream.counting } else { 0 };
        model.stream.counting = 0;
        model.stream.second = second;
        model.stand_still();
    }
    if !model.hand_is_on() && model.rows_wait() {
        arrange(model);
        let wanted = model.partners.wanted();
        model.partners.rows.arrange(wanted);
        messages::arrange(model);
        contacts::arrange(model);
        providers::arrange(model);
        partners::arrange_page(model);
        if model.on_call.rows.is_stale() {
            oncall::arrange(model);
        }
    }
    oncall::passed(model);
    appear::clock(model);
    let mut effects = waiting::clock(model);
    effects.extend(follow_selection(model));
    effects
}
