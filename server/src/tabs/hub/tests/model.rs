//! Random steps against what must hold whatever happens.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Open(u8, bool),
    Close(usize),
    Take(usize),
    Publish(usize, bool),
    Alive(usize),
    Release(usize),
    Wait(u64),
    End(u8),
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
        1 => (0u8..2).prop_map(Step::End),
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
                Effect::Send(socket, ToTab::Watching | ToTab::Yield) => self.run(socket, None),
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
                hub.opened(socket, session(&name));
                hub.receive(socket, FromTab::Hello { tab: name, running, loaded: running.is_none() }, self.now);
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
            Step::End(number) => {
                let ended = SessionId(number.into());
                let before = self.tabs.iter().find(|tab| tab.2.is_some() && session(&tab.1) != ended).cloned();
                hub.end(ended, self.now);
                self.absorb(hub);
                assert!(self.tabs.iter().all(|tab| session(&tab.1) != ended), "a tab of an ended session is open");
                assert!(before.is_none_or(|tab| self.tabs.contains(&tab)), "another session's holder was touched");
            }
            Step::Restart => {
                *hub = Hub::new(hub.lease().clone(), self.now);
                self.tabs.clear();
            }
        }
    }
}

/// Half of the tabs are logged in apart from the others.
fn session(tab: &str) -> SessionId {
    SessionId(i128::from(tab.ends_with(['1', '3'])))
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
