//! Drawings: inline, so that they take the colour of their text and load with the page. They never stand alone:
//! the words beside them, or the button's name, say the same.

use super::erase::live;
use leptos::prelude::*;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    /// A telephone receiver.
    Handset,
    /// A microphone.
    Microphone,
    /// A microphone, struck out.
    MicrophoneOff,
    /// Two bars.
    Pause,
    /// A triangle that points on.
    Play,
    /// A ring with a disc in it.
    Record,
    /// A ring with a square in it.
    Stop,
    /// The keys of a telephone.
    Keypad,
    /// A handset from which an arrow leads on.
    HandOver,
    /// Three people.
    People,
    /// An arrow that splits in two.
    Split,
    /// A camera.
    Camera,
    /// A camera, struck out.
    CameraOff,
    /// A screen with an arrow out of it.
    Screen,
    /// Four corners.
    Corners,
    /// An arrow that comes in.
    ArrowIn,
    /// An arrow that goes out.
    ArrowOut,
    /// A tick.
    Tick,
    /// Three dots.
    Dots,
    /// A triangle with an exclamation mark.
    Warning,
    /// A filled disc.
    Disc,
    /// A ring.
    Ring,
    /// A question mark.
    Question,
    /// The key that takes back the last digit.
    Backspace,
    /// A clock.
    Clock,
    /// A door with an arrow out of it.
    LogOut,
    /// Two screens.
    Screens,
    /// A speech bubble.
    Message,
    /// A key.
    #[cfg(feature = "ssr")]
    Key,
    /// Sliders on their tracks.
    #[cfg(feature = "ssr")]
    Sliders,
    /// An arrow that turns off.
    #[cfg(feature = "ssr")]
    Turn,
    /// A star.
    #[cfg(feature = "ssr")]
    Star,
    /// An envelope.
    #[cfg(feature = "ssr")]
    Letter,
}

impl Glyph {
    /// The outline, on a field of 24 by 24.
    fn path(self) -> &'static str {
        match self {
            Self::Handset => {
                "M5.2 3.5h2.6c.5 0 .9.3 1 .8l.9 3.6c.1.4 0 .8-.3 1L7.6 10.6a13 13 0 0 0 5.8 5.8l1.7-1.8c.3-.3.6-.4 1-.3l3.6.9c.5.1.8.5.8 1v2.6c0 .9-.8 1.7-1.7 1.7C10.6 20.5 3.5 13.4 3.5 5.2c0-.9.8-1.7 1.7-1.7z"
            }
            Self::Microphone => {
                "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21"
            }
            Self::MicrophoneOff => {
                "M15 10V6a3 3 0 0 0-5.8-1.1M9 9v2a3 3 0 0 0 4.6 2.5M5.5 11a6.5 6.5 0 0 0 10.6 5M18.5 11a6.5 6.5 0 0 1-.6 2.7M12 17.5V21M4 4l16 16"
            }
            Self::Pause => "M8.5 5.5v13M15.5 5.5v13",
            Self::Play => "M8 5.5v13l10.5-6.5L8 5.5z",
            Self::Record => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
            Self::Stop => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM9.5 9.5h5v5h-5z",
            Self::Keypad => "M6 6h.01M12 6h.01M18 6h.01M6 12h.01M12 12h.01M18 12h.01M6 18h.01M12 18h.01M18 18h.01",
            Self::HandOver => "M4 18v-3.5A4.5 4.5 0 0 1 8.5 10H19M14.5 5.5 19 10l-4.5 4.5M13 19h7",
            Self::People => {
                "M12 5.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM6.5 19a5.5 5.5 0 0 1 11 0M5.5 8a2.2 2.2 0 0 0-.3 4.3M2 17a4 4 0 0 1 2.5-3.4M18.5 8a2.2 2.2 0 0 1 .3 4.3M22 17a4 4 0 0 0-2.5-3.4"
            }
            Self::Split => "M12 20v-6M12 14 5.5 7.5M12 14l6.5-6.5M5 12V7h5M19 12V7h-5",
            Self::Camera => {
                "M4.5 6.5h9A1.5 1.5 0 0 1 15 8v8a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 16V8a1.5 1.5 0 0 1 1.5-1.5zM15 10.5 21 7v10l-6-3.5"
            }
            Self::CameraOff => {
                "M9.5 6.5h4A1.5 1.5 0 0 1 15 8v4M15 15.5v.5a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 16V8a1.5 1.5 0 0 1 1.5-1.5h.5M15 10.5 21 7v10l-2-1.2M4 4l16 16"
            }
            Self::Screen => {
                "M4.5 4.5h15A1.5 1.5 0 0 1 21 6v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 15V6a1.5 1.5 0 0 1 1.5-1.5zM8.5 20h7M12 13.5V8M9.5 10.5 12 8l2.5 2.5"
            }
            Self::Corners => "M4.5 9V4.5H9M15 4.5h4.5V9M19.5 15v4.5H15M9 19.5H4.5V15",
            Self::ArrowIn => "M18 6 7 17M7 8.5V17h8.5",
            Self::ArrowOut => "M6 18 17 7M8.5 7H17v8.5",
            Self::Tick => "m5 12.5 4.5 4.5L19 7.5",
            Self::Dots => "M5.5 12h.01M12 12h.01M18.5 12h.01",
            Self::Warning => "M12 4 2.8 19.5h18.4L12 4zM12 10v4.5M12 17h.01",
            Self::Disc => "M12 12h.01",
            Self::Ring => "M12 5.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z",
            Self::Question => "M8.5 9a3.5 3.5 0 1 1 5.2 3c-1.1.7-1.7 1.3-1.7 2.5M12 18.5h.01",
            Self::Backspace => {
                "M9 5.5h10.5a1.5 1.5 0 0 1 1.5 1.5v10a1.5 1.5 0 0 1-1.5 1.5H9L3 12l6-6.5zM11.5 9.5l5 5M16.5 9.5l-5 5"
            }
            Self::Clock => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 7.5V12l3 2",
            Self::LogOut => {
                "M13.5 4H6.5A1.5 1.5 0 0 0 5 5.5v13A1.5 1.5 0 0 0 6.5 20h7M10 12h10M16.5 8.5 20 12l-3.5 3.5"
            }
            Self::Screens => {
                "M4.5 4h10A1.5 1.5 0 0 1 16 5.5v6a1.5 1.5 0 0 1-1.5 1.5h-10A1.5 1.5 0 0 1 3 11.5v-6A1.5 1.5 0 0 1 4.5 4zM18.5 9h1A1.5 1.5 0 0 1 21 10.5v8a1.5 1.5 0 0 1-1.5 1.5h-6A1.5 1.5 0 0 1 12 18.5v-2.5M6 17h2.5"
            }
            Self::Message => {
                "M5.5 5h13A1.5 1.5 0 0 1 20 6.5v8a1.5 1.5 0 0 1-1.5 1.5H11l-4.5 4v-4h-1A1.5 1.5 0 0 1 4 14.5v-8A1.5 1.5 0 0 1 5.5 5z"
            }
            #[cfg(feature = "ssr")]
            Self::Key => "M15 4a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM16 8h.01M11.5 12.5 4 20v-3.5M7 17l2 2",
            #[cfg(feature = "ssr")]
            Self::Sliders => {
                "M4 7h8M18 7h2M4 17h2M12 17h8M15 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM9 14.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z"
            }
            #[cfg(feature = "ssr")]
            Self::Turn => "M5 19v-5.5A4.5 4.5 0 0 1 9.5 9H19M14.5 4.5 19 9l-4.5 4.5",
            #[cfg(feature = "ssr")]
            Self::Star => "m12 4 2.5 5.2 5.7.8-4.1 4 1 5.6-5.1-2.7-5.1 2.7 1-5.6-4.1-4 5.7-.8L12 4z",
            #[cfg(feature = "ssr")]
            Self::Letter => {
                "M4.5 5.5h15A1.5 1.5 0 0 1 21 7v10a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17V7a1.5 1.5 0 0 1 1.5-1.5zM3.5 7l8.5 6 8.5-6"
            }
        }
    }
}

/// A drawing.
#[component]
pub(crate) fn Icon(
    /// What is drawn.
    #[prop(into)]
    glyph: Signal<Glyph>,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=live(move || glyph.get().path()) />
        </svg>
    }
}

/// The mark of the product.
#[component]
pub(crate) fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <path class="logo__tab" d="M3 27V10a6 6 0 0 1 6-6h14a6 6 0 0 1 6 6v17a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z" />
            <path
                class="logo__handset"
                d="M11.3 10h1.9c.4 0 .7.2.8.6l.6 2.5c.1.3 0 .6-.2.8l-1.3 1.3a9 9 0 0 0 3.8 3.8l1.3-1.3c.2-.2.5-.3.8-.2l2.5.6c.4.1.6.4.6.8v1.9c0 .7-.6 1.3-1.3 1.3C15.1 22.1 10 17 10 11.3c0-.7.6-1.3 1.3-1.3z"
            />
        </svg>
    }
}
