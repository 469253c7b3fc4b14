//! Keys that work anywhere on the page.

use crate::phone::{Call, Command, LineStateStoreFields, Phase, Seat, use_phone};
use leptos::prelude::*;

/// Listens for Alt with a letter: A answers, D declines, H hangs up, M mutes and unmutes.
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
    match code {
        "KeyA" => ringing().map(|call| Command::Answer(call.key)),
        "KeyD" => ringing().map(|call| Command::Decline(call.key)),
        "KeyH" => up().map(|call| Command::HangUp(call.key)),
        "KeyM" => up().filter(|call| call.phase.has_microphone()).map(|call| Command::Mute(call.key, !call.muted)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::{CallKey, Direction, Party, Voice};

    fn call(key: CallKey, phase: Phase, muted: bool) -> Call {
        Call {
            key,
            direction: Direction::Incoming,
            remote: Party::default(),
            phase,
            answered_at: None,
            muted,
            voice: Voice::default(),
        }
    }

    #[test]
    fn keys_do_what_the_call_allows() {
        let ringing = [call(1, Phase::RingingHere, false)];
        assert_eq!(command("KeyA", &ringing), Some(Command::Answer(1)));
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

        assert_eq!(command("KeyA", &[]), None);
        assert_eq!(command("KeyX", &ringing), None);
    }

    #[test]
    fn a_second_call_that_rings_is_answered_and_the_first_is_hung_up() {
        let both = [call(1, Phase::Talking, false), call(2, Phase::RingingHere, false)];
        assert_eq!(command("KeyA", &both), Some(Command::Answer(2)));
        assert_eq!(command("KeyH", &both), Some(Command::HangUp(1)));
    }
}
