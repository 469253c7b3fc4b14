//! `tabphone policy`.

use super::calling::Wanted;
use super::{CommandError, Data};
use crate::store::policies::{
    AUDIO_KBIT, Codecs, Ice, InvalidValue, Policy, PolicyChange, VIDEO_HEIGHT, VIDEO_KBIT, VIDEO_RATE,
    auto_answer_text, digits_name, parse_auto_answer, parse_codecs, parse_digits, parse_limit, parse_recording,
    parse_removed, parse_voicemail, recording_name,
};
use app::media::{AutoAnswer, Digits, Recording};
use clap::{Args, Subcommand};
use std::io::Write as _;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Set something, for everybody or for one extension. Open pages follow at once, a call from its next change on.
    Set {
        /// For this extension only.
        #[arg(long = "for", value_name = "EXTENSION")]
        extension: Option<String>,
        #[command(flatten)]
        settings: Box<Settings>,
        #[command(flatten)]
        data: Data,
    },
    /// Show what is set, for everybody and for whom it is different; or all that holds for one extension.
    Show {
        /// For this extension only.
        #[arg(long = "for", value_name = "EXTENSION")]
        extension: Option<String>,
        #[command(flatten)]
        data: Data,
    },
}

/// Each can be `default`: as for everybody, and for everybody as Tabphone has it.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Settings {
    /// Which STUN and TURN servers calls use: none (everybody is on one network), all that the server was started with
    /// (the default), or relay (sound and pictures go over TURN only).
    #[arg(long, value_name = "none|all|relay", value_parser = ice)]
    ice: Option<Wanted<Ice>>,
    /// Whether addresses that are found late may follow in a call (RFC 8840); off helps with phones that stumble over it.
    #[arg(long, value_name = "on|off", value_parser = trickle)]
    trickle: Option<Wanted<bool>>,
    /// The codecs that come first, the best first, such as opus,PCMA; the others follow.
    #[arg(long, value_name = "NAMES", value_parser = codecs)]
    codecs: Option<Wanted<Codecs>>,
    /// The codecs that are not used, such as G722,VP9.
    #[arg(long, value_name = "NAMES", value_parser = removed)]
    without_codecs: Option<Wanted<Codecs>>,
    /// The most that the sound of a call may take each way, in kilobits a second; PCMU and PCMA need 64.
    #[arg(long, value_name = "KBIT|none", value_parser = |text: &str| limit(text, AUDIO_KBIT))]
    audio_bandwidth: Option<Wanted<u16>>,
    /// The most that the pictures of a call may take each way, in kilobits a second.
    #[arg(long, value_name = "KBIT|none", value_parser = |text: &str| limit(text, VIDEO_KBIT))]
    video_bandwidth: Option<Wanted<u16>>,
    /// The most lines of a picture that is sent, such as 720.
    #[arg(long, value_name = "LINES|none", value_parser = |text: &str| limit(text, VIDEO_HEIGHT))]
    video_height: Option<Wanted<u16>>,
    /// The most pictures a second that are sent.
    #[arg(long, value_name = "NUMBER|none", value_parser = |text: &str| limit(text, VIDEO_RATE))]
    video_rate: Option<Wanted<u16>>,
    /// How keys are sent in a call: auto (in the sound where the other end takes that, else by INFO), rtp (always in the
    /// sound, RFC 4733), or info (always by INFO).
    #[arg(long, value_name = "auto|rtp|info", value_parser = digits)]
    digits: Option<Wanted<Digits>>,
    /// Whose calls are answered by themselves when they ask for it and the person agreed in the settings: off (the default),
    /// domain (everybody here), or extensions such as 1002,1003.
    #[arg(long, value_name = "off|domain|NUMBERS", value_parser = auto_answer)]
    auto_answer: Option<Wanted<AutoAnswer>>,
    /// Whether calls may be recorded: off (there is no button, and the server takes none), allowed (the default: whoever has
    /// the phone decides), or announced (the other end hears a tone when it begins, and every 15 seconds).
    #[arg(long, value_name = "off|allowed|announced", value_parser = recording)]
    recording: Option<Wanted<Recording>>,
    /// The number of the voicemail: calls that ring are sent there by a button, and holding the key 1 calls it.
    #[arg(long, value_name = "NUMBER|none", value_parser = voicemail)]
    voicemail: Option<Wanted<String>>,
}

impl From<Settings> for PolicyChange {
    fn from(settings: Settings) -> Self {
        Self {
            ice: settings.ice.map(Into::into),
            trickle: settings.trickle.map(Into::into),
            codecs: settings.codecs.map(Into::into),
            without_codecs: settings.without_codecs.map(Into::into),
            audio_kbit: settings.audio_bandwidth.map(Into::into),
            video_kbit: settings.video_bandwidth.map(Into::into),
            video_height: settings.video_height.map(Into::into),
            video_rate: settings.video_rate.map(Into::into),
            digits: settings.digits.map(Into::into),
            auto_answer: settings.auto_answer.map(Into::into),
            recording: settings.recording.map(Into::into),
            voicemail: settings.voicemail.map(Into::into),
        }
    }
}

impl Command {
    pub(super) async fn run(self) -> Result<(), CommandError> {
        let said = match self {
            Self::Set { extension, settings, data } => {
                let policies = data.policies().await?;
                let policy = policies.change(extension.as_deref(), (*settings).into()).await?;
                format!("{}: {}.\n", extension.as_deref().unwrap_or("everybody"), set(&policy))
            }
            Self::Show { extension: Some(extension), data } => {
                let policies = data.policies().await?;
                let own = policies.set_for(Some(&extension)).await?;
                table(&own, &policies.set_for(None).await?)
            }
            Self::Show { extension: None, data } => {
                let policies = data.policies().await?;
                let mut said = format!("everybody: {}.\n", set(&policies.set_for(None).await?));
                for (extension, policy) in policies.exceptions().await? {
                    said += &format!("{extension}: {}.\n", set(&policy));
                }
                said
            }
        };
        std::io::stdout().write_all(said.as_bytes())?;
        Ok(())
    }
}

/// The settings in the order of the options: the option without its dashes, what it is set to, and what it is by itself.
fn settings(policy: &Policy) -> [(&'static str, Option<String>, &'static str); 12] {
    let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
    let limit = |most: Option<u16>| most.map(|most| if most == 0 { "none".to_owned() } else { most.to_string() });
    [
        ("ice", policy.ice.map(|ice| ice.as_str().to_owned()), "all"),
        ("trickle", policy.trickle.map(switch), "on"),
        ("codecs", policy.codecs.as_ref().map(ToString::to_string), "none"),
        ("without-codecs", policy.without_codecs.as_ref().map(ToString::to_string), "none"),
        ("audio-bandwidth", limit(policy.audio_kbit), "none"),
        ("video-bandwidth", limit(policy.video_kbit), "none"),
        ("video-height", limit(policy.video_height), "none"),
        ("video-rate", limit(policy.video_rate), "none"),
        ("digits", policy.digits.map(|digits| digits_name(digits).to_owned()), "auto"),
        ("auto-answer", policy.auto_answer.as_ref().map(auto_answer_text), "off"),
        ("recording", policy.recording.map(|recording| recording_name(recording).to_owned()), "allowed"),
        (
            "voicemail",
            policy.voicemail.clone().map(|number| if number.is_empty() { "none".to_owned() } else { number }),
            "none",
        ),
    ]
}

/// What is set, on one line.
fn set(policy: &Policy) -> String {
    let parts: Vec<String> =
        settings(policy).into_iter().filter_map(|(name, value, _)| Some(format!("{name} {}", value?))).collect();
    if parts.is_empty() { "nothing is set".to_owned() } else { parts.join("; ") }
}

/// Everything that holds, a line each, and for whom it was set.
fn table(own: &Policy, everybody: &Policy) -> String {
    let lines = settings(own).into_iter().zip(settings(everybody)).map(|((name, own, default), (_, all, _))| {
        match (own, all) {
            (Some(value), _) => format!("{name:15}  {value}  (set for this extension)\n"),
            (None, Some(value)) => format!("{name:15}  {value}  (set for everybody)\n"),
            (None, None) => format!("{name:15}  {default}\n"),
        }
    });
    lines.collect()
}

/// What is no default is read by `read`.
fn or_default<T>(text: &str, read: impl FnOnce(&str) -> Result<T, InvalidValue>) -> Result<Wanted<T>, InvalidValue> {
    if text == "default" { Ok(Wanted::Off) } else { read(text).map(Wanted::Some) }
}

fn ice(text: &str) -> Result<Wanted<Ice>, InvalidValue> {
    or_default(text, str::parse)
}

fn trickle(text: &str) -> Result<Wanted<bool>, InvalidValue> {
    or_default(text, |text| match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(InvalidValue::Switch),
    })
}

fn codecs(text: &str) -> Result<Wanted<Codecs>, InvalidValue> {
    or_default(text, parse_codecs)
}

fn removed(text: &str) -> Result<Wanted<Codecs>, InvalidValue> {
    or_default(text, parse_removed)
}

fn limit(text: &str, within: std::ops::RangeInclusive<u16>) -> Result<Wanted<u16>, InvalidValue> {
    or_default(text, |text| parse_limit(text, within))
}

fn digits(text: &str) -> Result<Wanted<Digits>, InvalidValue> {
    or_default(text, parse_digits)
}

fn auto_answer(text: &str) -> Result<Wanted<AutoAnswer>, InvalidValue> {
    or_default(text, parse_auto_answer)
}

fn voicemail(text: &str) -> Result<Wanted<String>, InvalidValue> {
    or_default(text, parse_voicemail)
}

fn recording(text: &str) -> Result<Wanted<Recording>, InvalidValue> {
    or_default(text, parse_recording)
}
