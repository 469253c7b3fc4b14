use super::CallId;
use super::events::Subject;
use crate::Instant;
use crate::message::{Method, Request, Response};
use crate::transaction::{
    ClientInvite, ClientNonInvite, Effect, Key, Reliability, ServerInvite, ServerInviteState, ServerNonInvite,
    ServerNonInviteState,
};
use alloc::vec::Vec;

/// How many requests of others may be under way at once; more are dropped.
const MAX_SERVER: usize = 256;
/// WebSocket, TCP and TLS are; an agent has no other transport.
const RELIABLE: Reliability = Reliability::Reliable;
/// What was answered is remembered as if nothing were reliable (RFC 3261 17.2.2 timer J): the connection may have died with
/// the answer in it, and who asked repeats its request over the next one. It must not be done twice.
const FORGETFUL: Reliability = Reliability::Unreliable;

/// This bit beside the number of challenges says that a request found its flow failed, and goes for the second time.
pub(super) const FLOW_RENEWED: u8 = 0x80;

/// For what a request was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Purpose {
    /// To be bound, or unbound.
    Register,
    /// To begin this call.
    Invite(CallId),
    /// To change this call.
    Reinvite(CallId),
    /// For something beside registering and calling.
    Event(Subject),
    /// To acknowledge a provisional response of this call.
    Prack(CallId),
    /// To refresh the session of this call.
    Update(CallId),
    /// To say something beside this call.
    Info(CallId),
    /// To have this call passed on.
    Refer(CallId),
    /// To tell in this call what became of the one that was asked for there.
    Report(CallId),
    /// To end something that is over already here: CANCEL, BYE.
    Farewell,
    /// To hear anything at all: OPTIONS.
    Probe,
}

impl Purpose {
    /// The same for the other one of two calls that change their names.
    pub(super) fn swapped(self, one: CallId, other: CallId) -> Self {
        let swap = |id: CallId| {
            if id == one {
                other
            } else if id == other {
                one
            } else {
                id
            }
        };
        match self {
            Self::Invite(id) => Self::Invite(swap(id)),
            Self::Reinvite(id) => Self::Reinvite(swap(id)),
            Self::Prack(id) => Self::Prack(swap(id)),
            Self::Update(id) => Self::Update(swap(id)),
            Self::Info(id) => Self::Info(swap(id)),
            Self::Refer(id) => Self::Refer(swap(id)),
            Self::Report(id) => Self::Report(swap(id)),
            Self::Register | Self::Event(_) | Self::Farewell | Self::Probe => self,
        }
    }

    /// Whether it waits for a transport for as long as that takes: who is not told that a call is over talks to nobody, or
    /// rings.
    const fn outlasts_transport(self) -> bool {
        match self {
            Self::Farewell => true,
            Self::Register
            | Self::Invite(_)
            | Self::Reinvite(_)
            | Self::Event(_)
            | Self::Prack(_)
            | Self::Update(_)
            | Self::Info(_)
            | Self::Refer(_)
            | Self::Report(_)
            | Self::Probe => false,
        }
    }
}

/// All transactions of an agent.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Transactions {
    clients: Vec<Client>,
    servers: Vec<Server>,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Client {
    key: Key,
    purpose: Purpose,
    /// How many challenges were answered to get here; [`FLOW_RENEWED`].
    challenged: u8,
    /// Whether the request left: a transport was there.
    left: bool,
    machine: ClientMachine,
    /// Its call is over: until when its final response is waited for, which may never come.
    #[cfg_attr(feature = "serde", serde(default))]
    until: Option<Instant>,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum ClientMachine {
    Invite(ClientInvite),
    Other(ClientNonInvite),
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Server {
    key: Key,
    machine: ServerMachine,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum ServerMachine {
    Invite(ServerInvite),
    Other(ServerNonInvite),
}

/// What came of a request that was sent.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Outcome {
    pub(super) key: Key,
    pub(super) purpose: Purpose,
    pub(super) challenged: u8,
    pub(super) request: Request,
    /// `None`: nothing came in time.
    pub(super) response: Option<Response>,
}

/// What a call of [`Transactions`] leads to.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects {
    pub(super) transmit: Vec<Vec<u8>>,
    pub(super) outcomes: Vec<Outcome>,
}

impl Transactions {
    /// Sends a request. `left`: whether there is a transport now.
    pub(super) fn send(
        &mut self,
        request: Request,
        purpose: Purpose,
        challenged: u8,
        left: bool,
        now: Instant,
        effects: &mut Effects,
    ) -> Option<Key> {
        let key = Key::sent(&request).ok()?;
        let mut pushed = Vec::new();
        let machine = if request.method == Method::Invite {
            ClientMachine::Invite(ClientInvite::new(request, RELIABLE, now, &mut pushed))
        } else {
            ClientMachine::Other(ClientNonInvite::new(request, RELIABLE, now, &mut pushed))
        };
        let client = Client { key: key.clone(), purpose, challenged, left, machine, until: None };
        client.collect(pushed, effects);
        self.clients.push(client);
        Some(key)
    }

    /// A response arrived. One that belongs to nothing is dropped.
    pub(super) fn response(&mut self, response: &Response, now: Instant, effects: &mut Effects) {
        let Ok(key) = Key::client(response) else { return };
        let Some(client) = self.clients.iter_mut().find(|client| client.key == key) else { return };
        let mut pushed = Vec::new();
        match &mut client.machine {
            ClientMachine::Invite(machine) => machine.receive(response, now, &mut pushed),
            ClientMachine::Other(machine) => machine.receive(response, now, &mut pushed),
        }
        client.collect(pushed, effects);
        self.forget();
    }

    /// A request arrived: says whether a transaction took it. If not, there is one for it now (unless it is an
    /// ACK), and it is to be answered with [`Self::respond`]. `None`: there are too many.
    pub(super) fn request(
        &mut self,
        key: &Key,
        request: &Request,
        now: Instant,
        effects: &mut Effects,
    ) -> Option<bool> {
        let mut pushed = Vec::new();
        if let Some(server) = self.servers.iter_mut().find(|server| server.key == *key) {
            match &mut server.machine {
                ServerMachine::Invite(machine) => machine.receive(request, now, &mut pushed),
                ServerMachine::Other(machine) => machine.receive(request, &mut pushed),
            }
            // An ACK of a 2xx that came with the branch of its INVITE is the dialog's all the same.
            let absorbed = !pushed.iter().any(|effect| matches!(effect, Effect::Ack(_)));
            effects.transmit.extend(transmissions(pushed));
            self.forget();
            return Some(absorbed);
        }
        if request.method == Method::Ack {
            return Some(false);
        }
        if self.servers.len() >= MAX_SERVER && !self.forget_oldest_answer() {
            return None;
        }
        let machine = if request.method == Method::Invite {
            ServerMachine::Invite(ServerInvite::new(request, RELIABLE, now))
        } else {
            ServerMachine::Other(ServerNonInvite::new(FORGETFUL))
        };
        self.servers.push(Server { key: key.clone(), machine });
        Some(false)
    }

    /// Answers a request.
    pub(super) fn respond(&mut self, key: &Key, response: &Response, now: Instant, effects: &mut Effects) {
        let Some(server) = self.servers.iter_mut().find(|server| server.key == *key) else { return };
        let mut pushed = Vec::new();
        match &mut server.machine {
            ServerMachine::Invite(machine) => machine.respond(response, now, &mut pushed),
            ServerMachine::Other(machine) => machine.respond(response, now, &mut pushed),
        }
        effects.transmit.extend(transmissions(pushed));
        self.forget();
    }

    /// Whether there is a server transaction of this name.
    pub(super) fn has_server(&self, key: &Key) -> bool {
        self.servers.iter().any(|server| server.key == *key)
    }

    /// The CANCEL of an INVITE, if it may leave now.
    pub(super) fn cancel(&self, key: &Key) -> Option<Request> {
        self.clients.iter().find(|client| client.key == *key).and_then(|client| match &client.machine {
            ClientMachine::Invite(machine) => machine.cancel(),
            ClientMachine::Other(_) => None,
        })
    }

    /// Whether the CANCEL of an INVITE waits for its response.
    pub(super) fn is_cancelling(&self, key: &Key) -> bool {
        self.clients.iter().any(|client| *client.key.method() == Method::Cancel && client.key.cancelled() == *key)
    }

    /// Whether a request ever left.
    pub(super) fn has_left(&self, key: &Key) -> bool {
        self.clients.iter().any(|client| client.key == *key && client.left)
    }

    /// Forgets a request that was sent: nobody waits for its response any more.
    pub(super) fn drop_client(&mut self, key: &Key) {
        self.clients.retain(|client| client.key != *key);
    }

    /// The call of these requests is over: their final responses are acknowledged if they come in time.
    pub(super) fn abandon(&mut self, purpose: Purpose, until: Instant) {
        for client in self.clients.iter_mut().filter(|client| client.purpose == purpose) {
            client.until.get_or_insert(until);
        }
    }

    /// Whether there are no more than may be under way at once.
    pub(super) const fn is_bounded(&self) -> bool {
        self.clients.len() <= MAX_SERVER && self.servers.len() <= MAX_SERVER
    }

    /// Two calls change their names.
    pub(super) fn swap(&mut self, one: CallId, other: CallId) {
        for client in &mut self.clients {
            client.purpose = client.purpose.swapped(one, other);
        }
    }

    /// How many requests that were sent for this are under way.
    pub(super) fn count(&self, purpose: Purpose) -> usize {
        self.clients.iter().filter(|client| client.purpose == purpose).count()
    }

    /// Forgets all requests that were sent for this.
    pub(super) fn drop_purpose(&mut self, purpose: Purpose) {
        self.clients.retain(|client| client.purpose != purpose);
    }

    /// The transport was replaced by a new one. What waited for that begins anew.
    pub(super) fn resend(&mut self, now: Instant, effects: &mut Effects) {
        for client in &mut self.clients {
            let mut pushed = Vec::new();
            match &mut client.machine {
                ClientMachine::Invite(machine) => machine.resend(&mut pushed),
                ClientMachine::Other(machine) if client.purpose.outlasts_transport() => {
                    *machine = ClientNonInvite::new(machine.request().clone(), RELIABLE, now, &mut pushed);
                }
                ClientMachine::Other(machine) => machine.resend(&mut pushed),
            }
            client.left = true;
            client.collect(pushed, effects);
        }
        for server in &self.servers {
            let mut pushed = Vec::new();
            if let ServerMachine::Invite(machine) = &server.machine {
                machine.resend(&mut pushed);
            }
            effects.transmit.extend(transmissions(pushed));
        }
    }

    /// The agent stopped. It may start again at once, and be asked again what it answered: the answer may have got lost with
    /// the connection, or come after it. So may a BYE or a CANCEL of ours, which leaves once more then: the other end would
    /// talk to nobody, or ring.
    pub(super) fn halt(&mut self) {
        self.clients.retain(|client| client.purpose == Purpose::Farewell);
        self.servers.retain(|server| match &server.machine {
            // A call that still rings rings again.
            ServerMachine::Invite(_) => false,
            ServerMachine::Other(machine) => matches!(machine.state(), ServerNonInviteState::Completed { .. }),
        });
    }

    /// Does what is due. `away`: whether a transport is waited for; what is to be said whenever that comes has no time until
    /// then.
    pub(super) fn timeout(&mut self, now: Instant, away: bool, effects: &mut Effects) {
        self.clients.retain(|client| client.until.is_none_or(|until| until > now));
        for client in self.clients.iter_mut().filter(|client| !away || !client.purpose.outlasts_transport()) {
            let mut pushed = Vec::new();
            match &mut client.machine {
                ClientMachine::Invite(machine) => machine.timeout(now, &mut pushed),
                ClientMachine::Other(machine) => machine.timeout(now, &mut pushed),
            }
            client.collect(pushed, effects);
        }
        for server in &mut self.servers {
            let mut pushed = Vec::new();
            match &mut server.machine {
                ServerMachine::Invite(machine) => machine.timeout(now, &mut pushed),
                ServerMachine::Other(machine) => machine.timeout(now),
            }
            effects.transmit.extend(transmissions(pushed));
        }
        self.forget();
    }

    /// When [`Self::timeout`] has something to do.
    pub(super) fn deadline(&self, away: bool) -> Option<Instant> {
        let timed = self.clients.iter().filter(|client| !away || !client.purpose.outlasts_transport());
        let clients = timed.filter_map(|client| {
            let own = match &client.machine {
                ClientMachine::Invite(machine) => machine.deadline(),
                ClientMachine::Other(machine) => machine.deadline(),
            };
            own.into_iter().chain(client.until).min()
        });
        let servers = self.servers.iter().filter_map(|server| match &server.machine {
            ServerMachine::Invite(machine) => machine.deadline(),
            ServerMachine::Other(machine) => machine.deadline(),
        });
        clients.chain(servers).min()
    }

    /// Makes room for another request; says whether there was an answer to forget.
    fn forget_oldest_answer(&mut self) -> bool {
        let answered = |server: &Server| match &server.machine {
            // Its ACK ends nothing but the transaction.
            ServerMachine::Invite(machine) => matches!(machine.state(), ServerInviteState::Completed { .. }),
            ServerMachine::Other(machine) => matches!(machine.state(), ServerNonInviteState::Completed { .. }),
        };
        let oldest = self.servers.iter().position(answered);
        oldest.map(|oldest| self.servers.remove(oldest)).is_some()
    }

    /// Drops what is over.
    fn forget(&mut self) {
        self.clients.retain(|client| match &client.machine {
            ClientMachine::Invite(machine) => !machine.is_terminated(),
            ClientMachine::Other(machine) => !machine.is_terminated(),
        });
        self.servers.retain(|server| match &server.machine {
            ServerMachine::Invite(machine) => !machine.is_terminated(),
            ServerMachine::Other(machine) => !machine.is_terminated(),
        });
    }
}

impl Client {
    fn collect(&self, pushed: Vec<Effect>, effects: &mut Effects) {
        for effect in pushed {
            match effect {
                Effect::Transmit(bytes) => effects.transmit.push(bytes),
                Effect::Response(response) => effects.outcomes.push(self.outcome(Some(response))),
                Effect::TimedOut | Effect::TransportFailed => effects.outcomes.push(self.outcome(None)),
                Effect::Ack(_) | Effect::Unacknowledged => {}
            }
        }
    }

    fn outcome(&self, response: Option<Response>) -> Outcome {
        let request = match &self.machine {
            ClientMachine::Invite(machine) => machine.request().clone(),
            ClientMachine::Other(machine) => machine.request().clone(),
        };
        Outcome { key: self.key.clone(), purpose: self.purpose, challenged: self.challenged, request, response }
    }
}

/// What the server machines want sent. That a refusal was never acknowledged concerns nobody: its call is over.
fn transmissions(pushed: Vec<Effect>) -> impl Iterator<Item = Vec<u8>> {
    pushed.into_iter().filter_map(|effect| match effect {
        Effect::Transmit(bytes) => Some(bytes),
        Effect::Response(_) | Effect::TimedOut | Effect::Ack(_) | Effect::Unacknowledged | Effect::TransportFailed => {
            None
        }
    })
}
