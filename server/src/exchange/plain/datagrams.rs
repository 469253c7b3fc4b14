//! SIP over UDP: a flow for each address that datagrams come from.

use super::{Edge, Heard, Inner, PING, STRANGE, Shown, Stranger, arrival, edge, ping};
use crate::exchange::mail::{Mail, Outgoing, Waiting, queue};
use crate::exchange::socket::{BURST, RATE};
use crate::exchange::visitors::Visit;
use crate::socket::Budget;
use crate::stop::Stop;
use axum::body::Bytes;
use sip::header::ViaTransport;
use sip::registrar::Flow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// No datagram is larger.
const LARGEST: usize = 64 * 1024;
/// How long nothing is read when the system cannot.
const PAUSE: Duration = Duration::from_millis(100);

/// What the reader knows of a flow.
struct Known {
    flow: Flow,
    budget: Budget,
    heard: Heard,
    /// Somebody signed something here.
    signed: Arc<AtomicBool>,
    /// The budget is that of who signed.
    trusted: bool,
}

/// A flow's own task.
struct Line {
    inner: Arc<Inner>,
    socket: Arc<UdpSocket>,
    flow: Flow,
    edge: Edge,
    /// As the socket writes it.
    remote: SocketAddr,
    heard: Heard,
    signed: Arc<AtomicBool>,
}

/// Serves phones until the server stops.
pub(super) async fn serve(inner: Arc<Inner>, socket: UdpSocket, shown: Shown, mut stop: Stop) {
    let Ok(local) = socket.local_addr() else { return };
    let socket = Arc::new(socket);
    let (over, mut gone) = mpsc::unbounded_channel::<SocketAddr>();
    let mut flows: HashMap<SocketAddr, Known> = HashMap::new();
    let mut bytes = vec![0; LARGEST];
    let (guard, strangers) = (stop.clone(), Arc::default());
    let mut stopped = pin!(stop.requested());
    loop {
        let (length, remote) = tokio::select! {
            received = socket.recv_from(&mut bytes) => match received {
                Ok(received) => received,
                Err(error) => {
                    pause(&error).await;
                    continue;
                }
            },
            Some(remote) = gone.recv() => {
                flows.remove(&remote);
                continue;
            }
            () = &mut stopped => return,
        };
        let Some(datagram) = bytes.get(..length).filter(|bytes| !is_stun(bytes)) else { continue };
        let known = match flows.entry(remote) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                // PF6, PF7.
                let Some(stranger) = Stranger::enter(&strangers) else { continue };
                let Ok(visit) = inner.visitors.enter(Some(remote.ip().to_canonical())) else { continue };
                if inner.is_stopped() {
                    return;
                }
                let line = Line {
                    inner: Arc::clone(&inner),
                    socket: Arc::clone(&socket),
                    flow: inner.next_flow(),
                    edge: edge(ViaTransport::Udp, local, remote, &shown),
                    remote,
                    heard: Heard::now(),
                    signed: Arc::default(),
                };
                let Some(known) = line.open((visit, stranger), over.clone(), guard.clone()).await else { return };
                place.insert(known)
            }
        };
        known.heard.again();
        if !known.trusted && known.signed.load(Ordering::Relaxed) {
            (known.trusted, known.budget) = (true, Budget::new(BURST, RATE));
        }
        // PF8.
        if !known.budget.spend() {
            continue;
        }
        let mail = Mail::Received { flow: known.flow, bytes: Bytes::copy_from_slice(datagram) };
        if inner.inbox.send(mail).await.is_err() {
            return;
        }
    }
}

/// STUN (RFC 8489 5) is no SIP; nobody was told that it is answered here.
fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|byte| *byte < 4)
}

/// An answer to a phone that is gone comes back as an error, and is nobody's fault.
async fn pause(error: &io::Error) {
    if !matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset) {
        tracing::error!(%error, "no datagrams can be read for a moment");
        tokio::time::sleep(PAUSE).await;
    }
}

impl Line {
    /// PF1; nothing when nobody takes what comes any more.
    async fn open(
        self,
        place: (Visit, Stranger),
        over: mpsc::UnboundedSender<SocketAddr>,
        stop: Stop,
    ) -> Option<Known> {
        let (queue, outgoing) = queue();
        let opened = Mail::Opened {
            arrival: arrival(self.flow, &self.edge),
            address: self.edge.remote.ip(),
            queue,
            edge: Some(self.edge.clone()),
        };
        self.inner.inbox.send(opened).await.ok()?;
        let (heard, signed) = (self.heard.clone(), Arc::clone(&self.signed));
        let known = Known { flow: self.flow, budget: Budget::new(STRANGE.0, STRANGE.1), heard, signed, trusted: false };
        tokio::spawn(async move {
            self.run(outgoing, place, stop).await;
            // Who reads may have stopped.
            let _ = over.send(self.remote);
            let _ = self.inner.inbox.send(Mail::Closed { flow: self.flow, for_good: false }).await;
        });
        Some(known)
    }

    async fn run(&self, mut outgoing: Waiting, (mut visit, stranger): (Visit, Stranger), mut stop: Stop) {
        let mut stopped = pin!(stop.requested());
        let (mut pinged, mut stranger) = (Instant::now(), Some(stranger));
        loop {
            let signed = self.signed.load(Ordering::Relaxed);
            // PF3, PF5.
            let Some(left) = self.heard.left(signed) else { return };
            let now = Instant::now();
            let wake = if signed { (now + left).min(pinged + PING) } else { now + left };
            tokio::select! {
                message = outgoing.recv() => match message {
                    Some(Outgoing::Message(bytes)) => self.send(&bytes, None).await,
                    Some(Outgoing::ToPort(bytes, port)) => self.send(&bytes, Some(port)).await,
                    Some(Outgoing::Admitted) => {
                        self.signed.store(true, Ordering::Relaxed);
                        visit.known();
                        stranger.take();
                        pinged = Instant::now();
                    }
                    Some(Outgoing::Close(..)) | None => return,
                },
                () = sleep_until(wake) => if signed && pinged.elapsed() >= PING {
                    // PF4.
                    pinged = Instant::now();
                    self.send(&ping::ping(&self.edge, self.flow), None).await;
                },
                () = &mut stopped => return,
            }
        }
    }

    /// What is lost is sent again by who sent it (RFC 3261 17).
    async fn send(&self, bytes: &[u8], port: Option<u16>) {
        let to = SocketAddr::new(self.remote.ip(), port.unwrap_or_else(|| self.remote.port()));
        if let Err(error) = self.socket.send_to(bytes, to).await {
            tracing::debug!(%error, "a datagram could not be sent");
        }
    }
}
