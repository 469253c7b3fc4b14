//! Every state in the words that a person reads. One place, so that nothing is without words and no two
//! states that a person has to tell apart share them.

#[cfg(feature = "ssr")]
use crate::backend::{Contact, Mailbox, Wishes};
#[cfg(feature = "ssr")]
use crate::history::Reason;
use crate::phone::{
    Cause, Direction, Handover, Hold, MediaFailure, Phase, Presence, Recorded, RecordingFailure, Refusal, Registration,
    Status, Tape, Voice,
};
use crate::quality::{Grade, Quality};

/// How much of the words of a far end is shown.
const QUOTED_CHARS: usize = 120;

/// How serious a state is: colour and shape follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Under way; nothing to do but wait.
    Waiting,
    /// Nothing to worry about, and nothing going on.
    Quiet,
    /// Something stands in the way.
    Trouble,
}

/// What is the case, and what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What is the case, as a sentence or a label.
    pub text: String,
    /// What can be done, if something can.
    pub advice: Option<&'static str>,
    /// How serious it is.
    pub tone: Tone,
}

impl Words {
    fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), advice: None, tone }
    }

    fn advise(self, advice: &'static str) -> Self {
        Self { advice: Some(advice), ..self }
    }
}

/// The state of the line.
pub fn registration(registration: Registration) -> Words {
    match registration {
        Registration::Unknown => Words::new(Tone::Quiet, "Not connected"),
        Registration::Connecting => Words::new(Tone::Waiting, "Connecting…"),
        Registration::Ready => Words::new(Tone::Good, "Ready"),
        Registration::Unreachable => {
            Words::new(Tone::Trouble, "The server cannot be reached. The phone keeps trying.").advise("Check your network connection.")
        }
        Registration::Refused(refusal) => refused(refusal),
        Registration::Insecure => Words::new(Tone::Trouble, "This page was not opened over HTTPS, so the browser gives it no microphone.")
            .advise("Open the address again with https:// in front."),
        Registration::NoWebRtc => Words::new(Tone::Trouble, "This browser cannot make calls: it has no WebRTC.")
            .advise("Open this page in a current Firefox, Chrome, Edge or Safari, and check that WebRTC is not switched off."),
        Registration::LoggedOut => Words::new(Tone::Quiet, "Logged out").advise("Log in again to make and take calls."),
        Registration::StillLoggedIn => Words::new(Tone::Trouble, "You are still logged in: the server cannot be reached.")
            .advise("Try again when it is back."),
        Registration::Away => Words::new(Tone::Waiting, "Waiting for the page with this phone…"),
    }
}

/// How many calls were missed that were not seen.
pub fn missed(missed: u32) -> String {
    format!("{missed} missed")
}

/// How many messages came that were not seen.
pub fn unread(unread: u32) -> String {
    format!("{unread} new")
}

/// Why a message did not arrive, and what to do.
#[cfg(feature = "ssr")]
#[must_use]
pub fn undelivered(failure: crate::messages::Failure) -> String {
    use crate::messages::Failure;
    match failure {
        Failure::NoResponse => "nothing answered in time. Send it again when the network is better.".to_owned(),
        Failure::Forbidden => "you may not write to this number. Ask who runs the phone system.".to_owned(),
        Failure::NotFound => "there is nobody with this number. Check it.".to_owned(),
        Failure::Unavailable => "they cannot be reached now. Send it again later.".to_owned(),
        Failure::Declined => "they do not want it.".to_owned(),
        Failure::Unsupported => "their phone takes no messages. Call them.".to_owned(),
        Failure::TooLarge => "it is too long for a server on the way. Write it in parts.".to_owned(),
        Failure::Unsendable => "this is no number or address to write to.".to_owned(),
        Failure::Status(status) => format!("the other end refused it (SIP {status}). Send it again later."),
    }
}

/// The state of a line that another tab holds.
pub fn watched(registration: Registration) -> Words {
    match registration {
        Registration::Ready => Words::new(Tone::Quiet, "Ready elsewhere"),
        Registration::Unknown
        | Registration::Connecting
        | Registration::Unreachable
        | Registration::Refused(_)
        | Registration::Insecure
        | Registration::NoWebRtc
        | Registration::LoggedOut
        | Registration::StillLoggedIn
        | Registration::Away => self::registration(registration),
    }
}

/// Where the phone is that this tab does not hold, and what can be done from here: the page that holds it may be `away`.
pub fn elsewhere(away: bool) -> (&'static str, &'static str) {
    if away {
        (
            "The page with this phone was closed or has lost its connection",
            "Its calls are kept for a while, until it is back or you go on with them here.",
        )
    } else {
        (
            "This phone is open in another tab or on another device",
            "Here you see what it does. Calls are made and answered there.",
        )
    }
}

/// Where a call stands.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Preparing => "Opening the microphone…",
        Phase::Calling => "Calling…",
        Phase::RingingThere => "Ringing…",
        Phase::RingingHere => "Incoming call",
        Phase::Answering => "Answering…",
        Phase::Connecting => "Connecting the sound…",
        Phase::Talking => "Connected",
        Phase::Ending => "Hanging up…",
        Phase::Returning => "Getting the sound back…",
    }
}

/// Where a call stands, on hold or not.
pub fn standing(phase: Phase, hold: Hold) -> &'static str {
    match (phase, hold) {
        (Phase::Talking, Hold { here: true, there: true }) => "On hold at both ends",
        (Phase::Talking, Hold { here: true, there: false }) => "On hold",
        (Phase::Talking, Hold { here: false, there: true }) => "They put you on hold",
        (
            Phase::Preparing
            | Phase::Calling
            | Phase::RingingThere
            | Phase::RingingHere
            | Phase::Answering
            | Phase::Connecting
            | Phase::Talking
            | Phase::Ending
            | Phase::Returning,
            _,
        ) => self::phase(phase),
    }
}

/// How it stands with the recording of a call; nothing while there is none.
pub fn recorded(recorded: Recorded) -> Option<Words> {
    let stopped = |why: &str| Words::new(Tone::Trouble, format!("Recording stopped: {why}."));
    Some(match recorded {
        Recorded::No | Recorded::Forbidden => return None,
        Recorded::Starting => Words::new(Tone::Waiting, "The recording begins…"),
        Recorded::On(Tape { kept: true, .. }) => Words::new(Tone::Good, "Recording")
            .advise("The server cannot be reached: this page keeps it until then. Do not close it."),
        Recorded::On(Tape { anew: true, .. }) => {
            Words::new(Tone::Good, "Recording").advise("It goes on in a new file, as the page was opened anew.")
        }
        Recorded::On(Tape { announced: true, .. }) => {
            Words::new(Tone::Good, "Recording").advise("They hear a tone every 15 seconds.")
        }
        Recorded::On(Tape { .. }) => Words::new(Tone::Good, "Recording").advise("What you and they say is kept."),
        Recorded::Failed(failure) => match failure {
            RecordingFailure::NoRoom => stopped("the server has no room for it")
                .advise("Remove recordings that you do not need, then press Record."),
            RecordingFailure::NotAllowed => stopped("it is not allowed here").advise("Ask your administrator."),
            RecordingFailure::Unsupported => stopped("this browser cannot do it")
                .advise("Open the phone in a current Firefox, Chrome, Edge or Safari."),
            RecordingFailure::TooMuch => stopped("the server cannot be reached for too long")
                .advise("What is recorded so far is sent when it is back: do not close this page."),
            RecordingFailure::Removed => stopped("it was removed").advise("Press Record for another one."),
            RecordingFailure::Refused(status) => {
                stopped(&format!("the server refuses it, by status {status}")).advise("Press Record to try it again.")
            }
        },
    })
}

/// How far it is that the other party is handed over.
pub fn handover(handover: Handover) -> String {
    let refused = |why: &str| format!("Not handed over: {why}.");
    match handover {
        Handover::Asked => "Handing over…".to_owned(),
        Handover::Ringing => "Handing over: it rings there…".to_owned(),
        Handover::Untold => "They were asked to call there, and do not say what comes of it.".to_owned(),
        Handover::Refused(404 | 410 | 484 | 604) => refused("there is no such number"),
        Handover::Refused(486 | 600) => refused("they are busy there"),
        Handover::Refused(408 | 487) => refused("nobody answers there"),
        Handover::Refused(480) => refused("nobody can be reached there"),
        Handover::Refused(603 | 607) => refused("they declined it"),
        Handover::Refused(403 | 405 | 420 | 501) => refused("their phone or the server does not allow it"),
        Handover::Refused(status) => refused(&format!("SIP status {status}")),
    }
}

/// How well a call is heard.
pub fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Good => "Good sound",
        Grade::Fair => "Fair sound",
        Grade::Poor => "Poor sound",
        Grade::Bad => "Bad sound",
    }
}

/// What can be done about a call that is not heard well, as far as it can be told from what was measured.
pub fn quality_advice(quality: &Quality) -> Option<&'static str> {
    match quality.grade() {
        Grade::Good => None,
        _ if quality.lost >= 1_000 => Some("Nothing arrives from them."),
        _ if quality.lost >= 10 => Some("Parts get lost. A cable instead of Wi-Fi, or less other traffic, helps."),
        _ if quality.jitter >= 30 => Some("Parts come late. Less other traffic on this network helps."),
        _ if quality.round_trip >= Some(300) => Some("The way is long: each hears the other late."),
        Grade::Fair | Grade::Poor | Grade::Bad => None,
    }
}

/// What a contact is doing.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Unknown => "Not known",
        Status::Offline => "Offline",
        Status::Online => "Online",
        Status::InCall => "In a call",
        Status::Ringing => "Ringing",
        Status::Away => "Away",
        Status::Busy => "Busy",
        Status::DoNotDisturb => "Do not disturb",
    }
}

/// What a contact is doing, with their own words on it.
pub fn presence(presence: &Presence) -> String {
    if presence.note.is_empty() {
        status(presence.status).to_owned()
    } else {
        [status(presence.status), " · ", &presence.note].concat()
    }
}

/// What becomes of a person's calls, in sentences; nothing while they ring as usual.
#[cfg(feature = "ssr")]
pub fn wishes(wishes: &Wishes, contacts: &[Contact]) -> Vec<String> {
    let to = |number: &Option<String>| {
        let number = number.as_ref()?;
        let known = contacts.iter().find(|contact| contact.extension == *number && !contact.name.trim().is_empty());
        Some(known.map_or_else(|| number.clone(), |contact| format!("{} ({number})", contact.name)))
    };
    let mut told = Vec::new();
    match wishes.mailbox {
        Mailbox::Empty | Mailbox::New(0) => {}
        Mailbox::New(1) => told.push("A new voice message waits for you.".to_owned()),
        Mailbox::New(count) => told.push(format!("{count} new voice messages wait for you.")),
        Mailbox::Some => told.push("New voice messages wait for you.".to_owned()),
    }
    let seen = match wishes.activity {
        "away" => Some("away"),
        "busy" => Some("busy"),
        _ => None,
    };
    match (seen, wishes.note.as_str()) {
        (None, "") => {}
        (None, note) => told.push(format!("Colleagues read: {note}")),
        (Some(seen), "") => told.push(format!("Colleagues see that you are {seen}.")),
        (Some(seen), note) => told.push(format!("Colleagues see that you are {seen}, and read: {note}")),
    }
    if let Some(always) = to(&wishes.always) {
        told.push(format!("All calls go to {always}."));
    }
    if wishes.do_not_disturb {
        told.push("Do not disturb is on: no call rings here.".to_owned());
    }
    // What does not come to pass while all calls go elsewhere, or none rings, would only confuse.
    if wishes.always.is_some() {
        return told;
    }
    if let Some(busy) = to(&wishes.busy) {
        told.push(if wishes.do_not_disturb {
            format!("Calls go to {busy}.")
        } else {
            format!("When you are busy, calls go to {busy}.")
        });
    }
    if wishes.do_not_disturb {
        return told;
    }
    if wishes.no_call_waiting {
        told.push("Call waiting is off: who calls while you have a call finds you busy.".to_owned());
    }
    if let Some(unanswered) = to(&wishes.unanswered) {
        told.push(match wishes.ringing_seconds {
            Some(seconds) => format!("Calls that you do not answer within {seconds} seconds go to {unanswered}."),
            None => format!("Calls that you do not answer go to {unanswered}."),
        });
    }
    if let Some(unreachable) = to(&wishes.unreachable) {
        told.push(format!("While your phone is off, calls go to {unreachable}."));
    }
    told
}

/// How a call ended, in the history; nothing more is to be said of one that was answered and of whose end nothing is known.
#[cfg(feature = "ssr")]
pub fn reason(reason: &Reason, direction: Direction, contacts: &[Contact]) -> String {
    let named = |number: &String| {
        let known = contacts.iter().find(|contact| contact.extension == *number && !contact.name.trim().is_empty());
        known.map_or_else(|| number.clone(), |contact| format!("{} ({number})", contact.name))
    };
    match reason {
        Reason::Cause(cause) => self::cause(cause, direction).text,
        Reason::DoNotDisturb => "Missed call: you were not to be disturbed.".to_owned(),
        Reason::NobodyHome => "Missed call: no phone of yours was on.".to_owned(),
        Reason::AnsweredBy(number) => format!("{} answered it.", named(number)),
        Reason::SentOn(number) => format!("It was sent on to {}, as your settings say.", named(number)),
        Reason::Unknown => "On another phone; how it ended was not seen.".to_owned(),
    }
}

/// How a call ended. Some causes read differently to who called and to who was called.
pub fn cause(cause: &Cause, direction: Direction) -> Words {
    match cause {
        Cause::HungUpHere => Words::new(Tone::Quiet, "You hung up."),
        Cause::HungUpThere => Words::new(Tone::Quiet, "They hung up."),
        Cause::CancelledHere => Words::new(Tone::Quiet, "You cancelled the call."),
        Cause::CancelledThere => Words::new(Tone::Trouble, "Missed call: they hung up before you answered."),
        Cause::DeclinedHere => Words::new(Tone::Quiet, "You declined the call."),
        Cause::DeclinedThere => Words::new(Tone::Trouble, "They declined the call."),
        Cause::Busy => match direction {
            Direction::Outgoing => Words::new(Tone::Trouble, "They are busy.").advise("Try again in a few minutes."),
            Direction::Incoming => Words::new(Tone::Trouble, "Missed call: you were in another call."),
        },
        Cause::NoAnswer => match direction {
            Direction::Outgoing => Words::new(Tone::Trouble, "Nobody answered.").advise("Try again later."),
            Direction::Incoming => Words::new(Tone::Trouble, "Missed call: it rang until the time was up."),
        },
        Cause::AnsweredElsewhere => Words::new(Tone::Quiet, "The call was answered on another of your phones."),
        Cause::DeclinedElsewhere => Words::new(Tone::Quiet, "The call was declined on another of your phones."),
        Cause::DivertedHere(number) => Words::new(Tone::Quiet, format!("You sent the call on to {number}.")),
        Cause::DivertedElsewhere => Words::new(Tone::Quiet, "The call was sent on from another of your phones."),
        Cause::Gone => {
            Words::new(Tone::Trouble, "This number is not in use any more.").advise("Ask them for their new number.")
        }
        Cause::Incomplete => {
            Words::new(Tone::Trouble, "This number is not complete.").advise("Check the number, then call again.")
        }
        Cause::Redirected(number) if number.is_empty() => {
            Words::new(Tone::Trouble, "They are to be reached at another number, which is not said.")
        }
        Cause::Redirected(number) => {
            Words::new(Tone::Trouble, format!("They are to be reached at another number: {number}."))
                .advise("Call that number.")
        }
        Cause::Unwanted => Words::new(Tone::Trouble, "They do not take calls from you."),
        Cause::AuthenticationFailed => Words::new(Tone::Trouble, "The server did not accept who you are.")
            .advise("Log out and in again. If it stays like this, tell whoever runs your phone system."),
        Cause::NotFound => {
            Words::new(Tone::Trouble, "There is no such number.").advise("Check the number, then call again.")
        }
        Cause::Unavailable => Words::new(Tone::Trouble, "They cannot be reached now: no phone of theirs is on.")
            .advise("Try again later."),
        Cause::NotAcceptable(said) => Words::new(Tone::Trouble, not_acceptable(said)),
        Cause::Forbidden => Words::new(Tone::Trouble, "You may not call this number.")
            .advise("Ask whoever runs your phone system to allow it."),
        Cause::Media(failure) => media(*failure),
        Cause::Network => Words::new(Tone::Trouble, "The call was lost: the server could not be reached.")
            .advise("The phone reconnects by itself. Call again when it says “Ready”."),
        Cause::Status(code) => Words::new(Tone::Trouble, format!("The call did not go through (SIP status {code})."))
            .advise("Try again. If it stays like this, tell whoever runs your phone system this number."),
        Cause::Transferred => Words::new(Tone::Quiet, "The call was passed on."),
        Cause::Told(words) => Words::new(Tone::Quiet, words.clone()),
        Cause::TooMany => Words::new(Tone::Trouble, "So many calls are up that there is no room for another one.")
            .advise("End one of them, then call again."),
        Cause::Away => Words::new(Tone::Trouble, "The call ended while this phone was away."),
        Cause::Unfit { .. } => Words::new(
            Tone::Trouble,
            match direction {
                Direction::Outgoing => "They answered with sound that no browser can take.",
                Direction::Incoming => "They called with sound that no browser can take, so it did not ring.",
            },
        )
        .advise("Tell whoever runs your phone system."),
    }
}

/// What is to be said of our voice in a call, while it does not go out.
pub fn voice(voice: Voice) -> Option<Words> {
    match voice {
        Voice::Sent => None,
        Voice::Asked => Some(
            Words::new(Tone::Waiting, "Allow the microphone: the browser asks you.")
                .advise("Nobody hears you until then. You can go on without, and only listen."),
        ),
        Voice::Missing(failure) => {
            let (text, advice) = missing(failure);
            Some(Words::new(Tone::Trouble, format!("They do not hear you. {text}")).advise(advice))
        }
    }
}

/// Why there is no microphone, and what helps.
const fn missing(failure: MediaFailure) -> (&'static str, &'static str) {
    match failure {
        MediaFailure::Denied => (
            "The browser may not use the microphone.",
            "Click the lock or the microphone beside the page's address, allow the microphone, then try again.",
        ),
        MediaFailure::NoDevice => ("There is no microphone.", "Plug in a microphone or a headset, then try again."),
        MediaFailure::DeviceBusy => {
            ("Another program is using the microphone.", "Close the other program or its call, then try again.")
        }
        MediaFailure::Constraint => {
            ("The microphone cannot do what is asked of it.", "Choose another microphone, then try again.")
        }
        MediaFailure::Insecure => (
            "The microphone works only on a page that was opened over HTTPS.",
            "Open the address again with https:// in front.",
        ),
        MediaFailure::Unsupported | MediaFailure::Description | MediaFailure::Connectivity | MediaFailure::NoRelay => (
            "The browser could not open the microphone.",
            "Try again, or open this page in a current Firefox, Chrome, Edge or Safari.",
        ),
    }
}

/// What stands between a call and the microphone or the browser's media.
pub fn media(failure: MediaFailure) -> Words {
    let (text, advice) = match failure {
        MediaFailure::Denied
        | MediaFailure::NoDevice
        | MediaFailure::DeviceBusy
        | MediaFailure::Constraint
        | MediaFailure::Insecure => missing(failure),
        MediaFailure::Unsupported => {
            ("This browser lacks what a call needs.", "Open this page in a current Firefox, Chrome, Edge or Safari.")
        }
        MediaFailure::Description => (
            "The two phones could not agree on how to send the sound.",
            "Tell whoever runs your phone system which number this was.",
        ),
        MediaFailure::Connectivity => (
            "The sound could not be connected.",
            "A firewall or the network may be in the way. Try another network, or call again.",
        ),
        MediaFailure::NoRelay => (
            "Calls of this phone go over a relay, and no relay took this one.",
            "Tell whoever runs your phone system: the TURN server cannot be reached, or refuses its credentials.",
        ),
    };
    Words::new(Tone::Trouble, text).advise(advice)
}

/// Why there is no picture of ours in a call that goes on.
pub fn picture(failure: MediaFailure) -> Words {
    let (text, advice) = match failure {
        MediaFailure::Denied => (
            "The browser may not use the camera. The call goes on with your voice.",
            "Click the lock or the camera beside the page's address, allow the camera, then start it again.",
        ),
        MediaFailure::NoDevice => {
            ("There is no camera. The call goes on with your voice.", "Plug in a camera, then start it.")
        }
        MediaFailure::DeviceBusy => (
            "Another program is using the camera. The call goes on with your voice.",
            "Close the other program or its call, then start the camera again.",
        ),
        MediaFailure::Constraint => (
            "No camera does what is asked of it. The call goes on with your voice.",
            "Choose another camera under “Sound and devices”, then start it.",
        ),
        MediaFailure::Insecure => (
            "The camera works only on a page that was opened over HTTPS.",
            "Open the address again with https:// in front.",
        ),
        MediaFailure::Unsupported => (
            "This browser has no picture of this kind to give. The call goes on with your voice.",
            "Open this page in a current Firefox, Chrome, Edge or Safari on a computer.",
        ),
        MediaFailure::Description => {
            ("They take no video. The call goes on with your voice.", "Call another of their phones to be seen.")
        }
        MediaFailure::Connectivity | MediaFailure::NoRelay => {
            ("The picture could not be connected. The call goes on with your voice.", "Start the camera again.")
        }
    };
    Words::new(Tone::Trouble, text).advise(advice)
}

/// Our screen was shared, and the page was loaded anew.
pub fn interrupted() -> Words {
    Words::new(Tone::Waiting, "Your screen was shared, and is not any more, as this page was loaded anew.")
        .advise("Press “Share screen” to go on sharing.")
}

/// The time of a call: minutes and seconds, and hours once there are any.
pub fn duration(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

fn refused(refusal: Refusal) -> Words {
    let ask = "Ask whoever runs your phone system, and tell them this number.";
    let (text, advice) = match refusal {
        Refusal::WrongCredentials => (
            "The server does not accept this phone's name and password.".to_owned(),
            "Log out and log in again. If that does not help, ask whoever runs your phone system.",
        ),
        Refusal::Unanswerable => (
            "The server wants this phone to sign in in a way that it is not set up for.".to_owned(),
            "Ask whoever runs your phone system to check the realm and the digest algorithms of the server.",
        ),
        Refusal::NotAllowed(status) => (
            format!("The server does not let this phone in (SIP status {status})."),
            "Ask whoever runs your phone system to allow it.",
        ),
        Refusal::UnknownUser(status) => (
            format!("The server does not know this extension (SIP status {status})."),
            "Ask whoever runs your phone system to set it up.",
        ),
        Refusal::Misconfigured(status) => {
            (format!("This phone and its server are not set up to fit (SIP status {status})."), ask)
        }
        Refusal::Busy => (
            "The server is busy. The phone tries again when the server asked for it.".to_owned(),
            "Wait a few minutes.",
        ),
        Refusal::ServerFailure(status) => {
            (format!("The server is in trouble (SIP status {status}). The phone keeps trying."), ask)
        }
    };
    Words::new(Tone::Trouble, text).advise(advice)
}

fn not_acceptable(said: &str) -> String {
    let said: String = said.chars().filter(|character| !character.is_control()).take(QUOTED_CHARS).collect();
    let said = said.trim();
    if said.is_empty() {
        "Their phone could not take the call.".to_owned()
    } else {
        format!("Their phone could not take the call. It says: “{said}”.")
    }
}

/// Why a person cannot see themselves without a call, and what helps.
pub const fn no_camera(failure: MediaFailure) -> &'static str {
    match failure {
        MediaFailure::Denied => {
            "The browser may not use the camera. Allow it beside the page's address, then test it again."
        }
        MediaFailure::NoDevice => "There is no camera. Plug one in, then test it again.",
        MediaFailure::DeviceBusy => "Another program is using the camera. Close it, then test it again.",
        MediaFailure::Constraint => "This camera does not do what is asked of it. Choose another one.",
        MediaFailure::Insecure => "The camera works only on a page that was opened over HTTPS.",
        MediaFailure::Unsupported => "This browser gives pages no camera.",
        MediaFailure::Description | MediaFailure::Connectivity | MediaFailure::NoRelay => "The camera cannot be used.",
    }
}

#[cfg(test)]
mod tests;
