//! Pictures in calls: of a camera, or of a screen.

use crate::phone::MediaFailure;
use serde::{Deserialize, Serialize};

/// How a call stands with pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// It began as a video call, whoever called.
    pub offered: bool,
    /// Whether our camera is on.
    pub camera: bool,
    /// Whether our screen is shared; the camera waits meanwhile.
    pub screen: bool,
    /// Whether the other end sends a picture, which the tab that holds the line shows.
    pub theirs: bool,
    /// Our screen was shared by a page before this one: browsers give it to nobody without a click.
    pub interrupted: bool,
    /// Why there is no picture of ours, although it was wanted. [`MediaFailure::Description`]: they take none.
    pub failure: Option<MediaFailure>,
}

/// What is sent in a call that begins here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sends {
    /// The voice alone.
    #[default]
    Voice,
    /// The voice and the picture of the camera.
    Camera,
    /// The voice and the picture of a screen.
    Screen,
}
