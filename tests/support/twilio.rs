//! Twilio as its documentation has it: the Message resource, its errors, its listing, and its signed
//! callbacks, in whatever order a test wants them. Written from Twilio's own pages and OpenAPI description,
//! not from this desk's code.

use super::fake_http::{FakeHttp, Request, Then};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use nightdesk::channel::Callback;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const TOKEN: &str = "hush-twilio-token";
/// Messages on one page of a listing.
const PAGE: usize = 3;

/// What goes wrong with the next messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// 429, error 20429, `Retry-After`.
    TooMany,
    /// 400, error 21611: the sender's queue is full.
    QueueFull,
    /// 401, error 20003.
    Login,
    /// 403: the account is suspended.
    Forbidden,
    /// 400 with this error.
    Error(u32),
    /// 404, error 20404.
    NoAccount,
    /// 201, with a message that failed at once with this error.
    FailedAtOnce(u32),
    /// Takes it, and answers with this status of 5xx.
    TakenThen(u16),
    /// Does not take it, and answers with this status of 5xx.
    Down(u16),
    /// Takes it and never answers.
    Silent,
    /// Takes it and hangs up.
    HangUp,
    /// Hangs up before it read anything.
    Cut,
    /// Takes it; the answer breaks off within its text.
    HalfAnswer,
    /// Takes it; the answer is no HTTP.
    Garbage,
    /// Somebody else's web page.
    Page,
    /// 302 to elsewhere.
    Moved,
    /// 201 with a text of 64 megabytes.
    Flood,
    /// 201 and a message without a `sid`.
    Nameless,
    /// The listing fails with this status.
    List(u16),
    /// The listing's next page is on another server.
    ListElsewhere,
    /// The listing never ends.
    ListForever,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub sid: String,
    pub to: String,
    pub from: Option<String>,
    pub service: Option<String>,
    pub body: String,
    pub status_callback: Option<String>,
    pub validity: Option<String>,
    pub created: Timestamp,
}

pub struct Twilio {
    pub http: FakeHttp,
    shared: Arc<Shared>,
}

struct Shared {
    fault: Mutex<Fault>,
    messages: Mutex<Vec<Message>>,
    /// By how much its clock is ahead.
    ahead: Mutex<SignedDuration>,
}

impl Twilio {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            fault: Mutex::new(Fault::None),
            messages: Mutex::default(),
            ahead: Mutex::new(SignedDuration::ZERO),
        });
        let of_server = shared.clone();
        let http = FakeHttp::start(Then::Decide(Arc::new(move |request| of_server.answer(request)))).await;
        Self { http, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.http.address)
    }

    pub fn fail(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap() = fault;
        if fault == Fault::Cut {
            self.http.then(Then::Cut);
        } else {
            let shared = self.shared.clone();
            self.http.then(Then::Decide(Arc::new(move |request| shared.answer(request))));
        }
    }

    /// Everything it took, whatever it answered.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.messages.lock().unwrap().clone()
    }

    /// A message that somebody else sent, or long ago.
    pub fn has(&self, to: &str, body: &str, created: Timestamp) {
        self.shared.keep(&[("To".into(), to.into()), ("Body".into(), body.into())], created);
    }

    pub fn clock_ahead_by(&self, ahead: SignedDuration) {
        *self.shared.ahead.lock().unwrap() = ahead;
    }
}

impl Shared {
    fn now(&self) -> Timestamp {
        Timestamp::now() + *self.ahead.lock().unwrap()
    }

    fn answer(&self, request: &Request) -> Then {
        let login = format!("Basic {}", BASE64.encode(format!("{ACCOUNT}:{TOKEN}")));
        let path = request.target.split('?').next().unwrap_or_default();
        let fault = *self.fault.lock().unwrap();
        if request.header("authorization") != Some(&login) || fault == Fault::Login {
            return self.error(401, 20003, "Authenticate");
        }
        if path != format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json") || fault == Fault::NoAccount {
            return self.error(404, 20404, "The requested resource was not found");
        }
        match request.method.as_str() {
            "POST" => self.create(request, fault),
            "GET" => self.list(request, fault),
            _ => self.error(405, 20004, "Method not allowed"),
        }
    }

    fn create(&self, request: &Request, fault: Fault) -> Then {
        match fault {
            Fault::TooMany => {
                let body = error(429, 20429, "Too Many Requests");
                return self.tell(429, "Retry-After: 90\r\n", &body);
            }
            Fault::QueueFull => {
                return self.error(
                    400,
                    21611,
                    "This 'From' number has exceeded the maximum number of queued messages",
                );
            }
            Fault::Forbidden => return self.error(403, 20005, "Account not active"),
            Fault::Error(code) => return self.error(400, code, "no \u{1b}[31mthanks"),
            Fault::Down(status) => return self.tell(status, "", &json!({"status": status})),
            Fault::Page => return self.tell(200, "content-type: text/html\r\n", &json!("It works!")),
            Fault::Moved => return self.tell(302, "location: /elsewhere\r\n", &json!(null)),
            _ => {}
        }
        let form = form(&request.body);
        let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let to = field("To").unwrap_or_default();
        if !to.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit())) {
            return self.error(400, 21211, "Invalid 'To' Phone Number");
        }
        match field("Body").map(|body| body.chars().count()) {
            None | Some(0) => return self.error(400, 21602, "Message body is required."),
            Some(1601..) => {
                return self.error(
                    400,
                    21617,
                    "The concatenated message body exceeds the 1600 character limit.",
                );
            }
            Some(_) => {}
        }
        if field("From").is_none() && field("MessagingServiceSid").is_none() {
            return self.error(400, 21603, "A 'From' phone number is required.");
        }
        let message = self.keep(&form, self.now());
        let mut told = self.resource(&message);
        match fault {
            Fault::TakenThen(status) => self.tell(status, "", &json!({"status": status})),
            Fault::Silent => Then::Hang,
            Fault::HangUp => Then::Close,
            Fault::HalfAnswer => {
                let text = told.to_string();
                let half = &text[..text.len() / 2];
                Then::Raw(
                    format!("HTTP/1.1 201 CREATED\r\ncontent-length: {}\r\n\r\n{half}", text.len()).into(),
                )
            }
            Fault::Garbage => Then::Raw(b"\x00\xff\x16\x03 what? 201 250 ok\r\n\r\n".to_vec()),
            Fault::Flood => Then::Flood("201 CREATED", 64),
            Fault::Nameless => {
                told["sid"] = Value::Null;
                self.tell(201, "", &told)
            }
            Fault::FailedAtOnce(code) => {
                told["status"] = "failed".into();
                told["error_code"] = code.into();
                self.tell(201, "", &told)
            }
            _ => self.tell(201, "", &told),
        }
    }

    /// The newest first, by pages, filtered by `To`.
    fn list(&self, request: &Request, fault: Fault) -> Then {
        if let Fault::List(status) = fault {
            return self.error(status, 20500, "Internal Server Error");
        }
        let query: BTreeMap<String, String> = request.query().into_iter().collect();
        let page: usize = query.get("Page").map_or(0, |page| page.parse().unwrap());
        let to = query.get("To").cloned().unwrap_or_default();
        let mut fitting: Vec<Message> =
            self.messages.lock().unwrap().iter().filter(|message| message.to == to).cloned().collect();
        fitting.sort_by_key(|message| std::cmp::Reverse(message.created));
        let more = fitting.len() > (page + 1) * PAGE || fault == Fault::ListForever;
        let path = request.target.split('?').next().unwrap_or_default();
        let to = to.replace('+', "%2B");
        let next = match fault {
            Fault::ListElsewhere => Some(format!("http://127.0.0.1:9{path}?To={to}&Page={}", page + 1)),
            _ => more.then(|| format!("{path}?To={to}&PageSize={PAGE}&Page={}&PageToken=PASM", page + 1)),
        };
        let shown: Vec<Value> =
            fitting.iter().skip(page * PAGE).take(PAGE).map(|message| self.resource(message)).collect();
        self.tell(
            200,
            "",
            &json!({ "messages": shown, "page": page, "page_size": PAGE, "next_page_uri": next }),
        )
    }

    fn keep(&self, form: &[(String, String)], created: Timestamp) -> Message {
        let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let mut messages = self.messages.lock().unwrap();
        let message = Message {
            sid: format!("SM{:032x}", messages.len() + 1),
            to: field("To").unwrap_or_default(),
            from: field("From"),
            service: field("MessagingServiceSid"),
            body: field("Body").unwrap_or_default(),
            status_callback: field("StatusCallback"),
            validity: field("ValidityPeriod"),
            created,
        };
        messages.push(message.clone());
        message
    }

    /// As the REST API shows a message. `num_segments` is text, dates are RFC 2822.
    fn resource(&self, message: &Message) -> Value {
        let parts = message.body.chars().count().div_ceil(153).max(1);
        json!({
            "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": message.body,
            "date_created": rfc2822(message.created), "date_sent": null, "date_updated": rfc2822(message.created),
            "direction": "outbound-api", "error_code": null, "error_message": null, "from": message.from,
            "messaging_service_sid": message.service, "num_media": "0", "num_segments": parts.to_string(),
            "price": null, "price_unit": null, "sid": message.sid, "status": "queued", "to": message.to,
            "uri": format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{}.json", message.sid),
        })
    }

    fn error(&self, status: u16, code: u32, message: &str) -> Then {
        self.tell(status, "", &error(status, code, message))
    }

    fn tell(&self, status: u16, headers: &str, body: &Value) -> Then {
        let date = rfc2822(self.now()).replace("+0000", "GMT");
        Then::Tell(format!("{status} Said"), format!("Date: {date}\r\n{headers}"), body.to_string())
    }
}

fn error(status: u16, code: u32, message: &str) -> Value {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    json!({ "code": code, "message": message, "more_info": more, "status": status })
}

fn rfc2822(at: Timestamp) -> String {
    jiff::fmt::rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap()
}

pub fn form(body: &[u8]) -> Vec<(String, String)> {
    let url = format!("form:/?{}", String::from_utf8(body.to_vec()).unwrap());
    reqwest::Url::parse(&url).unwrap().query_pairs().into_owned().collect()
}

/// A call of Twilio's to us, not yet signed.
#[derive(Clone, Debug)]
pub struct Call {
    pub url: String,
    pub fields: Vec<(String, String)>,
    pub signature: Option<String>,
}

impl Call {
    /// What it calls when the status of a message changes.
    pub fn status(message: &Message, status: &str, error: Option<u32>) -> Self {
        let mut fields = vec![
            ("SmsSid", message.sid.as_str()),
            ("SmsStatus", status),
            ("MessageStatus", status),
            ("To", message.to.as_str()),
            ("MessageSid", message.sid.as_str()),
            ("AccountSid", ACCOUNT),
            ("From", "+15550006789"),
            ("ApiVersion", "2010-04-01"),
        ];
        let error = error.map(|code| code.to_string());
        fields.extend(error.as_deref().map(|code| ("ErrorCode", code)));
        Self::to(message.status_callback.as_deref().expect("a StatusCallback"), &fields)
    }

    /// What it calls when somebody sends a text.
    pub fn text(url: &str, sid: &str, from: &str, body: &str) -> Self {
        let fields = [
            ("MessageSid", sid),
            ("SmsSid", sid),
            ("AccountSid", ACCOUNT),
            ("From", from),
            ("To", "+15550006789"),
            ("Body", body),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
        ];
        Self::to(url, &fields)
    }

    fn to(url: &str, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { url: url.to_owned(), fields, signature: None }
    }

    /// Signs it as Twilio does: the address with its query, then the fields by name, one after another.
    pub fn signed(self, token: &str) -> Self {
        let url = self.url.clone();
        self.signed_for(token, &url)
    }

    pub fn signed_for(mut self, token: &str, url: &str) -> Self {
        let mut sorted = self.fields.clone();
        sorted.sort();
        let text = sorted.iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
        self.signature = Some(BASE64.encode(ring::hmac::sign(&key, text.as_bytes())));
        self
    }

    pub fn body(&self) -> String {
        let mut url = reqwest::Url::parse("form:/").unwrap();
        url.query_pairs_mut().extend_pairs(&self.fields);
        url.query().unwrap_or_default().to_owned()
    }

    /// As it arrives at the channel.
    pub fn callback(&self) -> Callback {
        let url = reqwest::Url::parse(&self.url).unwrap();
        let mut headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        headers.extend(self.signature.clone().map(|signature| ("x-twilio-signature".to_owned(), signature)));
        let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
        Callback {
            uri: format!("{}{query}", url.path()),
            query: url.query_pairs().into_owned().collect(),
            headers,
            body: self.body().into_bytes(),
            peer: std::net::Ipv4Addr::LOCALHOST.into(),
        }
    }

    /// Calls the desk, over HTTP; status, media type and text of the answer.
    #[allow(dead_code, reason = "other tests use the rest")]
    pub async fn post(&self, client: &reqwest::Client) -> (u16, String, String) {
        let mut request = client.post(&self.url).body(self.body());
        request = request.header("content-type", "application/x-www-form-urlencoded; charset=UTF-8");
        if let Some(signature) = &self.signature {
            request = request.header("x-twilio-signature", signature);
        }
        let response = request.send().await.unwrap();
        let media_type =
            response.headers().get("content-type").map_or("", |value| value.to_str().unwrap()).to_owned();
        (response.status().as_u16(), media_type, response.text().await.unwrap())
    }
}
