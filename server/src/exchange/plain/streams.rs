//! SIP over TCP and TLS: a flow for each stream.

use super::frames::Frames;
use super::{Edge, Heard, Inner, PING, STRANGE, Shown, Stranger, arrival, edge, ping};
use crate::exchange::mail::{Mail, Outgoing, Waiting, queue};
use crate::exchange::socket::{BURST, RATE};
use crate::exchange::visitors::Visit;
use crate::socket::{AT_ONCE, Budget};
use crate::stop::Stop;
use axum::body::Bytes;
use sip::header::ViaTransport;
use sip::registrar::Flow;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

/// How long one message may take to leave.
const SEND: Duration = Duration::from_secs(10);
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long nothing is accepted when the system has no room for one more connection.
const PAUSE: Duration = Duration::from_secs(1);

/// A stream, and who it is.
struct Line {
    inner: Arc<Inner>,
    flow: Flow,
    edge: Edge,
    heard: Heard,
}

/// It is over.
struct Over;

/// Serves phones until the server stops.
pub(super) async fn serve(
    inner: Arc<Inner>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shown: Shown,
    mut stop: Stop,
) {
    let Ok(local) = listener.local_addr() else { return };
    let transport = if tls.is_some() { ViaTransport::Tls } else { ViaTransport::Tcp };
    let (guard, strangers) = (stop.clone(), Arc::default());
    let mut stopped = pin!(stop.requested());
    loop {
        let (stream, remote) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    pause(&error).await;
                    continue;
                }
            },
            () = &mut stopped => return,
        };
        // PF6, PF7: without a place it is closed at once.
        let Some(stranger) = Stranger::enter(&strangers) else { continue };
        let Ok(visit) = inner.visitors.enter(Some(remote.ip().to_canonical())) else { continue };
        if inner.is_stopped() {
            return;
        }
        let line = Line {
            inner: Arc::clone(&inner),
            flow: inner.next_flow(),
            // A stream knows its own address, also where all are listened to.
            edge: edge(transport.clone(), stream.local_addr().unwrap_or(local), remote, &shown),
            heard: Heard::now(),
        };
        tokio::spawn(line.run(stream, tls.clone(), (visit, stranger), guard.clone()));
    }
}

/// A connection that broke before it was accepted is nobody's fault; when files are used up, some have to be closed.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "no phone can connect for a moment");
        sleep(PAUSE).await;
    }
}

impl Line {
    async fn run(self, stream: TcpStream, tls: Option<TlsAcceptor>, place: (Visit, Stranger), stop: Stop) {
        // SIP messages are small and must not wait for one another.
        let _ = stream.set_nodelay(true);
        match tls {
            None => self.converse(stream, place, stop).await,
            Some(acceptor) => match timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.converse(stream, place, stop).await,
                Ok(Err(error)) => tracing::debug!(%error, "a phone's handshake failed"),
                Err(_) => {}
            },
        }
    }

    /// PF2.
    async fn converse(
        self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        (mut visit, stranger): (Visit, Stranger),
        mut stop: Stop,
    ) {
        let (queue, mut outgoing) = queue();
        let opened = Mail::Opened {
            arrival: arrival(self.flow, &self.edge),
            address: self.edge.remote.ip(),
            queue,
            edge: Some(self.edge.clone()),
        };
        if self.inner.inbox.send(opened).await.is_err() {
            return;
        }
        let mut stranger = Some(stranger);
        let admitted = || {
            stranger.take();
            visit.known();
        };
        let _: Result<(), Over> = self.talk(&mut stream, &mut outgoing, admitted, &mut stop).await;
        let _ = self.inner.inbox.send(Mail::Closed { flow: self.flow, for_good: false }).await;
        let _ = timeout(SEND, stream.shutdown()).await;
    }

    async fn talk(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        outgoing: &mut Waiting,
        mut admitted: impl FnMut(),
        stop: &mut Stop,
    ) -> Result<(), Over> {
        let (mut frames, mut bytes) = (Frames::default(), vec![0; AT_ONCE]);
        let (mut budget, mut signed) = (Budget::new(STRANGE.0, STRANGE.1), false);
        let mut pinged = Instant::now();
        let mut stopped = pin!(stop.requested());
        loop {
            // PF3, PF5.
            let left = self.heard.left(signed).ok_or(Over)?;
            let now = Instant::now();
            let wake = if signed { (now + left).min(pinged + PING) } else { now + left };
            tokio::select! {
                read = stream.read(&mut bytes) => {
                    let length = read.ok().filter(|length| *length > 0).ok_or(Over)?;
                    self.heard.again();
                    frames.extend(bytes.get(..length).unwrap_or_default());
                    self.read(&mut frames, &mut budget).await?;
                }
                message = outgoing.recv() => match message {
                    Some(Outgoing::Message(message) | Outgoing::ToPort(message, _)) => write(stream, &message).await?,
                    Some(Outgoing::Admitted) => {
                        (signed, pinged, budget) = (true, Instant::now(), Budget::new(BURST, RATE));
                        admitted();
                    }
                    Some(Outgoing::Close(..)) | None => return Err(Over),
                },
                () = sleep_until(wake) => if signed && pinged.elapsed() >= PING {
                    // PF4.
                    pinged = Instant::now();
                    write(stream, &ping::ping(&self.edge, self.flow)).await?;
                },
                () = &mut stopped => return Err(Over),
            }
        }
    }

    async fn read(&self, frames: &mut Frames, budget: &mut Budget) -> Result<(), Over> {
        while let Some(message) = frames.next().map_err(|_| Over)? {
            // PF8.
            if !budget.spend() {
                return Err(Over);
            }
            let mail = Mail::Received { flow: self.flow, bytes: Bytes::from(message) };
            self.inner.inbox.send(mail).await.map_err(|_| Over)?;
        }
        Ok(())
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), Over> {
    match timeout(SEND, async { stream.write_all(bytes).await.and(stream.flush().await) }).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Over),
    }
}
