//! The two links that mails to contacts may carry: out of the mails of a category, and back in. A GET only ever
//! shows a page with a button, because programs that look for harm follow every link; a POST does it, whether
//! from that button or from a mail program by itself (RFC 8058).

use super::intake::{Door, callback_place};
use super::problem::{Kind, Problem};
use crate::core::contact::Category;
use crate::core::reply::Link;
use crate::core::unsubscribe::Words;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of the desk.
    pub desk: String,
    pub words: Words,
    /// `None`: everything by mail.
    pub category: Option<Category>,
    pub asks: Asks,
    /// It was done.
    pub done: bool,
    /// The token of the way back, where there is one.
    pub back: Option<String>,
}

/// What its button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    Leave,
    Back,
}

/// No token of ours is longer.
const LONGEST_TOKEN: usize = 64;
/// The page needs nothing from anywhere, and tells nobody where its reader came from.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

pub(super) async fn leave(
    door: State<Arc<Door>>,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    open(door, Link::Unsubscribe, token, request).await
}

pub(super) async fn back(
    door: State<Arc<Door>>,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    open(door, Link::Subscribe, token, request).await
}

async fn open(
    State(door): State<Arc<Door>>,
    link: Link,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(Kind::NotFound, "There is no such link, or it is not whole.");
    let Path(token) = token.map_err(|_| unknown())?;
    if token.len() > LONGEST_TOKEN || !token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(unknown());
    }
    let posted = *request.method() == Method::POST;
    // What a form says more than that it was sent means nothing.
    let place = callback_place(&door, request).await?;
    let desk = door.desk().clone();
    let work = tokio::spawn(async move {
        let _place = place;
        desk.link(link, &token, posted).await
    });
    let unavailable = || Problem::new(Kind::Unavailable, "This cannot be done just now; try again soon.");
    match work.await {
        Ok(Ok(Some(page))) => Ok(shown(&page)),
        Ok(Ok(None)) => Err(unknown()),
        Ok(Err(())) | Err(_) => Err(unavailable()),
    }
}

fn shown(page: &Page) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, html(page)).into_response()
}

fn html(page: &Page) -> String {
    let Page { words, .. } = page;
    let said = |text: &str| {
        escaped(&text.replace("{category}", words.category(page.category)).replace("{desk}", &page.desk))
    };
    let button = |action: &str, label: &str| {
        format!(
            "<form method=\"post\" action=\"{action}\"><button name=\"List-Unsubscribe\" value=\"One-Click\">{}</button></form>",
            escaped(label)
        )
    };
    let (sentence, form) = match (page.asks, page.done) {
        (Asks::Leave, false) => (words.ask_leave, button("", words.leave)),
        (Asks::Leave, true) => {
            let back = page.back.as_ref();
            (
                words.left,
                back.map(|token| button(&format!("../subscribe/{token}"), words.back)).unwrap_or_default(),
            )
        }
        (Asks::Back, false) => (words.ask_back, button("", words.back)),
        (Asks::Back, true) => (words.is_back, String::new()),
    };
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{}</title><style>body{{font:1rem/1.5 \
         system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}}button{{font:inherit;padding:.5rem \
         1rem}}</style></head><body><h1>{}</h1><p>{}</p>{form}</body></html>\n",
        words.locale,
        escaped(&page.desk),
        escaped(&page.desk),
        said(sentence),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::unsubscribe::words;

    #[test]
    fn a_page_says_what_it_does_and_carries_nobodys_markup() {
        let page = Page {
            desk: "<b>\"Nordlicht\"</b>".into(),
            words: words("de-AT"),
            category: Some(Category::Digests),
            asks: Asks::Leave,
            done: false,
            back: Some("45-abc".into()),
        };
        let asked = html(&page);
        assert!(asked.contains("den Stand offener Punkte von &lt;b&gt;&quot;Nordlicht"), "{asked}");
        assert!(asked.contains("method=\"post\"") && !asked.contains("45-abc") && !asked.contains("<b>"));
        let left = html(&Page { done: true, ..page });
        assert!(left.contains("action=\"../subscribe/45-abc\""), "{left}");
    }
}
