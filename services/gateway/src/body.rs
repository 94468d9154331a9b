//! Bodies on their way: whose fault it is when one stops, and how long it may.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::stream::Place;

/// What is known of a request's body while it is sent on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Upload(Arc<Progress>);

#[derive(Debug, Default)]
struct Progress {
    waits: AtomicBool,
    has_failed: AtomicBool,
}

impl Upload {
    /// Whether the client has been asked for more and has not sent it.
    pub(crate) fn waits_for_client(&self) -> bool {
        self.0.waits.load(Ordering::Acquire)
    }

    /// Whether the client broke off, or sent what cannot be read.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.has_failed.load(Ordering::Acquire)
    }

    /// `body`, watched.
    pub(crate) fn watch(&self, body: Body) -> Body {
        Body::new(Uploaded {
            body,
            upload: self.clone(),
        })
    }
}

struct Uploaded {
    body: Body,
    upload: Upload,
}

impl HttpBody for Uploaded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let progress = &self.upload.0;
        progress.waits.store(polled.is_pending(), Ordering::Release);
        let frame = ready!(polled);
        if let Some(Err(_)) = &frame {
            progress.has_failed.store(true, Ordering::Release);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer that stopped in its middle.
#[derive(Debug, thiserror::Error)]
#[error("nothing came for {} s", patience.as_secs())]
struct Stalled {
    patience: Duration,
}

/// An answer that breaks off when nothing comes for too long. Time in which its reader takes nothing does not count.
pub(crate) struct Watched {
    body: Body,
    patience: Duration,
    /// Runs while the body is waited for.
    sleep: Pin<Box<Sleep>>,
    is_waiting: bool,
    stream: Option<Stream>,
}

/// What an endless answer has besides: its place among them, and an end when the gateway ends.
struct Stream {
    ending: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: Place,
}

impl Watched {
    /// An answer that has an end.
    pub(crate) fn new(body: Body, patience: Duration) -> Self {
        Self {
            body,
            patience,
            sleep: Box::pin(tokio::time::sleep(patience)),
            is_waiting: false,
            stream: None,
        }
    }

    /// An answer without an end: it ends when `ending` says so.
    pub(crate) fn endless(body: Body, patience: Duration, place: Place, ending: CancellationToken) -> Self {
        let stream = Stream {
            ending: Box::pin(ending.cancelled_owned()),
            _place: place,
        };
        Self {
            stream: Some(stream),
            ..Self::new(body, patience)
        }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Some(stream) = &mut this.stream
            && stream.ending.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.is_waiting = false;
            return Poll::Ready(frame);
        }
        if !this.is_waiting {
            this.is_waiting = true;
            this.sleep.as_mut().reset(Instant::now() + this.patience);
        }
        ready!(this.sleep.as_mut().poll(cx));
        let patience = this.patience;
        Poll::Ready(Some(Err(axum::Error::new(Stalled { patience }))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use http_body_util::BodyExt;
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    use tokio_stream::wrappers::UnboundedReceiverStream;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A body whose pieces the test sends.
    fn body() -> (UnboundedSender<&'static str>, Body) {
        let (sender, pieces) = unbounded_channel();
        let pieces = UnboundedReceiverStream::new(pieces).map(Ok::<_, std::io::Error>);
        (sender, Body::from_stream(pieces))
    }

    async fn next(
        body: &mut (impl HttpBody<Data = Bytes, Error = axum::Error> + Unpin),
    ) -> Option<Result<Bytes, ()>> {
        let frame = body.frame().await?;
        Some(frame.map(|frame| frame.into_data().unwrap()).map_err(drop))
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_breaks_off_when_nothing_comes_and_not_before() {
        let (sender, body) = body();
        let mut watched = Watched::new(body, PATIENCE);
        for _ in 0..3 {
            let late = async {
                tokio::time::sleep(PATIENCE.mul_f32(0.9)).await;
                sender.send("piece").unwrap();
            };
            let (piece, ()) = tokio::join!(next(&mut watched), late);
            assert_eq!(piece, Some(Ok("piece".into())));
        }
        assert_eq!(next(&mut watched).await, Some(Err(())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_its_time_is_not_cut_off() {
        let (sender, body) = body();
        let mut watched = Watched::new(body, PATIENCE);
        sender.send("one").unwrap();
        assert_eq!(next(&mut watched).await, Some(Ok("one".into())));
        tokio::time::sleep(PATIENCE * 3).await;
        let late = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            sender.send("two").unwrap();
        };
        let (piece, ()) = tokio::join!(next(&mut watched), late);
        assert_eq!(piece, Some(Ok("two".into())));
    }

    #[tokio::test]
    async fn an_upload_knows_for_whom_it_waits() {
        let (sender, body) = body();
        let upload = Upload::default();
        let mut watched = upload.watch(body);
        assert!(!upload.waits_for_client(), "nobody has asked for the body");
        {
            let mut waiting = std::pin::pin!(watched.frame());
            assert!(futures::poll!(&mut waiting).is_pending());
            assert!(upload.waits_for_client());
            sender.send("piece").unwrap();
            waiting.await.unwrap().unwrap();
        }
        assert!(!upload.waits_for_client(), "it is the service that takes no more");
        drop(sender);
        assert!(watched.frame().await.is_none());
        assert!(!upload.waits_for_client() && !upload.has_failed());
    }

    #[tokio::test]
    async fn an_upload_knows_that_it_broke_off() {
        let upload = Upload::default();
        let broken = tokio_stream::iter([Err::<&str, _>(std::io::Error::other("reset"))]);
        let mut watched = upload.watch(Body::from_stream(broken));
        assert!(watched.frame().await.unwrap().is_err());
        assert!(upload.has_failed());
    }
}
