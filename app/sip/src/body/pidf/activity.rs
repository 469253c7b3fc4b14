use alloc::string::String;

/// The activities by name: the element that is written, and other names that are read.
macro_rules! activities {
    ($($name:ident $prefix:literal $element:literal $(| $alias:literal)*, $doc:literal;)+) => {
        /// What somebody does (RFC 4480 3.2), and what servers say beyond that.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum Activity {
            $(#[doc = $doc] $name,)+
            /// Another, in words: the text of `other`, or the name of an element that is not known.
            Other(String),
        }

        impl Activity {
            /// The activity of an element's name, or of words that are one.
            pub(super) fn named(name: &str) -> Self {
                match name {
                    $($element $(| $alias)* => Self::$name,)+
                    _ => Self::Other(name.into()),
                }
            }

            /// The element as it is written, with its prefix; or the words, which have none.
            pub(super) fn element(&self) -> Result<&'static str, &str> {
                match self {
                    $(Self::$name => Ok(concat!($prefix, ":", $element)),)+
                    Self::Other(words) => Err(words),
                }
            }
        }
    };
}

activities! {
    Appointment "rpid" "appointment", "A calendar entry.";
    Away "rpid" "away" | "berightback" | "idle" | "xa" | "extended-away", "Away from where they are reached.";
    Breakfast "rpid" "breakfast", "A meal in the morning.";
    Busy "rpid" "busy", "Busy, without saying with what.";
    Dinner "rpid" "dinner", "A meal in the evening.";
    Holiday "rpid" "holiday", "A public holiday.";
    InTransit "rpid" "in-transit", "In a vehicle, as a passenger or not.";
    LookingForWork "rpid" "looking-for-work", "Looking for work.";
    Lunch "rpid" "lunch" | "outtolunch", "A meal at noon.";
    Meal "rpid" "meal", "A meal.";
    Meeting "rpid" "meeting", "A meeting.";
    OnThePhone "rpid" "on-the-phone" | "onthephone", "On the phone.";
    Performance "rpid" "performance", "In the audience of a play or concert.";
    PermanentAbsence "rpid" "permanent-absence", "Gone for good.";
    Playing "rpid" "playing", "Playing.";
    Presentation "rpid" "presentation", "A presentation.";
    Shopping "rpid" "shopping", "Shopping.";
    Sleeping "rpid" "sleeping", "Asleep.";
    Spectator "rpid" "spectator", "Watching a match.";
    Steering "rpid" "steering", "Driving.";
    Travel "rpid" "travel", "On a journey.";
    Tv "rpid" "tv", "Watching television.";
    Unknown "rpid" "unknown", "The one who publishes does not know.";
    Vacation "rpid" "vacation", "On vacation.";
    Working "rpid" "working", "Working.";
    Worship "rpid" "worship", "In a religious service.";
    DoNotDisturb "ce" "dnd" | "do-not-disturb" | "donotdisturb", "They do not want to be disturbed: Cisco's, not RPID.";
    Ringing "ce" "alerting" | "ringing", "Their phone rings: Cisco's, not RPID.";
    Available "ce" "available" | "online" | "chat", "They may be called: Cisco's, not RPID.";
}
