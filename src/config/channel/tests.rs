//! What a channel needs, may have, and must not have.

use super::*;
use std::path::Path;

fn read(channel: &str) -> Result<Channel, String> {
    let text = crate::config::DEFAULT.replacen("[[channel]]", &format!("{channel}\n[[channel]]"), 1);
    let settings = crate::config::parse(&text, Path::new("config.toml")).map_err(|why| why.to_string())?;
    Ok(settings.channels[0].clone())
}

const TWILIO: &str =
    "[[channel]]\nname = \"t\"\nkind = \"twilio\"\naccount = \"AC1\"\nauth_token = { env = \"PATH\" }\n";
const OPENTEXT: &str = "[[channel]]\nname = \"o\"\nkind = \"opentext\"\nurl = \"https://mra.example.net\"\n";

#[test]
fn twilio_needs_an_account_a_token_and_one_sender() {
    let plain = read(&format!("{TWILIO}from = \"+15550006789\"\nreceipts = true\n")).unwrap();
    assert!(
        matches!(&plain.kind, ChannelKind::Twilio { url, api_key: None, .. } if url == "https://api.twilio.com")
    );
    assert_eq!((plain.carrier().doubt, plain.carries), (Doubt::Ask, vec![Medium::Sms]));
    let rich =
        "messaging_service = \"MG1\"\nuser = \"SK1\"\npassword = { env = \"PATH\" }\nvalid_for = \"15m\"\n";
    let rich = read(&format!("{TWILIO}{rich}")).unwrap().kind;
    assert!(matches!(
        rich,
        ChannelKind::Twilio { sender: TwilioSender::Service(_), api_key: Some(_), valid_for: Some(time), .. }
            if time == Duration::from_secs(900)
    ));
    for (rest, wanted) in [
        ("", "needs `from` or `messaging_service`"),
        ("from = \"1234\"\nmessaging_service = \"MG1\"\n", "exclude each other"),
        (
            "from = \"1234\"\nuser = \"SK1\"\n",
            "an API key is `user` (its SID) and `password` (its secret) together",
        ),
        ("from = \"1234\"\nvalid_for = \"11h\"\n", "between 1s and 10h"),
        ("from = \"1234\"\nvalid_for = \"0s\"\n", "between 1s and 10h"),
        ("from = \"1234\"\ncarries = [\"email\"]\n", "cannot carry \"email\""),
        ("from = \"1234\"\nclient_id = \"x\"\n", "a channel of kind \"twilio\" has no `client_id`"),
    ] {
        let said = read(&format!("{TWILIO}{rest}")).unwrap_err();
        assert!(said.contains(wanted), "{rest}: {said}");
    }
    let tokenless = TWILIO.replace("auth_token", "# auth_token");
    let said = read(&format!("{tokenless}from = \"1234\"\n")).unwrap_err();
    assert!(said.contains("needs auth_token = { env = \"NAME\" }"), "{said}");
}

#[test]
fn opentext_needs_a_url_and_one_of_two_logins() {
    let basic = "user = \"desk\"\npassword = { env = \"PATH\" }\n";
    let client = "client_id = \"desk\"\nclient_secret = { env = \"PATH\" }\ntoken_url = \"https://otds.example.net/token\"\n";
    let read_basic = read(&format!("{OPENTEXT}{basic}receipts = true\nfrom_name = \"Desk\"\n")).unwrap();
    assert!(matches!(&read_basic.kind, ChannelKind::Opentext { login: OpentextLogin::Basic { .. }, .. }));
    assert_eq!((read_basic.carrier().doubt, read_basic.carries), (Doubt::Unknowable, Medium::ALL.to_vec()));
    let read_client = read(&format!("{OPENTEXT}{client}scope = \"mra\"\n")).unwrap();
    assert!(matches!(
        &read_client.kind,
        ChannelKind::Opentext { login: OpentextLogin::Client { scope: Some(_), .. }, .. }
    ));
    for (rest, wanted) in [
        (String::new(), "needs `user` and `password`, or `client_id`, `client_secret` and `token_url`"),
        ("user = \"desk\"\n".to_owned(), "needs password = { env = \"NAME\" }"),
        ("client_id = \"desk\"\nclient_secret = { env = \"PATH\" }\n".to_owned(), "needs `token_url`"),
        (format!("{basic}client_id = \"desk\"\n"), "exclude each other"),
        (format!("{basic}scope = \"mra\"\n"), "a channel of kind \"opentext\" has no `scope`"),
        (format!("{basic}account = \"AC1\"\n"), "a channel of kind \"opentext\" has no `account`"),
        (client.replace("https://", ""), "config.toml:"),
    ] {
        let said = read(&format!("{OPENTEXT}{rest}")).unwrap_err();
        assert!(said.contains(wanted), "{rest}: {said}");
    }
}
