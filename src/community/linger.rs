//! An answer that comes before the body was read must still reach the sender.
//!
//! Closing a connection while bytes are still coming makes the kernel reset it, and the reset eats
//! the answer on its way: the sender sees a broken pipe instead of "413, too large". So the answer
//! goes out at once, and what is still coming is read and thrown away for a while, bounded in bytes,
//! in time, and in how many connections may do this at once.

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// What throwing away may cost.
#[derive(Clone, Debug)]
pub struct Drain {
    pub bytes: usize,
    pub time: Duration,
    /// How many connections may be drained at once.
    pub places: Arc<Semaphore>,
}

/// The body of a request, shared between its reader and the drain that may follow.
#[derive(Clone)]
struct Shared(Arc<Mutex<Option<BodyDataStream>>>);

impl Stream for Shared {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(body) = slot.as_mut() else { return Poll::Ready(None) };
        let polled = body.poll_next_unpin(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            *slot = None;
        }
        polled
    }
}

/// Whether any of the body was asked for.
#[derive(Clone, Default)]
struct Seen(Arc<AtomicBool>);

impl Seen {
    fn watch(&self, body: Shared) -> impl Stream<Item = Result<Bytes, axum::Error>> + use<> {
        let seen = self.clone();
        body.inspect(move |_| seen.0.store(true, Ordering::Relaxed))
    }

    fn anything(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The layer around every route.
pub async fn layer(State(drain): State<Drain>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Reading would tell such a sender to go on, when it waits to hear whether it should.
    let waits = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let rest = Shared(Arc::new(Mutex::new(Some(body.into_data_stream()))));
    let seen = Seen::default();
    let reader = Body::from_stream(seen.watch(rest.clone()));
    let response = next.run(Request::from_parts(parts, reader)).await;
    let begun = !waits || seen.anything();
    if begun && response.status() != StatusCode::REQUEST_TIMEOUT {
        let left = rest.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(left) = left {
            throw_away(left, drain);
        }
    }
    response
}

fn throw_away(mut body: BodyDataStream, drain: Drain) {
    let Ok(place) = drain.places.try_acquire_owned() else { return };
    tokio::spawn(async move {
        let _place = place;
        let deadline = Instant::now() + drain.time;
        let mut left = drain.bytes;
        while let Ok(Some(Ok(piece))) = timeout_at(deadline, body.next()).await {
            match left.checked_sub(piece.len()) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    });
}
