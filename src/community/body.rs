//! Reading a body that somebody else sends: never more than so many bytes, never longer than so
//! many seconds, and never waiting long between two pieces.

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// What a body may cost.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub bytes: usize,
    /// Between two pieces.
    pub pause: Duration,
    /// For the whole.
    pub whole: Duration,
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    TooLarge,
    TooSlow,
    /// The connection broke, or the chunks make no sense.
    Broken,
}

pub async fn read(body: Body, patience: Patience) -> Result<Vec<u8>, Unread> {
    let mut pieces = body.into_data_stream();
    let deadline = Instant::now() + patience.whole;
    let mut whole: Vec<u8> = Vec::new();
    loop {
        let piece = timeout_at(deadline, timeout(patience.pause, pieces.next())).await;
        let piece: Bytes = match piece {
            Err(_) | Ok(Err(_)) => return Err(Unread::TooSlow),
            Ok(Ok(None)) => return Ok(whole),
            Ok(Ok(Some(Err(_)))) => return Err(Unread::Broken),
            Ok(Ok(Some(Ok(piece)))) => piece,
        };
        if whole.len() + piece.len() > patience.bytes {
            return Err(Unread::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn patience(bytes: usize) -> Patience {
        Patience { bytes, pause: Duration::from_secs(5), whole: Duration::from_millis(80) }
    }

    fn pieces(every: Duration) -> Body {
        let ticks = tokio::time::interval(every);
        Body::from_stream(futures_util::stream::unfold(ticks, async |mut ticks| {
            ticks.tick().await;
            Some((Ok::<_, Infallible>("x"), ticks))
        }))
    }

    #[tokio::test]
    async fn a_body_that_comes_in_drops_is_given_up_as_a_whole() {
        let drops = pieces(Duration::from_millis(5));
        assert_eq!(read(drops, patience(1000)).await, Err(Unread::TooSlow));
    }

    #[tokio::test]
    async fn the_first_byte_too_many_ends_it() {
        let endless = pieces(Duration::from_nanos(1));
        assert_eq!(read(endless, patience(3)).await, Err(Unread::TooLarge));
        assert_eq!(read(Body::from("abc"), patience(3)).await, Ok(b"abc".to_vec()));
        assert_eq!(read(Body::from("abcd"), patience(3)).await, Err(Unread::TooLarge));
    }
}
