use super::*;
use proptest::prelude::*;

const RENEW: u64 = app::lease::RENEW_MS as u64;

fn lease() -> Lease {
    let identity = RegistrationIdentity {
        instance: "urn:uuid:0".to_owned(),
        contact_user: "user".to_owned(),
        call_id: "call".to_owned(),
    };
    Lease { epoch: 0, identity, holder: None, line: None, snapshot: None }
}

fn hub() -> Hub {
    Hub::new(lease(), 0)
}

fn hello(hub: &mut Hub, socket: u64, tab: &str, running: Option<u64>, now: u64) -> Vec<String> {
    hub.receive(SocketId(socket), FromTab::Hello { tab: tab.to_owned(), running }, now);
    drain(hub)
}

fn say(hub: &mut Hub, socket: u64, message: FromTab, now: u64) -> Vec<String> {
    hub.receive(SocketId(socket), message, now);
    drain(hub)
}

fn close(hub: &mut Hub, socket: u64, now: u64) -> Vec<String> {
    hub.closed(SocketId(socket), now);
    drain(hub)
}

fn publish(epoch: u64, snapshot: &str) -> FromTab {
    FromTab::Publish { epoch, state: LineState::default(), snapshot: snapshot.to_owned() }
}

/// What tabs notice, in words; writing down and moving go with each grant.
fn drain(hub: &mut Hub) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(effect) = hub.poll() {
        match effect {
            Effect::Send(SocketId(socket), ToTab::Granted(grant)) => {
                let snapshot = grant.snapshot.map(|(text, age)| format!(" with {text} of {age} ms"));
                told.push(format!("{socket} granted {}{}", grant.epoch, snapshot.unwrap_or_default()));
            }
            Effect::Send(SocketId(socket), ToTab::Resumed { epoch }) => told.push(format!("{socket} resumed {epoch}")),
            Effect::Send(SocketId(socket), ToTab::Watching) => told.push(format!("{socket} watching")),
            Effect::Send(SocketId(socket), ToTab::Line(_)) => told.push(format!("{socket} line")),
            Effect::Send(SocketId(socket), ToTab::Alive) => told.push(format!("{socket} alive")),
            Effect::Send(_, ToTab::Presence(_)) => unreachable!("the hub knows no presence"),
            Effect::Close(SocketId(socket), why) => told.push(format!("{socket} closed {why:?}")),
            Effect::Moved(_) | Effect::SaveNow | Effect::SaveSoon => {}
        }
    }
    told
}

#[test]
fn the_first_tab_has_the_line_and_the_second_watches() {
    let mut hub = hub();
    assert_eq!(hello(&mut hub, 1, "a", None, 0), ["1 granted 1"]);
    assert_eq!(hello(&mut hub, 2, "b", None, 1), ["2 watching"]);
    assert_eq!(say(&mut hub, 1, publish(1, "s"), 2), ["2 line"]);
    assert_eq!(hello(&mut hub, 3, "c", None, 3), ["3 watching", "3 line"]);
    assert!(hub.is_current(1) && !hub.is_current(0) && !hub.is_current(2));
}

#[test]
fn taking_moves_the_line_with_what_it_was_doing() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    say(&mut hub, 1, publish(1, "s"), 100);
    assert_eq!(say(&mut hub, 2, FromTab::Take, 350), ["1 watching", "1 line", "2 granted 2 with s of 250 ms"]);
    assert_eq!(say(&mut hub, 1, publish(1, "late"), 400), Vec::<String>::new(), "an old epoch is ignored");
    assert_eq!(say(&mut hub, 2, FromTab::Take, 500), Vec::<String>::new(), "it has it already");
    assert_eq!(hub.lease().snapshot, Some(("s".to_owned(), 100)));
}

#[test]
fn a_publication_of_a_tab_that_only_watches_is_ignored() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    assert_eq!(say(&mut hub, 2, publish(1, "forged"), 1), Vec::<String>::new());
    assert_eq!(say(&mut hub, 9, publish(1, "no hello"), 1), Vec::<String>::new());
    assert_eq!(hub.lease().snapshot, None);
}

#[test]
fn a_reload_gets_the_line_back_at_once_with_a_new_epoch() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    say(&mut hub, 1, publish(1, "s"), 10);
    assert_eq!(close(&mut hub, 1, 20), Vec::<String>::new());
    assert_eq!(hello(&mut hub, 3, "a", None, 30), ["3 granted 2 with s of 20 ms"]);
}

#[test]
fn a_cut_socket_resumes_with_the_same_epoch() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    close(&mut hub, 1, 20);
    assert_eq!(hello(&mut hub, 2, "a", Some(1), 30), ["2 resumed 1"]);
    assert_eq!(
        hello(&mut hub, 3, "a", Some(1), 40),
        ["2 closed Replaced", "3 resumed 1"],
        "before the cut was noticed"
    );
    assert_eq!(close(&mut hub, 2, 50), Vec::<String>::new());
    assert_eq!(hub.holder(), Some(SocketId(3)));
}

#[test]
fn a_tab_that_runs_an_old_epoch_is_not_resumed() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    say(&mut hub, 2, FromTab::Take, 1);
    close(&mut hub, 1, 2);
    assert_eq!(hello(&mut hub, 3, "a", Some(1), 3), ["3 watching"]);
    close(&mut hub, 2, 4);
    assert_eq!(hello(&mut hub, 4, "a", Some(2), 5), ["4 watching"], "another tab's epoch");
}

#[test]
fn after_the_grace_the_line_goes_to_the_tab_that_came_last() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    hello(&mut hub, 3, "c", None, 0);
    close(&mut hub, 1, 5000);
    assert_eq!(hub.deadline(), Some(5000 + GRACE));
    say(&mut hub, 2, FromTab::Alive, 14_000);
    say(&mut hub, 3, FromTab::Alive, 14_000);
    hub.timeout(14_999);
    assert_eq!(drain(&mut hub), Vec::<String>::new());
    hub.timeout(15_000);
    assert_eq!(drain(&mut hub), ["3 granted 2"]);
}

#[test]
fn after_the_grace_a_line_that_nobody_wants_is_free() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    close(&mut hub, 1, 0);
    hub.timeout(GRACE);
    assert_eq!(hub.deadline(), None);
    assert_eq!(hello(&mut hub, 2, "b", None, GRACE), ["2 granted 2"]);
}

#[test]
fn a_page_that_wakes_up_resumes_if_nobody_took_over() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    close(&mut hub, 1, 0);
    assert_eq!(hello(&mut hub, 2, "a", Some(1), 100 * GRACE), ["2 resumed 1"]);
}

#[test]
fn a_silent_holder_loses_the_line_to_a_tab_that_lives() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    say(&mut hub, 2, FromTab::Alive, GRACE - 1);
    hub.timeout(GRACE);
    assert_eq!(drain(&mut hub), ["1 watching", "2 granted 2"]);
    assert_eq!(say(&mut hub, 1, publish(1, "late"), GRACE + 1), Vec::<String>::new());
}

#[test]
fn a_silent_holder_keeps_a_line_that_nobody_else_wants() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hub.timeout(GRACE);
    assert!(hub.is_current(1));
    assert_eq!(say(&mut hub, 1, FromTab::Alive, 60_000), ["1 alive"]);
    assert_eq!(hub.deadline(), Some(60_000 + GRACE));
    hub.timeout(60_000 + GRACE);
    assert_eq!(hello(&mut hub, 2, "b", None, 80_000), ["1 watching", "2 granted 2"]);
}

#[test]
fn when_all_sleep_the_first_to_wake_has_the_line() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    assert_eq!(say(&mut hub, 2, FromTab::Alive, 5 * GRACE), ["1 watching", "2 granted 2", "2 alive"]);
}

#[test]
fn a_copied_tab_watches_and_follows_the_one_it_was_copied_from() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    assert_eq!(hello(&mut hub, 2, "a", None, 1), ["2 watching"]);
    hello(&mut hub, 3, "b", None, 2);
    assert_eq!(close(&mut hub, 1, 3), ["2 granted 2"]);
}

#[test]
fn releasing_frees_at_once_and_forgets_the_agent() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    say(&mut hub, 1, publish(1, "s"), 1);
    assert_eq!(say(&mut hub, 1, FromTab::Release { epoch: 0 }, 2), Vec::<String>::new(), "an old epoch");
    assert_eq!(say(&mut hub, 1, FromTab::Release { epoch: 1 }, 2), Vec::<String>::new());
    assert!(!hub.is_current(1) && !hub.is_current(2));
    assert_eq!(hello(&mut hub, 2, "b", None, 3), ["2 granted 3"], "without a snapshot");
}

#[test]
fn releasing_gives_the_line_to_the_next_tab() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    assert_eq!(say(&mut hub, 1, FromTab::Release { epoch: 1 }, 2), ["2 granted 3"]);
    assert_eq!(say(&mut hub, 2, FromTab::Release { epoch: 3 }, 3), Vec::<String>::new(), "the first one left for good");
}

#[test]
fn logging_out_closes_every_tab_and_forgets_the_line() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    say(&mut hub, 1, publish(1, "s"), 1);
    hub.end();
    assert_eq!(drain(&mut hub), ["1 closed LoggedOut", "2 closed LoggedOut"]);
    assert_eq!((hub.line(2), hub.is_current(1), hub.tabs()), (None, false, 0));
    assert_eq!(close(&mut hub, 1, 3), Vec::<String>::new());
}

#[test]
fn a_restarted_server_waits_for_the_holder() {
    let mut before = hub();
    hello(&mut before, 1, "a", None, 0);
    say(&mut before, 1, publish(1, "s"), 10);
    let mut hub = Hub::new(before.lease().clone(), 1000);
    assert_eq!(hello(&mut hub, 1, "b", None, 1500), ["1 watching", "1 line"]);
    assert_eq!(hello(&mut hub, 2, "a", Some(1), 2000), ["2 resumed 1"]);
    let mut hub = Hub::new(before.lease().clone(), 1000);
    assert_eq!(hello(&mut hub, 1, "a", None, 2000), ["1 granted 2 with s of 1990 ms"]);
}

#[test]
fn a_line_is_as_old_as_the_last_word_of_its_holder() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    say(&mut hub, 1, publish(1, "s"), 10);
    say(&mut hub, 1, FromTab::Alive, 5000);
    assert_eq!(hub.line(6000), Some((LineState::default(), 1000)));
    assert_eq!(hub.lease().snapshot, Some(("s".to_owned(), 10)), "a snapshot is as old as itself");
}

#[derive(Clone, Debug)]
enum Step {
    Open(u8, bool),
    Close(usize),
    Take(usize),
    Publish(usize, bool),
    Alive(usize),
    Release(usize),
    Wait(u64),
    End,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..4, any::<bool>()).prop_map(|(name, running)| Step::Open(name, running)),
        3 => any::<usize>().prop_map(Step::Close),
        2 => any::<usize>().prop_map(Step::Take),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(socket, old)| Step::Publish(socket, old)),
        6 => any::<usize>().prop_map(Step::Alive),
        1 => any::<usize>().prop_map(Step::Release),
        6 => (0u64..GRACE).prop_map(Step::Wait),
        1 => Just(Step::End),
        1 => Just(Step::Restart),
    ]
}

/// What the tabs themselves believe, from what they were told.
#[derive(Default)]
struct World {
    now: u64,
    next: u64,
    /// Socket, name and epoch that the tab runs, for open sockets that want the line.
    tabs: Vec<(SocketId, String, Option<u64>)>,
    released: Vec<SocketId>,
    last_epoch: u64,
    /// Since when nobody runs the line although a tab wants it.
    idle_since: Option<u64>,
}

impl World {
    fn absorb(&mut self, hub: &mut Hub) {
        while let Some(effect) = hub.poll() {
            match effect {
                Effect::Send(socket, ToTab::Granted(grant)) => {
                    assert!(grant.epoch > self.last_epoch, "an epoch was given twice");
                    self.last_epoch = grant.epoch;
                    self.run(socket, Some(grant.epoch));
                }
                Effect::Send(socket, ToTab::Resumed { epoch }) => {
                    assert_eq!(epoch, self.last_epoch, "an old epoch was resumed");
                    self.run(socket, Some(epoch));
                }
                Effect::Send(socket, ToTab::Watching) => self.run(socket, None),
                Effect::Close(socket, _) => self.tabs.retain(|tab| tab.0 != socket),
                Effect::Moved(epoch) => assert!(epoch >= self.last_epoch, "moved back"),
                Effect::Send(_, ToTab::Line(_) | ToTab::Presence(_) | ToTab::Alive) => {}
                Effect::SaveNow | Effect::SaveSoon => {}
            }
        }
        let running: Vec<_> = self.tabs.iter().filter_map(|tab| tab.2).collect();
        assert!(running.len() <= 1, "two tabs run the line: {running:?}");
        for epoch in &running {
            assert!(hub.is_current(*epoch), "a tab runs an epoch that is not current");
        }
        let wanted = self.tabs.iter().any(|tab| !self.released.contains(&tab.0));
        self.idle_since = (running.is_empty() && wanted).then(|| self.idle_since.unwrap_or(self.now));
        if let Some(since) = self.idle_since {
            assert!(self.now - since <= GRACE, "nobody has the line for {} ms", self.now - since);
        }
    }

    fn run(&mut self, socket: SocketId, epoch: Option<u64>) {
        let tab = self.tabs.iter_mut().find(|tab| tab.0 == socket).expect("a closed socket was told something");
        tab.2 = epoch;
    }

    fn pick(&self, index: usize) -> Option<(SocketId, Option<u64>)> {
        let index = index.checked_rem(self.tabs.len())?;
        self.tabs.get(index).map(|tab| (tab.0, tab.2))
    }

    fn take(&mut self, hub: &mut Hub, step: Step) {
        match step {
            Step::Open(name, remembers) => {
                self.next += 1;
                let socket = SocketId(self.next);
                let name = format!("tab {name}");
                // A page in memory knows its epoch; only one page can.
                let alone = self.tabs.iter().all(|tab| tab.1 != name);
                let running = (remembers && alone).then_some(self.last_epoch);
                self.tabs.push((socket, name.clone(), None));
                hub.receive(socket, FromTab::Hello { tab: name, running }, self.now);
            }
            Step::Close(index) => {
                let Some((socket, _)) = self.pick(index) else { return };
                self.tabs.retain(|tab| tab.0 != socket);
                hub.closed(socket, self.now);
            }
            Step::Take(index) => {
                let Some((socket, _)) = self.pick(index) else { return };
                self.released.retain(|released| *released != socket);
                hub.receive(socket, FromTab::Take, self.now);
            }
            Step::Publish(index, old) => {
                let Some((socket, epoch)) = self.pick(index) else { return };
                let epoch = epoch.unwrap_or(self.last_epoch).saturating_sub(u64::from(old));
                hub.receive(socket, publish(epoch, "s"), self.now);
            }
            Step::Alive(index) => {
                let Some((socket, _)) = self.pick(index) else { return };
                hub.receive(socket, FromTab::Alive, self.now);
            }
            Step::Release(index) => {
                let Some((socket, Some(epoch))) = self.pick(index) else { return };
                self.released.push(socket);
                self.run(socket, None);
                hub.receive(socket, FromTab::Release { epoch }, self.now);
            }
            Step::Wait(time) => {
                let end = self.now + time;
                while let Some(due) = hub.deadline().filter(|due| *due <= end) {
                    self.now = due.max(self.now);
                    hub.timeout(self.now);
                    self.absorb(hub);
                }
                self.now = end;
            }
            Step::End => hub.end(),
            Step::Restart => {
                *hub = Hub::new(hub.lease().clone(), self.now);
                self.tabs.clear();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_tab_has_the_line_whatever_happens(steps in proptest::collection::vec(step(), 1..400)) {
        let mut hub = hub();
        let mut world = World::default();
        for step in steps {
            world.take(&mut hub, step);
            world.absorb(&mut hub);
        }
    }
}

#[test]
fn a_tab_that_renews_in_time_never_loses_the_line() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    for renewal in 1..1000 {
        assert_eq!(say(&mut hub, 1, FromTab::Alive, renewal * RENEW), ["1 alive"]);
        assert_eq!(say(&mut hub, 2, FromTab::Alive, renewal * RENEW), ["2 alive"]);
    }
}
