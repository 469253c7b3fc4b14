use super::core::Core;
use super::profile::Learned;
use super::refusal::wait;
use super::transactions::{Outcome, Purpose};
use super::{Config, Event, Refusal, Registration, compose};
use crate::Instant;
use crate::header::{Contact, Expires, FlowTimer, MinExpires};
use crate::message::{Response, Status};
use alloc::vec::Vec;
use core::time::Duration;

/// How long after a refusal it is tried again; it doubles from there.
const RETRY: Duration = Duration::from_secs(30);
/// How often it doubles where the server may soon be better: to 8 minutes.
const DOUBLINGS: u32 = 4;
/// How often it doubles where a person has to do something first: to an hour. Wrong passwords, tried often, make servers
/// shut an address out.
const DOUBLINGS_BY_HAND: u32 = 7;
/// How long stopping may take.
const FAREWELL: Duration = Duration::from_millis(1500);
/// How long of that is waited for the ACK of a call that was answered just before. Its BYE has to wait for that ACK
/// (RFC 3261 15), which finds only who is registered.
const ACKNOWLEDGED: Duration = Duration::from_millis(1000);
/// The longest binding that is asked for, whatever Min-Expires says.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// How many requests may wait for a new flow at once.
const MAX_RETRIES: usize = 16;

/// The registration (RFC 3261 10.2, RFC 5626 4.2).
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | RG1 | Idle, Stopped | start | opens the transport | Waiting |
/// | RG2 | Unbinding, Parting | start | REGISTER | Asking |
/// | RG3 | Waiting | transport is up | REGISTER | Asking |
/// | RG4 | Asking | 2xx | keeps what it says: outbound, GRUU, Service-Route, Flow-Timer | Bound |
/// | RG5 | Asking | 423 with a longer time | REGISTER for that | Asking, bound as before |
/// | RG6 | Asking | 439 to a REGISTER with reg-id | REGISTER without | Asking, bound as before |
/// | RG7 | Asking | 430 | counts the transport as lost | Waiting |
/// | RG8 | Asking | 5xx and the like, and the round has another server | counts the transport as lost | Waiting |
/// | RG9 | Asking | other refusals | – | Refused |
/// | RG10 | Asking | nothing came | counts the transport as lost | Waiting |
/// | RG11 | Asking, still bound | the binding ran out | – | Asking |
/// | RG12 | Bound | its time came | REGISTER | Asking, still bound |
/// | RG13 | Bound | another request was answered 430 | REGISTER | Asking, still bound |
/// | RG14 | Bound | a request waits for a new flow | sends it again, once, by the new Service-Route | Bound |
/// | RG15 | Refused | its time came | REGISTER | Asking |
/// | RG16 | Refused with 5xx and the like | its time came, and there are several servers | counts the transport as lost | Waiting |
/// | RG17 | Waiting, Asking, Bound, Refused | transport lost | – | Waiting |
/// | RG18 | Asking, Bound | stop | REGISTER with Expires 0 | Unbinding |
/// | RG19 | Idle, Waiting, Refused, Stopped | stop | tells that it stopped | Stopped |
/// | RG20 | Unbinding | a final response, and each BYE has its own; nothing in 1.5 s; transport lost | tells that it stopped | Stopped |
/// | RG21 | Asking, Bound | stop, and somebody has to acknowledge yet that their call was answered | – | Parting |
/// | RG22 | Parting | they did; or they did not in 1 s, and are sent BYE all the same | REGISTER with Expires 0 | Unbinding |
/// | RG23 | Parting | transport lost | tells that it stopped | Stopped |
///
/// Challenges are answered below this machine: only a refusal for good is told to it.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Registering {
    state: State,
    seq: u32,
    /// What is asked for.
    expires: Duration,
    /// How many refusals there were in a row.
    #[cfg_attr(feature = "serde", serde(default))]
    refusals: u32,
    /// The outcomes of requests that found their flow failed, and go once more over a new one (RFC 5626 11.6).
    #[cfg_attr(feature = "serde", serde(default))]
    retries: Vec<Outcome>,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum State {
    Idle,
    Waiting,
    Asking {
        /// Until when the last binding holds, if this refreshes one.
        bound: Option<Instant>,
    },
    Bound {
        refresh: Instant,
        until: Instant,
    },
    Refused {
        #[cfg_attr(feature = "serde", serde(default = "forgotten"))]
        refusal: Refusal,
        retry: Instant,
    },
    /// Somebody is to hear yet that their call is over.
    Parting {
        acknowledged: Instant,
        until: Instant,
    },
    Unbinding {
        until: Instant,
    },
    Stopped,
}

/// Version 2 of a snapshot keeps another cause. It does not matter: who goes on from a snapshot asks anew.
#[cfg(feature = "serde")]
const fn forgotten() -> Refusal {
    Refusal::Busy
}

impl Registering {
    pub(super) const fn new(config: &Config) -> Self {
        Self {
            state: State::Idle,
            seq: config.register_cseq.saturating_sub(1),
            expires: config.register_expires,
            refusals: 0,
            retries: Vec::new(),
        }
    }

    /// Goes on after being saved: what is asked for is what the configuration says now, and no number is used
    /// again that was sent after it was saved.
    pub(super) fn resume(&mut self, config: &Config, numbers: u32) {
        self.expires = config.register_expires;
        self.skip(numbers);
        self.seq = self.seq.max(config.register_cseq.saturating_sub(1));
    }

    /// Whether no more waits for a new flow than may.
    pub(super) const fn is_bounded(&self) -> bool {
        self.retries.len() <= MAX_RETRIES
    }

    /// What the user sees of it.
    pub(super) fn registration(&self, core: &Core) -> Registration {
        let transport = || {
            if core.link.is_failing() { Registration::Unreachable } else { Registration::Connecting }
        };
        match &self.state {
            State::Idle => Registration::Idle,
            State::Parting { .. } | State::Unbinding { .. } => Registration::Unregistering,
            State::Stopped => Registration::Stopped,
            State::Waiting => transport(),
            State::Asking { bound: None } => Registration::Registering,
            State::Asking { bound: Some(_) } | State::Bound { .. } => Registration::Registered,
            State::Refused { refusal, .. } => Registration::Refused(*refusal),
        }
    }

    /// Whether being bound, or becoming it, is wanted.
    pub(super) const fn is_wanted(&self) -> bool {
        match self.state {
            State::Idle | State::Parting { .. } | State::Unbinding { .. } | State::Stopped => false,
            State::Waiting | State::Asking { .. } | State::Bound { .. } | State::Refused { .. } => true,
        }
    }

    /// Wants to be bound.
    pub(super) fn start(&mut self, core: &mut Core) {
        if self.is_wanted() {
            return;
        }
        core.transactions.drop_purpose(Purpose::Register);
        core.questions.forget_purpose(Purpose::Register);
        self.state = State::Waiting;
        if core.link.is_up() {
            self.ask(core, None);
        } else if core.link.is_off() {
            core.open();
        }
    }

    /// Wants to be unbound. `owing`: whether somebody has to acknowledge a call before they can be told that it is over.
    pub(super) fn stop(&mut self, core: &mut Core, owing: bool) {
        let was_asked = match self.state {
            State::Parting { .. } | State::Unbinding { .. } => return,
            State::Asking { .. } | State::Bound { .. } => true,
            State::Idle | State::Waiting | State::Refused { .. } | State::Stopped => false,
        };
        core.transactions.drop_purpose(Purpose::Register);
        core.questions.forget_purpose(Purpose::Register);
        let until = core.now + FAREWELL;
        if !core.link.is_up() || !was_asked {
            self.stopped(core);
        } else if owing {
            self.state = State::Parting { acknowledged: core.now + ACKNOWLEDGED, until };
        } else {
            self.unbind(core, until);
        }
    }

    /// Whether nobody is waited for any more who has to acknowledge a call.
    pub(super) fn has_parted(&self, now: Instant) -> bool {
        matches!(self.state, State::Parting { acknowledged, .. } if acknowledged <= now)
    }

    /// The transport is there.
    pub(super) fn connected(&mut self, core: &mut Core) {
        if self.is_wanted() {
            self.ask(core, None);
        }
    }

    /// The transport is gone.
    pub(super) fn disconnected(&mut self, core: &mut Core) {
        core.transactions.drop_purpose(Purpose::Register);
        core.questions.forget_purpose(Purpose::Register);
        core.config.learned.plain = false;
        match self.state {
            State::Idle | State::Stopped => {}
            State::Parting { .. } | State::Unbinding { .. } => self.stopped(core),
            State::Waiting | State::Asking { .. } | State::Bound { .. } | State::Refused { .. } => {
                self.state = State::Waiting;
            }
        }
    }

    /// Something came of REGISTER. Says whether the transport is to be counted as lost.
    pub(super) fn outcome(&mut self, core: &mut Core, outcome: &Outcome) -> bool {
        match self.state {
            State::Asking { .. } => {
                let Some(response) = &outcome.response else { return true };
                if response.status.is_success() {
                    self.bound(core, response);
                } else if response.status.is_final() {
                    return self.refused(core, outcome, response);
                }
            }
            State::Parting { .. } | State::Unbinding { .. } => {
                // It is settled when the calls are, too.
            }
            State::Idle | State::Waiting | State::Bound { .. } | State::Refused { .. } | State::Stopped => {}
        }
        false
    }

    /// What was wanted at the end is done: it is unbound, and whoever it was in a call with knows that it is over.
    pub(super) fn settle(&mut self, core: &mut Core, owing: bool) {
        if let State::Parting { until, .. } = self.state
            && !owing
        {
            self.unbind(core, until);
        }
        let is_unbinding = matches!(self.state, State::Unbinding { .. });
        if is_unbinding && !core.is_under_way(Purpose::Register) && !core.is_under_way(Purpose::Farewell) {
            self.stopped(core);
        }
    }

    /// A request found its flow failed: it goes again once there is a new binding. Says whether that can be had.
    pub(super) fn renew(&mut self, core: &mut Core, outcome: Outcome) -> bool {
        let is_bound = match self.state {
            State::Bound { .. } => true,
            State::Waiting | State::Asking { .. } => false,
            State::Idle | State::Refused { .. } | State::Parting { .. } | State::Unbinding { .. } | State::Stopped => {
                return false;
            }
        };
        if self.retries.len() >= MAX_RETRIES {
            return false;
        }
        self.retries.push(outcome);
        if is_bound {
            self.ask(core, self.until());
        }
        true
    }

    /// The next request that waited for a new flow, and whether there is one; `None` as long as that is not known.
    pub(super) fn renewed(&mut self) -> Option<(Outcome, bool)> {
        let bound = match self.state {
            State::Waiting | State::Asking { .. } => return None,
            State::Bound { .. } => true,
            State::Idle | State::Refused { .. } | State::Parting { .. } | State::Unbinding { .. } | State::Stopped => {
                false
            }
        };
        (!self.retries.is_empty()).then(|| (self.retries.remove(0), bound))
    }

    /// REGISTER was signed: the number to send it again with.
    pub(super) const fn next_seq(&mut self) -> u32 {
        self.skip(1);
        self.seq
    }

    /// Makes the next number jump.
    pub(super) const fn skip(&mut self, numbers: u32) {
        self.seq = self.seq.saturating_add(numbers) & 0x7fff_ffff;
    }

    /// Does what is due. Says whether the transport is to be counted as lost.
    pub(super) fn timeout(&mut self, core: &mut Core) -> bool {
        if self.deadline().is_none_or(|deadline| deadline > core.now) {
            return false;
        }
        match self.state {
            State::Bound { until, .. } => self.ask(core, Some(until)),
            State::Refused { refusal, .. } if refusal.is_of_the_server() && core.servers.are_several() => return true,
            State::Refused { .. } => self.ask(core, None),
            State::Asking { .. } => self.state = State::Asking { bound: None },
            State::Unbinding { .. } => self.stopped(core),
            // Its calls do what is due, and then it goes on.
            State::Parting { .. } => {}
            State::Idle | State::Waiting | State::Stopped => {}
        }
        false
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Bound { refresh: at, .. }
            | State::Refused { retry: at, .. }
            | State::Parting { acknowledged: at, .. }
            | State::Unbinding { until: at } => Some(at),
            State::Asking { bound } => bound,
            State::Idle | State::Waiting | State::Stopped => None,
        }
    }

    /// Until when the last binding holds, if there is one.
    const fn until(&self) -> Option<Instant> {
        match self.state {
            State::Asking { bound } => bound,
            State::Bound { until, .. } => Some(until),
            State::Idle
            | State::Waiting
            | State::Refused { .. }
            | State::Parting { .. }
            | State::Unbinding { .. }
            | State::Stopped => None,
        }
    }

    fn ask(&mut self, core: &mut Core, bound: Option<Instant>) {
        self.state = State::Asking { bound };
        self.send(core, self.expires);
    }

    fn unbind(&mut self, core: &mut Core, until: Instant) {
        self.state = State::Unbinding { until };
        self.send(core, Duration::ZERO);
    }

    fn send(&mut self, core: &mut Core, expires: Duration) {
        let seq = self.next_seq();
        let mut request = compose::register(core, seq, expires);
        compose::via(core, &mut request);
        core.send(request, Purpose::Register, 0);
    }

    fn bound(&mut self, core: &mut Core, response: &Response) {
        let contacts = response.headers.all::<Contact>().unwrap_or_default();
        let own = own(core, &contacts);
        let expires = || response.headers.find::<Expires>().ok().flatten().map(|Expires(seconds)| seconds);
        let seconds = own.and_then(Contact::expires).or_else(expires);
        let lasts = seconds.map_or(self.expires, |seconds| Duration::from_secs(u64::from(seconds)).min(LONGEST));
        core.config.learn(response, own);
        let flow_timer = response.headers.find::<FlowTimer>().ok().flatten().filter(|timer| timer.0 > 0);
        // RFC 5626 4.4: at a random time between 80 and 100 % of it.
        let within = |FlowTimer(seconds)| Duration::from_millis(u64::from(seconds) * (800 + core.random.below(200)));
        core.link.keep_alive_within(flow_timer.map(within));
        self.refusals = 0;
        self.state = State::Bound { refresh: core.now + before(lasts), until: core.now + lasts };
    }

    /// Says whether the transport is to be counted as lost.
    fn refused(&mut self, core: &mut Core, outcome: &Outcome, response: &Response) -> bool {
        let least = response.headers.find::<MinExpires>().ok().flatten();
        if response.status == Status::INTERVAL_TOO_BRIEF
            && let Some(MinExpires(seconds)) = least
        {
            let least = Duration::from_secs(u64::from(seconds)).min(LONGEST);
            if least > self.expires {
                self.expires = least;
                self.ask(core, self.until());
                return false;
            }
        }
        if response.status == Status::FIRST_HOP_LACKS_OUTBOUND_SUPPORT && !core.config.learned.plain {
            core.config.learned.plain = true;
            self.ask(core, self.until());
            return false;
        }
        let refusal = Refusal::of(&core.config, &outcome.request, response);
        if response.status == Status::FLOW_FAILED || refusal.is_of_the_server() && core.servers.has_next() {
            return true;
        }
        let later = match wait(response) {
            Some(wait) => wait + core.random.jitter(wait / 10),
            None => {
                let most = if refusal.is_of_the_server() { DOUBLINGS } else { DOUBLINGS_BY_HAND };
                core.random.jitter(RETRY * (1 << self.refusals.min(most)))
            }
        };
        self.refusals = self.refusals.saturating_add(1);
        self.state = State::Refused { refusal, retry: core.now + later };
        false
    }

    fn stopped(&mut self, core: &mut Core) {
        self.state = State::Stopped;
        core.config.learned = Learned::default();
        core.event(Event::Stopped);
    }
}

/// How long before its end a binding is refreshed: the timers of a page that is hidden come up to a minute late, and
/// somebody may have to sign.
const EARLY: Duration = Duration::from_secs(70);

/// When to refresh a binding that lasts as long as this.
fn before(lasts: Duration) -> Duration {
    let early = EARLY.min(lasts / 2);
    // A binding of no time at all would be asked for in a loop.
    (lasts - early).max(Duration::from_secs(1))
}

/// Our binding: found by its instance and flow, by its instance, or else by its user. Registrars rewrite the rest.
fn own<'a>(core: &Core, contacts: &'a [Contact]) -> Option<&'a Contact> {
    let by_instance = |contact: &&Contact| contact.instance().is_some_and(|text| *text == *core.config.instance);
    let by_flow = |contact: &&Contact| by_instance(contact) && contact.reg_id() == Some(compose::REG_ID);
    let by_user = |contact: &&Contact| {
        let uri = contact.address().and_then(|address| address.uri.as_sip());
        uri.and_then(crate::uri::SipUri::user_unescaped).as_deref() == Some(core.config.contact_user.as_str())
    };
    let find = |is: &dyn Fn(&&Contact) -> bool| contacts.iter().find(|contact| is(contact));
    find(&by_flow).or_else(|| find(&by_instance)).or_else(|| find(&by_user))
}
