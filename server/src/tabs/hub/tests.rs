mod kept;
mod model;

use super::*;

const RENEW: u64 = app::lease::RENEW_MS as u64;

fn lease() -> Lease {
    let identity = RegistrationIdentity {
        instance: "urn:uuid:0".to_owned(),
        contact_user: "user".to_owned(),
        call_id: "call".to_owned(),
    };
    Lease::new(identity)
}

fn hub() -> Hub {
    Hub::new(lease(), 0)
}

/// The session that tabs have where it does not matter.
const ONE: SessionId = SessionId(1);
const TWO: SessionId = SessionId(2);

fn hello(hub: &mut Hub, socket: u64, tab: &str, running: Option<u64>, now: u64) -> Vec<String> {
    hello_of(hub, ONE, socket, tab, running, now)
}

fn hello_of(hub: &mut Hub, session: SessionId, socket: u64, tab: &str, running: Option<u64>, now: u64) -> Vec<String> {
    hub.opened(SocketId(socket), session);
    hub.receive(SocketId(socket), FromTab::Hello { tab: tab.to_owned(), running, loaded: running.is_none() }, now);
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

fn end(hub: &mut Hub, session: SessionId, now: u64) -> Vec<String> {
    hub.end(session, now);
    drain(hub)
}

fn publish(epoch: u64, snapshot: &str) -> FromTab {
    FromTab::Publish { epoch, state: LineState::default(), snapshot: snapshot.into(), to_lose: false, last: false }
}

/// What a tab in a call publishes.
fn in_call(epoch: u64, snapshot: &str) -> FromTab {
    FromTab::Publish { epoch, state: LineState::default(), snapshot: snapshot.into(), to_lose: true, last: false }
}

/// The last word of a tab in a call.
fn last(epoch: u64, snapshot: &str) -> FromTab {
    FromTab::Publish { epoch, state: LineState::default(), snapshot: snapshot.into(), to_lose: true, last: true }
}

fn wait(hub: &mut Hub, until: u64) -> Vec<String> {
    hub.timeout(until);
    drain(hub)
}

/// `Hello` of a page that was not loaded just now, and runs nothing.
fn again(hub: &mut Hub, session: SessionId, socket: u64, tab: &str, now: u64) -> Vec<String> {
    hub.opened(SocketId(socket), session);
    hub.receive(SocketId(socket), FromTab::Hello { tab: tab.to_owned(), running: None, loaded: false }, now);
    drain(hub)
}

/// What tabs notice, in words; writing down and moving go with each grant.
fn drain(hub: &mut Hub) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(effect) = hub.poll() {
        match effect {
            Effect::Send(SocketId(socket), ToTab::Granted(grant)) => {
                let snapshot = grant.snapshot.map(|(bytes, age)| format!(" with {} of {age} ms", bytes.escape_ascii()));
                told.push(format!("{socket} granted {}{}", grant.epoch, snapshot.unwrap_or_default()));
            }
            Effect::Send(SocketId(socket), ToTab::Resumed { epoch }) => told.push(format!("{socket} resumed {epoch}")),
            Effect::Send(SocketId(socket), ToTab::Watching) => told.push(format!("{socket} watching")),
            Effect::Send(SocketId(socket), ToTab::Yield) => told.push(format!("{socket} yield")),
            Effect::Send(SocketId(socket), ToTab::Line(state)) => {
                let away = if state.registration == Registration::Away { " away" } else { "" };
                told.push(format!("{socket} line{away}"));
            }
            Effect::Send(SocketId(socket), ToTab::Alive) => told.push(format!("{socket} alive")),
            Effect::Send(
                _,
                ToTab::Presence(_)
                | ToTab::Media(_)
                | ToTab::Recorded(_)
                | ToTab::Missed(_)
                | ToTab::Wishes(_)
                | ToTab::Callers(_)
                | ToTab::Messages(_)
                | ToTab::Send(_)
                | ToTab::Answer { .. },
            ) => {
                unreachable!("the hub knows nothing of it")
            }
            Effect::Close(SocketId(socket), why) => told.push(format!("{socket} closed {why:?}")),
            Effect::Mind { epoch, until } => told.push(format!("minded {epoch} until {until}")),
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
    assert_eq!(say(&mut hub, 2, FromTab::Take, 350), ["1 yield"]);
    assert_eq!(say(&mut hub, 1, publish(1, "on its way"), 351), ["2 line"], "it is not its last word");
    let told = ["2 line", "1 watching", "1 line", "2 granted 2 with l of 0 ms"];
    assert_eq!(say(&mut hub, 1, last(1, "l"), 352), told);
    assert_eq!(say(&mut hub, 1, publish(1, "late"), 400), Vec::<String>::new(), "an old epoch is ignored");
    assert_eq!(say(&mut hub, 2, FromTab::Take, 500), Vec::<String>::new(), "it has it already");
    assert_eq!(hub.lease().snapshot, Some((b"l".to_vec(), 352)));
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
    assert_eq!(close(&mut hub, 1, 2), ["2 granted 2"], "it is asked for nothing any more");
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
    assert_eq!(hub.deadline(), Some(5000 + MINDS));
    say(&mut hub, 2, FromTab::Alive, 14_000);
    say(&mut hub, 3, FromTab::Alive, 14_000);
    assert_eq!(hub.deadline(), Some(5000 + GRACE));
    hub.timeout(14_999);
    assert_eq!(drain(&mut hub), Vec::<String>::new());
    hub.timeout(15_000);
    assert_eq!(drain(&mut hub), ["3 granted 3"]);
}

#[test]
fn after_the_grace_a_line_that_nobody_wants_is_free() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    close(&mut hub, 1, 0);
    hub.timeout(GRACE);
    assert_eq!(hub.deadline(), None);
    assert!(!hub.is_current(1), "its SIP socket is not kept for a page that is frozen");
    assert_eq!(hello(&mut hub, 2, "b", None, GRACE), ["2 granted 3"]);
}

#[test]
fn a_page_that_wakes_up_resumes_if_nobody_took_over() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    close(&mut hub, 1, 0);
    assert_eq!(hello(&mut hub, 2, "a", Some(1), 100 * GRACE), ["2 resumed 3"], "it goes on under another epoch");
    assert!(hub.is_current(3) && !hub.is_current(1) && !hub.is_current(2));
    assert_eq!(hello(&mut hub, 3, "b", Some(1), 100 * GRACE + 1), ["3 watching"], "an epoch that nobody runs any more");
    close(&mut hub, 2, 100 * GRACE + 2);
    assert_eq!(hello(&mut hub, 4, "a", Some(3), 100 * GRACE + 3), ["4 resumed 3"]);
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
fn a_silent_holder_is_fenced_and_goes_on_when_it_speaks_and_nobody_else_wanted_the_line() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hub.timeout(GRACE);
    assert!(!hub.is_current(1), "its SIP socket closes");
    assert_eq!(say(&mut hub, 1, FromTab::Alive, 60_000), ["1 resumed 3", "1 alive"]);
    assert!(hub.is_current(3));
    assert_eq!(hub.deadline(), Some(60_000 + GRACE));
    hub.timeout(60_000 + GRACE);
    assert_eq!(hello(&mut hub, 2, "b", None, 80_000), ["1 watching", "2 granted 5"]);
    assert_eq!(say(&mut hub, 1, FromTab::Alive, 80_001), ["1 alive"]);
}

#[test]
fn when_all_sleep_the_first_to_wake_has_the_line() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    assert_eq!(say(&mut hub, 2, FromTab::Alive, 5 * GRACE), ["1 watching", "2 granted 3", "2 alive"]);
}

#[test]
fn a_copied_tab_watches_and_follows_the_one_it_was_copied_from() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    assert_eq!(again(&mut hub, ONE, 2, "a", 1), ["2 watching"]);
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
fn logging_out_closes_every_tab_of_the_session_and_forgets_the_line() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    hub.opened(SocketId(3), ONE);
    say(&mut hub, 1, publish(1, "s"), 1);
    assert_eq!(end(&mut hub, ONE, 2), ["1 closed LoggedOut", "2 closed LoggedOut", "3 closed LoggedOut"]);
    assert_eq!((hub.line(2), hub.is_current(1), hub.lease().snapshot.clone()), (None, false, None));
    assert_eq!(close(&mut hub, 1, 3), Vec::<String>::new());
    assert_eq!(
        say(&mut hub, 3, FromTab::Hello { tab: "c".to_owned(), running: None, loaded: true }, 3),
        Vec::<String>::new()
    );
    assert_eq!(hello_of(&mut hub, TWO, 4, "a", Some(1), 4), ["4 granted 2"], "a login of the same tab");
}

#[test]
fn logging_out_a_tab_that_watches_leaves_the_holder_of_another_session() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello_of(&mut hub, TWO, 2, "b", None, 0);
    say(&mut hub, 1, publish(1, "s"), 1);
    assert_eq!(end(&mut hub, TWO, 2), ["2 closed LoggedOut"]);
    assert!(hub.is_current(1));
    assert_eq!(hub.line(2), Some((LineState::default(), 1)));
    assert_eq!(say(&mut hub, 1, FromTab::Alive, 3), ["1 alive"]);
}

#[test]
fn logging_out_the_holder_gives_the_line_to_a_tab_of_another_session() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello_of(&mut hub, TWO, 2, "b", None, 0);
    hello(&mut hub, 3, "c", None, 0);
    say(&mut hub, 1, publish(1, "s"), 1);
    let told = ["1 closed LoggedOut", "3 closed LoggedOut", "2 granted 2"];
    assert_eq!(end(&mut hub, ONE, 2), told, "the last tab is of the session that ended");
    assert_eq!(end(&mut hub, ONE, 3), Vec::<String>::new(), "twice");
    assert!(hub.is_current(2));
}

#[test]
fn logging_out_ends_the_wait_for_a_tab_of_that_session_and_for_no_other() {
    for (session, told) in [(ONE, vec!["2 granted 2"]), (TWO, vec!["2 closed LoggedOut"])] {
        let mut hub = hub();
        hello(&mut hub, 1, "a", None, 0);
        hello_of(&mut hub, TWO, 2, "b", None, 0);
        close(&mut hub, 1, 10);
        assert_eq!(end(&mut hub, session, 20), told);
    }
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    close(&mut hub, 1, 0);
    hub.timeout(GRACE);
    end(&mut hub, ONE, GRACE + 1);
    assert_eq!(
        hello_of(&mut hub, TWO, 2, "a", Some(1), GRACE + 2),
        ["2 granted 3"],
        "a page that sleeps does not go on"
    );
}

#[test]
fn a_restarted_server_waits_for_the_holder() {
    let mut before = hub();
    hello(&mut before, 1, "a", None, 0);
    say(&mut before, 1, publish(1, "s"), 10);
    let mut hub = Hub::new(before.lease().clone(), 1000);
    assert_eq!(again(&mut hub, ONE, 1, "b", 1500), ["1 watching", "1 line away"]);
    assert_eq!(hello(&mut hub, 2, "a", Some(1), 2000), ["2 resumed 1"]);
    let mut hub = Hub::new(before.lease().clone(), 1000);
    assert_eq!(hello(&mut hub, 1, "a", None, 2000), ["1 granted 2 with s of 1990 ms"]);
    let mut hub = Hub::new(before.lease().clone(), 1000);
    assert_eq!(hello_of(&mut hub, TWO, 1, "b", None, 2000), ["1 watching", "1 line away"], "no heir");
    assert_eq!(hello(&mut hub, 2, "c", None, 2000), ["2 granted 2 with s of 1990 ms"], "the heir");
}

#[test]
fn a_line_is_as_old_as_the_last_word_of_its_holder() {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    say(&mut hub, 1, publish(1, "s"), 10);
    say(&mut hub, 1, FromTab::Alive, 5000);
    assert_eq!(hub.line(6000), Some((LineState::default(), 1000)));
    assert_eq!(hub.lease().snapshot, Some((b"s".to_vec(), 10)), "a snapshot is as old as itself");
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
