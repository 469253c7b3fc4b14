use super::super::{Agent, CallId, Config, Event, Input, Output, Phase, Refusal, Registration, Server};
use crate::Instant;
use crate::header::{Contact, Expires, MinExpires};
use crate::message::{Message, Method, Request, Response, Status};
use alloc::vec::Vec;
use core::time::Duration;

/// The rows of [`super::super::registering::Registering`]'s table.
struct Table {
    agent: Agent,
    now: Instant,
    /// All requests that were sent.
    sent: Vec<Request>,
    /// What it wanted of its transport since this was looked at last.
    wanted: Vec<&'static str>,
    stopped: usize,
    ended: Vec<CallId>,
}

fn idle_with(configure: impl FnOnce(&mut Config)) -> Table {
    let mut config = super::config();
    configure(&mut config);
    let now = Instant::from_millis(0);
    let agent = Agent::new(config, [1; 32], now);
    Table { agent, now, sent: Vec::new(), wanted: Vec::new(), stopped: 0, ended: Vec::new() }
}

fn idle() -> Table {
    idle_with(|_| {})
}

fn waiting() -> Table {
    let mut table = idle();
    table.start();
    table
}

fn asking() -> Table {
    let mut table = waiting();
    table.on(Input::Connected);
    table
}

fn bound() -> Table {
    let mut table = asking();
    table.accept();
    table
}

fn refused(status: Status) -> Table {
    let mut table = asking();
    table.refuse(status);
    table
}

/// A binding that is being refreshed.
fn refreshing() -> Table {
    let mut table = bound();
    table.pass(541);
    assert_eq!(table.registers(), 2);
    table
}

fn unbinding() -> Table {
    let mut table = bound();
    table.stop();
    table
}

/// On the first of two servers.
fn of_two() -> Table {
    let mut table = idle_with(|config| config.servers = Vec::from([Server::default(); 2]));
    table.start();
    table.on(Input::Connected);
    table
}

impl Table {
    fn on(&mut self, input: Input<'_>) {
        self.agent.handle(input, self.now);
        self.drain();
    }

    fn start(&mut self) {
        self.agent.start(self.now);
        self.drain();
    }

    fn stop(&mut self) {
        self.agent.stop(self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.agent.poll() {
            match output {
                Output::Connect(_) => self.wanted.push("connect"),
                Output::Disconnect => self.wanted.push("disconnect"),
                Output::Transmit(bytes) if bytes == b"\r\n\r\n" => {
                    self.agent.handle(Input::Received(b"\r\n"), self.now)
                }
                Output::Transmit(bytes) => match Message::parse(&bytes).unwrap() {
                    Message::Request(request) => self.sent.push(request),
                    Message::Response(_) => {}
                },
                Output::Event(Event::Stopped) => self.stopped += 1,
                Output::Event(Event::Ended { call, .. }) => self.ended.push(call),
                Output::Event(_) => {}
                Output::Ask(id, _) => {
                    let offer = super::super::Body { content_type: "application/sdp".into(), bytes: b"v=0".to_vec() };
                    self.agent.handle(Input::Answer(id, super::super::Answer::Description(offer)), self.now);
                }
            }
        }
    }

    /// Lets time pass, in which pings are answered.
    fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(due) = self.agent.deadline().filter(|due| *due <= end) {
            self.now = due;
            self.on(Input::Timeout);
        }
        self.now = end;
    }

    fn all(&self, method: &Method) -> Vec<&Request> {
        self.sent.iter().filter(|request| request.method == *method).collect()
    }

    fn registers(&self) -> usize {
        self.all(&Method::Register).len()
    }

    fn last(&self) -> &Request {
        self.all(&Method::Register).pop().unwrap()
    }

    fn answer(&mut self, request: &Request, status: Status, write: impl FnOnce(&mut Response)) {
        let mut response = Response::to_request(request, status);
        response.set_to_tag("registrar");
        write(&mut response);
        let bytes = response.to_bytes();
        self.on(Input::Received(&bytes));
    }

    fn accept(&mut self) {
        let register = self.last().clone();
        self.answer(&register, Status::OK, |response| {
            let own = register.headers.get::<Contact>().unwrap();
            response.headers.push_raw("Contact", &std::format!("{own};expires=600")).unwrap();
        });
    }

    fn refuse(&mut self, status: Status) {
        let register = self.last().clone();
        self.answer(&register, status, |_| {});
    }

    fn wanted(&mut self) -> Vec<&'static str> {
        core::mem::take(&mut self.wanted)
    }

    fn is(&self, registration: Registration) -> bool {
        self.agent.registration() == registration
    }

    /// A call whose INVITE found its flow failed.
    fn call_that_fails(&mut self) -> CallId {
        let call = self.agent.call("sip:bob@example.com".parse().unwrap(), self.now).unwrap();
        self.drain();
        let invite = self.all(&Method::Invite).pop().unwrap().clone();
        self.answer(&invite, Status::FLOW_FAILED, |_| {});
        call
    }
}

#[test]
fn rg1_start() {
    let mut table = idle();
    assert!(table.is(Registration::Idle));
    table.start();
    assert_eq!(table.wanted(), ["connect"]);
    assert!(table.is(Registration::Connecting));
    table.start();
    assert_eq!(table.wanted(), [""; 0], "it is wanted already");
    table.stop();
    table.start();
    assert_eq!(table.wanted(), ["disconnect", "connect"]);
}

#[test]
fn rg2_start_while_unbinding() {
    let mut table = unbinding();
    table.start();
    assert!(table.is(Registration::Registering));
    assert_eq!(table.last().headers.get::<Expires>(), Ok(Expires(600)));
    table.accept();
    assert!(table.is(Registration::Registered));
    assert_eq!(table.stopped, 0);
}

#[test]
fn rg3_transport_is_up() {
    let mut table = waiting();
    table.on(Input::Connected);
    assert!(table.is(Registration::Registering));
    assert_eq!(table.registers(), 1);
}

#[test]
fn rg4_2xx() {
    let mut table = asking();
    table.accept();
    assert!(table.is(Registration::Registered));
}

#[test]
fn rg5_423_with_a_longer_time() {
    let brief = |table: &mut Table, least: u32| {
        let register = table.last().clone();
        table.answer(&register, Status::INTERVAL_TOO_BRIEF, |response| response.headers.push(&MinExpires(least)));
    };
    let mut table = asking();
    brief(&mut table, 1800);
    assert!(table.is(Registration::Registering));
    assert_eq!(table.last().headers.get::<Expires>(), Ok(Expires(1800)));
    brief(&mut table, 1800);
    assert!(table.is(Registration::Refused(Refusal::Misconfigured(Status::INTERVAL_TOO_BRIEF))), "that is no longer");

    let mut refreshing = refreshing();
    brief(&mut refreshing, 1800);
    assert!(refreshing.is(Registration::Registered), "the binding still holds");
}

#[test]
fn rg6_439() {
    for (mut table, registration) in [(asking(), Registration::Registering), (refreshing(), Registration::Registered)] {
        assert_eq!(table.last().headers.get::<Contact>().unwrap().reg_id(), Some(1));
        table.refuse(Status::FIRST_HOP_LACKS_OUTBOUND_SUPPORT);
        assert!(table.is(registration));
        let plain = table.last().headers.get::<Contact>().unwrap();
        assert_eq!(plain.reg_id(), None);
        assert!(plain.instance().is_some(), "it is the same phone");
        table.refuse(Status::FIRST_HOP_LACKS_OUTBOUND_SUPPORT);
        let refusal = Refusal::Misconfigured(Status::FIRST_HOP_LACKS_OUTBOUND_SUPPORT);
        assert!(table.is(Registration::Refused(refusal)), "once");
    }
}

#[test]
fn rg7_430() {
    let mut table = asking();
    table.wanted();
    table.refuse(Status::FLOW_FAILED);
    assert_eq!(table.wanted(), ["disconnect", "connect"]);
    assert!(table.is(Registration::Unreachable));
}

#[test]
fn rg8_5xx_and_the_round_has_another_server() {
    let mut table = of_two();
    table.wanted();
    table.refuse(Status::SERVICE_UNAVAILABLE);
    assert_eq!(table.wanted(), ["disconnect", "connect"]);
    assert!(table.is(Registration::Connecting));
}

#[test]
fn rg9_other_refusals() {
    let in_trouble = Refusal::ServerFailure(Status::SERVICE_UNAVAILABLE);
    let mut table = of_two();
    table.refuse(Status::FORBIDDEN);
    assert!(
        table.is(Registration::Refused(Refusal::NotAllowed(Status::FORBIDDEN))),
        "another server would say the same"
    );
    let mut table = of_two();
    table.refuse(Status::SERVICE_UNAVAILABLE);
    table.on(Input::Connected);
    table.refuse(Status::SERVICE_UNAVAILABLE);
    assert!(table.is(Registration::Refused(in_trouble)), "that was the last server");
    assert!(refused(Status::SERVICE_UNAVAILABLE).is(Registration::Refused(in_trouble)));
}

#[test]
fn rg10_nothing_came() {
    let mut table = asking();
    table.wanted();
    table.pass(31);
    assert_eq!(table.wanted(), [""; 0], "the transport is alive");
    table.pass(1);
    assert_eq!(table.wanted(), ["disconnect", "connect"]);
}

#[test]
fn rg11_the_binding_ran_out() {
    let mut table = bound();
    table.pass(580);
    assert_eq!(table.wanted(), ["connect", "disconnect", "connect"], "the refresh was not answered");
    let mut slow = refreshing();
    // Each challenge begins a transaction of its own; here the registrar takes its time between them.
    slow.pass(30);
    let register = slow.last().clone();
    slow.answer(&register, Status::INTERVAL_TOO_BRIEF, |response| response.headers.push(&MinExpires(900)));
    slow.pass(27);
    assert!(slow.is(Registration::Registered));
    slow.pass(3);
    assert!(slow.is(Registration::Registering));
}

#[test]
fn rg12_its_time_came() {
    let mut table = bound();
    table.pass(539);
    assert_eq!(table.registers(), 1);
    table.pass(1);
    assert_eq!(table.registers(), 2);
    assert!(table.is(Registration::Registered));
}

#[test]
fn rg13_another_request_was_answered_430() {
    let mut table = bound();
    table.call_that_fails();
    assert_eq!(table.registers(), 2);
    assert!(table.is(Registration::Registered));
    assert_eq!(table.all(&Method::Invite).len(), 1);
}

#[test]
fn rg14_a_request_waits_for_a_new_flow() {
    let mut table = bound();
    let call = table.call_that_fails();
    table.accept();
    let invites = table.all(&Method::Invite);
    assert_eq!(invites.len(), 2);
    let again = invites[1].clone();
    assert_eq!(table.agent.calls().next().map(|call| call.phase), Some(Phase::Calling));
    table.answer(&again, Status::FLOW_FAILED, |_| {});
    assert_eq!(table.ended, [call], "once");
}

#[test]
fn rg15_its_time_came_after_a_refusal() {
    let mut table = refused(Status::FORBIDDEN);
    table.pass(14);
    assert_eq!(table.registers(), 1);
    table.pass(32);
    assert_eq!(table.registers(), 2);
    assert!(table.is(Registration::Registering));
}

#[test]
fn rg16_its_time_came_and_there_are_several_servers() {
    let mut table = of_two();
    table.refuse(Status::SERVICE_UNAVAILABLE);
    table.on(Input::Connected);
    table.refuse(Status::SERVICE_UNAVAILABLE);
    table.wanted();
    table.pass(46);
    assert!(table.wanted().starts_with(&["disconnect", "connect"]), "it does not stay with the last server for good");
}

#[test]
fn rg17_transport_lost() {
    for mut table in [asking(), bound(), refused(Status::FORBIDDEN)] {
        table.wanted();
        table.on(Input::Disconnected);
        assert!(table.is(Registration::Unreachable));
        assert_eq!(table.wanted(), ["connect"]);
        let before = table.registers();
        table.on(Input::Connected);
        assert_eq!(table.registers(), before + 1);
        assert!(table.is(Registration::Registering));
    }
}

#[test]
fn rg18_stop() {
    for mut table in [asking(), bound()] {
        table.stop();
        assert!(table.is(Registration::Unregistering));
        assert_eq!(table.last().headers.get::<Expires>(), Ok(Expires(0)));
        assert_eq!(table.stopped, 0);
    }
}

#[test]
fn rg19_stop_with_nothing_to_unbind() {
    for mut table in [idle(), waiting(), refused(Status::FORBIDDEN)] {
        let before = table.registers();
        table.stop();
        assert!(table.is(Registration::Stopped));
        assert_eq!((table.stopped, table.registers()), (1, before));
        assert_eq!(table.agent.deadline(), None);
    }
}

#[test]
fn rg20_unbound() {
    let ends: [fn(&mut Table); 4] = [
        |table| table.refuse(Status::OK),
        |table| table.refuse(Status::SERVICE_UNAVAILABLE),
        |table| table.pass(2),
        |table| table.on(Input::Disconnected),
    ];
    for end in ends {
        let mut table = unbinding();
        end(&mut table);
        assert!(table.is(Registration::Stopped));
        assert_eq!(table.stopped, 1);
        assert_eq!(table.agent.deadline(), None, "nothing is left over");
    }
}
