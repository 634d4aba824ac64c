//! Whether a call comes from Twilio: `X-Twilio-Signature` is base64(HMAC-SHA1(auth token, the called
//! address + the form's fields, sorted, names and values without anything between)). (Twilio docs,
//! "Webhooks security")
//!
//! The address is the one Twilio called, which a proxy may have hidden from us: the configured public one,
//! with the path's query as it came. Twilio signs it now with, now without its port, so that both count.

use super::super::Callback;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Url;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, verify};
use std::collections::BTreeSet;

/// A callback's form, or its query where it is a GET.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn of(callback: &Callback) -> Self {
        if callback.body.is_empty() {
            return Self(callback.query.iter().map(|(k, v)| (k.clone(), v.clone())).collect());
        }
        Self(fields(&callback.body))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Whether the callback is signed with the token for the address `base`, whose query is as it came.
pub(super) fn is_genuine(token: &str, base: &str, callback: &Callback) -> bool {
    let given = callback.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-twilio-signature"));
    let Some(given) = given.and_then(|(_, value)| BASE64.decode(value.trim()).ok()) else { return false };
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    let query = callback.uri.split_once('?').map_or_else(String::new, |(_, query)| format!("?{query}"));
    // A set: Twilio's own libraries count a pair that stands twice once.
    let signed: BTreeSet<(String, String)> = fields(&callback.body).into_iter().collect();
    let fields: String = signed.into_iter().flat_map(|(name, value)| [name, value]).collect();
    spellings(base).iter().fold(false, |found, base| {
        let text = format!("{base}{query}{fields}");
        // In constant time, and every spelling is tried.
        verify(&key, text.as_bytes(), &given).is_ok() | found
    })
}

/// An address as it stands, without its port, and with it.
fn spellings(base: &str) -> Vec<String> {
    let mut all = vec![base.to_owned()];
    let Some((scheme, rest)) = base.split_once("://") else { return all };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let port = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    all.push(match port {
        Some((host, _)) => format!("{scheme}://{host}{path}"),
        None => format!("{scheme}://{authority}:{}{path}", if scheme == "https" { 443 } else { 80 }),
    });
    all
}

fn fields(body: &[u8]) -> Vec<(String, String)> {
    let mut url = match Url::parse("form:/") {
        Ok(url) => url,
        Err(_) => return Vec::new(),
    };
    url.set_query(Some(&String::from_utf8_lossy(body)));
    url.query_pairs().into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const TOKEN: &str = "12345";
    const BASE: &str = "https://mycompany.com/myapp.php";
    const BODY: &str =
        "To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309";

    fn call(uri: &str, body: &str, signature: &str) -> Callback {
        Callback {
            uri: uri.to_owned(),
            query: BTreeMap::new(),
            headers: vec![("X-Twilio-Signature".to_owned(), signature.to_owned())],
            body: body.as_bytes().to_vec(),
            peer: std::net::Ipv4Addr::LOCALHOST.into(),
        }
    }

    #[test]
    fn twilios_own_example_is_genuine_and_nothing_near_it() {
        let genuine = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        assert!(is_genuine(TOKEN, BASE, &call("/myapp.php?foo=1&bar=2", BODY, genuine)));
        assert!(is_genuine(
            TOKEN,
            "https://mycompany.com:8443/myapp.php",
            &call("/?foo=1&bar=2", BODY, genuine)
        ));
        for (token, base, uri, body, signature) in [
            ("12346", BASE, "/myapp.php?foo=1&bar=2", BODY, genuine),
            (TOKEN, "https://mycompany.example/myapp.php", "/myapp.php?foo=1&bar=2", BODY, genuine),
            (TOKEN, BASE, "/myapp.php?foo=1&bar=3", BODY, genuine),
            (TOKEN, BASE, "/myapp.php?foo=1&bar=2", &BODY[..40], genuine),
            (TOKEN, BASE, "/myapp.php?foo=1&bar=2", BODY, "RSOYDt4T1cUTdK1PDd93/VVr8B9="),
            (TOKEN, BASE, "/myapp.php?foo=1&bar=2", BODY, ""),
            (TOKEN, BASE, "/myapp.php?foo=1&bar=2", BODY, "not base64"),
        ] {
            assert!(!is_genuine(token, base, &call(uri, body, signature)), "{base} {uri} {body} {signature}");
        }
    }

    #[test]
    fn an_address_is_spelled_with_and_without_its_port() {
        assert_eq!(spellings("https://d.example/v1"), ["https://d.example/v1", "https://d.example:443/v1"]);
        assert_eq!(
            spellings("http://d.example:8787/v1"),
            ["http://d.example:8787/v1", "http://d.example/v1"]
        );
        assert_eq!(spellings("http://[::1]/x"), ["http://[::1]/x", "http://[::1]:80/x"]);
    }
}
