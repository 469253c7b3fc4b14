//! Keys that work anywhere on the page.

use crate::phone::{Call, Command, LineStateStoreFields, Phase, Seat, Sends, use_phone};
use leptos::prelude::*;

/// Listens for Alt with a letter: A answers, D declines, H hangs up, M mutes and unmutes, V answers with the camera or
/// switches it on and off, S shares the screen and ends that.
#[component]
pub(crate) fn Shortcuts() -> impl IntoView {
    let phone = use_phone();
    let (line, seat) = (phone.line(), phone.seat());
    Effect::new(move |_| {
        let phone = phone.clone();
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            // Alt with Control is AltGr, which types characters.
            let ours =
                event.alt_key() && !event.ctrl_key() && !event.meta_key() && !event.shift_key() && !event.repeat();
            if !ours || seat.get_untracked() != Seat::Holding {
                return;
            }
            let command = line.calls().with_untracked(|calls| command(&event.code(), calls));
            if let Some(command) = command {
                event.prevent_default();
                phone.send(command);
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// What a key does to these calls. Keys are told by their place (`KeyboardEvent.code`), as Alt changes the
/// letter on some systems.
fn command(code: &str, calls: &[Call]) -> Option<Command> {
    let ringing = || calls.iter().find(|call| call.phase == Phase::RingingHere);
    let up = || calls.iter().rev().find(|call| !matches!(call.phase, Phase::RingingHere | Phase::Ending));
    let talking = || up().filter(|call| call.phase.has_microphone());
    match code {
        "KeyA" => ringing().map(|call| Command::Answer(call.key, Sends::Voice)),
        "KeyD" => ringing().map(|call| Command::Decline(call.key)),
        "KeyH" => up().map(|call| Command::HangUp(call.key)),
        "KeyV" => match ringing() {
            Some(call) => call.picture.offered.then_some(Command::Answer(call.key, Sends::Camera)),
            None => talking().map(|call| Command::Camera(call.key, !call.picture.camera)),
        },
        "KeyS" => talking().map(|call| Command::Screen(call.key, !call.picture.screen)),
        "KeyM" => talking().map(|call| Command::Mute(call.key, !call.muted)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::{CallKey, Direction, Party, Picture};

    fn call(key: CallKey, phase: Phase, muted: bool) -> Call {
        Call {
            key,
            direction: Direction::Incoming,
            remote: Party::default(),
            phase,
            answered_at: None,
            muted,
            picture: Picture::default(),
        }
    }

    #[test]
    fn keys_do_what_the_call_allows() {
        let ringing = [call(1, Phase::RingingHere, false)];
        assert_eq!(command("KeyA", &ringing), Some(Command::Answer(1, Sends::Voice)));
        assert_eq!(command("KeyD", &ringing), Some(Command::Decline(1)));
        assert_eq!(command("KeyH", &ringing), None);
        assert_eq!(command("KeyM", &ringing), None);

        let talking = [call(2, Phase::Talking, true)];
        assert_eq!(command("KeyA", &talking), None);
        assert_eq!(command("KeyH", &talking), Some(Command::HangUp(2)));
        assert_eq!(command("KeyM", &talking), Some(Command::Mute(2, false)));

        let calling = [call(3, Phase::Calling, false)];
        assert_eq!(command("KeyH", &calling), Some(Command::HangUp(3)));
        assert_eq!(command("KeyM", &calling), None);

        assert_eq!(command("KeyV", &ringing), None, "it shows nothing");
        let seen = Picture { offered: true, camera: true, ..Picture::default() };
        let video = |phase| [Call { picture: seen, ..call(4, phase, false) }];
        assert_eq!(command("KeyV", &video(Phase::RingingHere)), Some(Command::Answer(4, Sends::Camera)));
        assert_eq!(command("KeyS", &video(Phase::RingingHere)), None);
        assert_eq!(command("KeyV", &video(Phase::Talking)), Some(Command::Camera(4, false)));
        assert_eq!(command("KeyV", &talking), Some(Command::Camera(2, true)));
        assert_eq!(command("KeyS", &talking), Some(Command::Screen(2, true)));

        assert_eq!(command("KeyA", &[]), None);
        assert_eq!(command("KeyX", &ringing), None);
    }

    #[test]
    fn a_second_call_that_rings_is_answered_and_the_first_is_hung_up() {
        let both = [call(1, Phase::Talking, false), call(2, Phase::RingingHere, false)];
        assert_eq!(command("KeyA", &both), Some(Command::Answer(2, Sends::Voice)));
        assert_eq!(command("KeyH", &both), Some(Command::HangUp(1)));
    }
}
