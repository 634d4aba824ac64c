//! The words of an answer, in the language of whoever reads it.

use super::take::Taking;
use crate::core::contact::Contact;
use crate::core::escalation::medium_word;
use crate::core::text::Untrusted;

/// What people of the desk may answer.
pub(super) const HELP: &str = "Answer ACK (or ACK 45 for news in 45 min), ESC, SNOOZE 30, RESOLVE why, or ? - with the code of the page where there are several.";

/// What partners are told, who read no other language than theirs.
pub(super) struct Words {
    pub(super) opted_out: &'static str,
    pub(super) ask_first: &'static str,
    pub(super) opted_in: &'static str,
    pub(super) help: &'static str,
}

pub(super) fn words(locale: &str) -> Words {
    match locale {
        "de" => Words {
            opted_out: "{desk}: Sie bekommen keine {medium} mehr von uns. Mit START bekommen Sie sie wieder.",
            ask_first: "{desk}: Von dieser Adresse kam STOP, ohne dass die Nachricht beweist, dass sie von Ihnen ist. War sie es, antworten Sie auf diese mit STOP; dann bekommen Sie keine {medium} mehr. War sie es nicht, ist nichts zu tun.",
            opted_in: "{desk}: Sie bekommen wieder {medium} von uns. Mit STOP endet das.",
            help: "{desk}: Nachrichten zu Ihren Vorgängen. Ihre Antwort liest ein Mensch. Mit STOP bekommen Sie keine mehr.",
        },
        "fr" => Words {
            opted_out: "{desk} : vous ne recevrez plus de {medium} de notre part. Répondez START pour les recevoir à nouveau.",
            ask_first: "{desk} : un STOP est venu de cette adresse, sans preuve qu'il vient de vous. Si c'est le cas, répondez STOP à ce message : vous ne recevrez plus de {medium}. Sinon, il n'y a rien à faire.",
            opted_in: "{desk} : vous recevez à nouveau nos {medium}. Répondez STOP pour ne plus en recevoir.",
            help: "{desk} : messages sur vos dossiers. Une personne lit votre réponse. Répondez STOP pour ne plus en recevoir.",
        },
        "es" => Words {
            opted_out: "{desk}: no recibirá más {medium} nuestros. Responda START para recibirlos de nuevo.",
            ask_first: "{desk}: desde esta dirección llegó STOP, sin prueba de que sea suyo. Si lo es, responda STOP a este mensaje y no recibirá más {medium}. Si no lo es, no tiene que hacer nada.",
            opted_in: "{desk}: vuelve a recibir nuestros {medium}. Responda STOP para no recibir más.",
            help: "{desk}: mensajes sobre sus casos. Una persona lee su respuesta. Responda STOP para no recibir más.",
        },
        _ => Words {
            opted_out: "{desk}: you get no more {medium} from us. Answer START to get them again.",
            ask_first: "{desk}: STOP came from this address in a mail that does not prove that you wrote it. If you did, answer this one with STOP, and you get no more {medium}. If you did not, there is nothing to do.",
            opted_in: "{desk}: you get {medium} from us again. Answer STOP to end that.",
            help: "{desk}: messages about your cases. A person reads what you answer. Answer STOP to get no more.",
        },
    }
}

impl Taking<'_> {
    pub(super) fn locale(&self, contact: &Contact) -> &'static str {
        self.spoken_in(contact.locale.as_ref().map(Untrusted::raw))
    }

    pub(super) fn locale_of_sender(&self) -> &'static str {
        match (self.people.first(), self.contact()) {
            (Some(person), _) => self.spoken_in(person.locale.as_deref()),
            (None, Some(contact)) => self.locale(contact),
            (None, None) => self.spoken_in(None),
        }
    }

    /// The language of an answer: the wanted one, else the desk's.
    pub(super) fn spoken_in(&self, wanted: Option<&str>) -> &'static str {
        let wanted = wanted.filter(|wanted| !wanted.trim().is_empty());
        self.decision.desk.labels.locale(wanted.or(Some(self.decision.desk.locale.as_str())))
    }

    pub(super) fn spoken(&self, text: &str) -> String {
        text.replace("{desk}", &self.decision.desk.name).replace("{medium}", medium_word(self.inbound.medium))
    }
}
