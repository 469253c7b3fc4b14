//! Keys that work anywhere on the page.

use super::panels::{Panel, Panels};
use crate::conference;
use crate::phone::{self, Call, CallKey, Command, LineStateStoreFields, Phase, Presence, Seat, Sends, use_phone};
use leptos::prelude::*;

/// Listens for Alt with a letter: A answers, D declines, H hangs up, M mutes and unmutes, O holds and resumes, S goes on
/// with the call beside, J joins that one, E says to whom to send on what rings, K opens the keypad, T says to whom to hand over, V
/// answers with the camera or switches it on and off, C shares the screen and ends that, R records and ends that, B sends what
/// rings to the voicemail, or calls it while there is no call, P picks up a call that rings at a colleague's phone.
#[component]
pub(crate) fn Shortcuts() -> impl IntoView {
    let phone = use_phone();
    let (line, seat, panels) = (phone.line(), phone.seat(), Panels::of_page());
    let voicemail = phone.voicemail();
    Effect::new(move |_| {
        let phone = phone.clone();
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            // Alt with Control is AltGr, which types characters.
            let ours =
                event.alt_key() && !event.ctrl_key() && !event.meta_key() && !event.shift_key() && !event.repeat();
            if !ours || seat.get_untracked() != Seat::Holding {
                return;
            }
            let number = voicemail.get_untracked();
            if event.code() == "KeyP" {
                let picked = line.calls().with_untracked(|calls| {
                    let fits = |presence: &&Presence| phone::can_be_picked_up(presence, calls);
                    line.presence().with_untracked(|all| all.iter().find(fits).map(|one| one.pick_up.clone()))
                });
                if let Some(number) = picked {
                    phone.send(Command::Dial(number, Sends::Voice));
                    event.prevent_default();
                }
                return;
            }
            match line.calls().with_untracked(|calls| effect(&event.code(), calls, number)) {
                Some(Does::Send(command)) => {
                    phone.send(command);
                }
                Some(Does::HangUp(calls)) => {
                    for call in calls {
                        phone.send(Command::HangUp(call));
                    }
                }
                Some(Does::Open(call, panel)) => panels.toggle(call, panel),
                None => return,
            }
            event.prevent_default();
        });
        on_cleanup(move || listener.remove());
    });
}

/// What a key does.
#[derive(Debug, PartialEq, Eq)]
enum Does {
    Send(Command),
    /// Ends all of the conference.
    HangUp(Vec<CallKey>),
    Open(CallKey, Panel),
}

/// What a key does to these calls. Keys are told by their place (`KeyboardEvent.code`), as Alt changes the
/// letter on some systems. `voicemail`: its number, empty if there is none.
fn effect(code: &str, calls: &[Call], voicemail: String) -> Option<Does> {
    let ringing = || calls.iter().find(|call| call.phase == Phase::RingingHere);
    let up = || phone::active(calls);
    let answered = || up().filter(|call| call.phase.has_microphone());
    // What is about one call is not on the page of a conference.
    let alone = || answered().filter(|call| !call.joined);
    let beside = || conference::beside(calls);
    match code {
        "KeyA" => ringing().map(|call| Does::Send(Command::Answer(call.key, Sends::Voice))),
        "KeyD" => ringing().map(|call| Does::Send(Command::Decline(call.key))),
        "KeyE" => ringing().map(|call| Does::Open(call.key, Panel::Divert)),
        "KeyH" => up().map(|call| {
            if call.joined { Does::HangUp(conference::joined(calls)) } else { Does::Send(Command::HangUp(call.key)) }
        }),
        "KeyM" => answered().map(|call| Does::Send(Command::Mute(call.key, !call.muted))),
        "KeyO" => answered().map(|call| Does::Send(Command::Hold(call.key, !call.hold.here))),
        "KeyS" => beside().map(|call| Does::Send(Command::Hold(call.key, false))),
        "KeyJ" => beside().and_then(|call| {
            let with = conference::joins(calls, call.key)?;
            Some(Does::Send(Command::Join(with, call.key)))
        }),
        "KeyK" => alone().map(|call| Does::Open(call.key, Panel::Keypad)),
        "KeyT" => alone().map(|call| Does::Open(call.key, Panel::Handover)),
        "KeyV" => match ringing() {
            Some(call) => call.picture.offered.then_some(Does::Send(Command::Answer(call.key, Sends::Camera))),
            None => answered().map(|call| Does::Send(Command::Camera(call.key, !call.picture.camera))),
        },
        "KeyC" => answered().map(|call| Does::Send(Command::Screen(call.key, !conference::shares(calls, call.key)))),
        "KeyB" if voicemail.is_empty() => None,
        "KeyB" => match ringing() {
            Some(call) => Some(Does::Send(Command::Divert(call.key, voicemail))),
            None => calls.is_empty().then_some(Does::Send(Command::Dial(voicemail, Sends::Voice))),
        },
        "KeyR" => answered()
            .filter(|call| call.recorded.is_allowed())
            .map(|call| Does::Send(Command::Record(call.key, !call.recorded.is_wanted()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::{Direction, Hold, Party, Picture, Recorded, RecordingFailure, Tape};

    fn call(key: CallKey, phase: Phase, muted: bool) -> Call {
        Call { muted, ..Call::new(key, Direction::Incoming, Party::default(), phase) }
    }

    fn held(key: CallKey) -> Call {
        Call { hold: Hold { here: true, there: false }, ..call(key, Phase::Talking, false) }
    }

    fn effect(code: &str, calls: &[Call]) -> Option<Does> {
        super::effect(code, calls, String::new())
    }

    fn command(code: &str, calls: &[Call]) -> Option<Command> {
        match effect(code, calls) {
            Some(Does::Send(command)) => Some(command),
            Some(Does::HangUp(_) | Does::Open(..)) | None => None,
        }
    }

    #[test]
    fn keys_do_what_the_call_allows() {
        let ringing = [call(1, Phase::RingingHere, false)];
        assert_eq!(command("KeyA", &ringing), Some(Command::Answer(1, Sends::Voice)));
        assert_eq!(command("KeyD", &ringing), Some(Command::Decline(1)));
        assert_eq!(effect("KeyE", &ringing), Some(Does::Open(1, Panel::Divert)));
        for code in ["KeyH", "KeyM", "KeyO", "KeyS", "KeyK", "KeyT", "KeyV", "KeyC", "KeyR"] {
            assert_eq!(effect(code, &ringing), None, "{code}");
        }

        let talking = [call(2, Phase::Talking, true)];
        assert_eq!((command("KeyA", &talking), effect("KeyE", &talking)), (None, None));
        assert_eq!(command("KeyH", &talking), Some(Command::HangUp(2)));
        assert_eq!(command("KeyM", &talking), Some(Command::Mute(2, false)));
        assert_eq!(command("KeyO", &talking), Some(Command::Hold(2, true)));
        assert_eq!(command("KeyO", &[held(2)]), Some(Command::Hold(2, false)));
        assert_eq!(effect("KeyK", &talking), Some(Does::Open(2, Panel::Keypad)));
        assert_eq!(effect("KeyT", &talking), Some(Does::Open(2, Panel::Handover)));

        let calling = [call(3, Phase::Calling, false)];
        assert_eq!(command("KeyH", &calling), Some(Command::HangUp(3)));
        assert_eq!(command("KeyM", &calling), None);
        assert_eq!(command("KeyO", &calling), None);

        let seen = Picture { offered: true, camera: true, ..Picture::default() };
        let video = |phase| [Call { picture: seen, ..call(4, phase, false) }];
        assert_eq!(command("KeyV", &video(Phase::RingingHere)), Some(Command::Answer(4, Sends::Camera)));
        assert_eq!(command("KeyC", &video(Phase::RingingHere)), None);
        assert_eq!(command("KeyV", &video(Phase::Talking)), Some(Command::Camera(4, false)));
        assert_eq!(command("KeyV", &talking), Some(Command::Camera(2, true)));
        assert_eq!((command("KeyV", &calling), command("KeyC", &calling)), (None, None));
        let rings_beside = [call(2, Phase::Talking, false), call(3, Phase::RingingHere, false)];
        assert_eq!(command("KeyV", &rings_beside), None, "it shows nothing");
        assert_eq!(command("KeyC", &talking), Some(Command::Screen(2, true)));

        assert_eq!(command("KeyR", &talking), Some(Command::Record(2, true)));
        let recorded = |recorded| [Call { recorded, ..call(5, Phase::Talking, false) }];
        assert_eq!(command("KeyR", &recorded(Recorded::On(Tape::default()))), Some(Command::Record(5, false)));
        assert_eq!(command("KeyR", &recorded(Recorded::Starting)), Some(Command::Record(5, false)));
        let failed = |failure| recorded(Recorded::Failed(failure));
        assert_eq!(command("KeyR", &failed(RecordingFailure::NoRoom)), Some(Command::Record(5, true)), "once more");
        assert_eq!(command("KeyR", &failed(RecordingFailure::NotAllowed)), None);
        assert_eq!(command("KeyR", &recorded(Recorded::Forbidden)), None);
        assert_eq!(command("KeyR", &calling), None);

        assert_eq!(command("KeyA", &[]), None);
        assert_eq!(command("KeyX", &ringing), None);
    }

    #[test]
    fn the_voicemail_takes_what_rings_and_is_called_while_nothing_is_up() {
        let does = |calls: &[Call]| super::effect("KeyB", calls, "*97".to_owned());
        let talking = call(2, Phase::Talking, false);
        let ringing = call(1, Phase::RingingHere, false);
        let diverted = Some(Does::Send(Command::Divert(1, "*97".to_owned())));
        assert_eq!(does(std::slice::from_ref(&ringing)), diverted);
        assert_eq!(does(&[talking.clone(), ringing.clone()]), diverted);
        assert_eq!(does(&[]), Some(Does::Send(Command::Dial("*97".to_owned(), Sends::Voice))));
        assert_eq!(does(&[talking]), None);
        assert_eq!((effect("KeyB", &[ringing]), effect("KeyB", &[])), (None, None), "there is none");
    }

    #[test]
    fn a_second_call_that_rings_is_answered_and_the_first_is_hung_up() {
        let both = [call(1, Phase::Talking, false), call(2, Phase::RingingHere, false)];
        assert_eq!(command("KeyA", &both), Some(Command::Answer(2, Sends::Voice)));
        assert_eq!(command("KeyH", &both), Some(Command::HangUp(1)));
    }

    #[test]
    fn keys_are_about_the_call_that_a_person_talks_in_and_one_swaps() {
        for calls in [[call(1, Phase::Talking, false), held(2)], [held(2), call(1, Phase::Talking, false)]] {
            assert_eq!(command("KeyH", &calls), Some(Command::HangUp(1)));
            assert_eq!(command("KeyO", &calls), Some(Command::Hold(1, true)));
            assert_eq!(command("KeyS", &calls), Some(Command::Hold(2, false)));
        }
        let dialling = [held(1), call(2, Phase::Calling, false)];
        assert_eq!(command("KeyH", &dialling), Some(Command::HangUp(2)));
        assert_eq!(command("KeyS", &dialling), Some(Command::Hold(1, false)));
        assert_eq!(command("KeyO", &[held(1), held(2)]), Some(Command::Hold(2, false)), "the newest one");
        assert_eq!(command("KeyJ", &dialling), None, "nobody has answered there");
        assert_eq!(command("KeyJ", &[call(1, Phase::Talking, false), held(2)]), Some(Command::Join(1, 2)));
    }

    #[test]
    fn keys_are_about_the_whole_conference() {
        let joined = |key| Call { joined: true, ..call(key, Phase::Talking, false) };
        let calls = [joined(1), held(2), joined(3)];
        assert_eq!(effect("KeyH", &calls), Some(Does::HangUp(vec![1, 3])));
        assert_eq!(command("KeyM", &calls), Some(Command::Mute(3, true)));
        assert_eq!(command("KeyO", &calls), Some(Command::Hold(3, true)));
        assert_eq!(command("KeyS", &calls), Some(Command::Hold(2, false)));
        assert_eq!(command("KeyJ", &calls), Some(Command::Join(3, 2)));
        assert_eq!(command("KeyC", &calls), Some(Command::Screen(3, true)));
        let picture = Picture { screen: true, ..Picture::default() };
        let shared = [Call { picture, ..joined(1) }, joined(3)];
        assert_eq!(command("KeyC", &shared), Some(Command::Screen(3, false)), "whichever of them was asked for it");
        for code in ["KeyK", "KeyT"] {
            assert_eq!(effect(code, &calls), None, "{code}");
        }
    }
}
