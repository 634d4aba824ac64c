//! How OpenText lets us in: by name and password, or by a token that it gives for a while (OAuth 2.0 client
//! credentials, RFC 6749 §4.4). One token is asked for at a time, and kept until shortly before it ends.

use super::super::http;
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A token is not used for so long before it ends: what is sent with it is still on its way.
const EARLY: Duration = Duration::from_secs(30);
/// How long a token is good for where its giver does not say.
const UNSAID: Duration = Duration::from_secs(300);
const MAX_TOKEN: usize = 64 << 10;

/// Whose account.
#[derive(Clone, Debug)]
pub enum Login {
    Basic {
        user: String,
        password: SecretString,
    },
    Client {
        /// Where tokens are given.
        token_url: String,
        id: String,
        secret: SecretString,
        scope: Option<String>,
    },
}

/// Lets requests in.
pub(super) enum Door {
    Basic {
        user: String,
        password: SecretString,
    },
    Client {
        client: Client,
        url: Url,
        id: String,
        secret: SecretString,
        scope: Option<String>,
        token: Mutex<Kept>,
    },
}

/// What came of asking for a token last.
#[derive(Default)]
pub(super) enum Kept {
    #[default]
    Nothing,
    Token(Token),
    Failed {
        at: Instant,
        why: String,
    },
}

pub(super) struct Token {
    value: SecretString,
    until: Instant,
}

impl Kept {
    /// The token, if it can still be used.
    fn good(&self) -> Option<&Token> {
        match self {
            Kept::Token(token) if token.until > Instant::now() => Some(token),
            Kept::Token(_) | Kept::Failed { .. } | Kept::Nothing => None,
        }
    }
}

/// The giver's answer. (RFC 6749 §5.1, §5.2)
#[derive(Deserialize)]
struct Given {
    access_token: Option<String>,
    expires_in: Option<u64>,
    error: Option<String>,
}

impl Door {
    /// Lets a request in; `Err`: no token was to be had, and nothing was sent.
    pub(super) async fn open(&self, request: RequestBuilder) -> Result<RequestBuilder, String> {
        match self {
            Door::Basic { user, password } => Ok(request.basic_auth(user, Some(password.expose_secret()))),
            Door::Client { token, .. } => {
                let began = Instant::now();
                // Held while a new one is fetched: the others wait for that one, and fail with it.
                let mut kept = token.lock().await;
                if let Kept::Failed { at, why } = &*kept
                    && *at >= began
                {
                    return Err(why.clone());
                }
                if kept.good().is_none() {
                    *kept = match self.fetch().await {
                        Ok(token) => Kept::Token(token),
                        Err(why) => Kept::Failed { at: Instant::now(), why },
                    };
                }
                match &*kept {
                    Kept::Token(token) => Ok(request.bearer_auth(token.value.expose_secret())),
                    Kept::Failed { why, .. } => Err(why.clone()),
                    Kept::Nothing => Err("no token from OpenText".to_owned()),
                }
            }
        }
    }

    /// Whether it is worth trying again after a refusal: with a fresh token, if there is such a thing.
    pub(super) async fn renew(&self, refused: &reqwest::header::HeaderValue) -> bool {
        let Door::Client { token, .. } = self else { return false };
        let mut kept = token.lock().await;
        let same = kept.good().is_some_and(|token| {
            refused.as_bytes() == format!("Bearer {}", token.value.expose_secret()).as_bytes()
        });
        // Somebody else may have renewed it meanwhile.
        if same {
            *kept = Kept::Nothing;
        }
        true
    }

    async fn fetch(&self) -> Result<Token, String> {
        let Door::Client { client, url, id, secret, scope, .. } = self else {
            return Err("this login needs no token".to_owned());
        };
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(scope.as_deref().map(|scope| ("scope", scope)));
        let request = client.post(url.clone()).basic_auth(id, Some(secret.expose_secret())).form(&form);
        let asked = Instant::now();
        let response =
            request.send().await.map_err(|e| format!("no token from OpenText: {}", http::why(e)))?;
        let status = response.status();
        let body = http::body(response, MAX_TOKEN).await;
        let given: Option<Given> = serde_json::from_slice(&body).ok();
        let error = given.as_ref().and_then(|given| given.error.as_deref()).unwrap_or_default();
        if !status.is_success() {
            // The rest of the answer may hold what was asked with.
            let error = error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_').then_some(error);
            return Err(format!(
                "no token from OpenText: {status} {}; check client_id, client_secret and token_url",
                error.unwrap_or_default()
            ));
        }
        let Some(Given { access_token: Some(value), expires_in, .. }) = given else {
            return Err("no token from OpenText: its answer cannot be read; check token_url".to_owned());
        };
        let good_for = expires_in.map_or(UNSAID, |seconds| Duration::from_secs(seconds.min(86_400)));
        let early = EARLY.min(good_for / 4);
        Ok(Token { value: SecretString::from(value), until: asked + (good_for - early) })
    }
}
