use alloc::string::String;
use alloc::vec::Vec;

use super::section::Line;
use super::{Media, SessionDescription};

impl SessionDescription {
    /// The names of the media sections that share one transport, the one that has it first (RFC 9143 7.1, which
    /// follows RFC 8843); empty without a bundle. Of several bundles it is the first: browsers make one.
    pub fn bundle(&self) -> impl Iterator<Item = &str> {
        self.bundles().next().unwrap_or_default().split_ascii_whitespace()
    }

    /// Refuses a media section, or ends it: port 0, inactive, and out of its bundle (RFC 3264 6 and 8.2, RFC 9143
    /// 7.3.3). Nothing happens if there is no such section.
    pub fn reject(&mut self, index: usize) {
        let Some(media) = self.media.get_mut(index) else { return };
        media.close_port();
        media.set_direction(super::Direction::Inactive);
        let mid = media.mid().map(String::from);
        self.keep_in_bundles(&|name| Some(name) != mid.as_deref());
    }

    /// Takes the names out of the bundles for which `keep` does not say so; a bundle of nothing goes.
    pub(super) fn keep_in_bundles(&mut self, keep: &dyn Fn(&str) -> bool) {
        let mut changed: Vec<(usize, String)> = Vec::new();
        for (place, line) in self.session.lines().enumerate() {
            let Some(names) = bundle_of(line) else { continue };
            let kept: Vec<&str> = names.split_ascii_whitespace().filter(|name| keep(name)).collect();
            if kept.len() != names.split_ascii_whitespace().count() {
                changed.push((place, kept.join(" ")));
            }
        }
        for (place, names) in &changed {
            self.session.replace(*place, &["a=group:BUNDLE ", names]);
        }
        self.session.remove(&|line| bundle_of(line).is_some_and(|names| names.trim_ascii().is_empty()));
    }

    /// The section that has the transport of this one's bundle.
    pub(super) fn tagged(&self, media: &Media) -> Option<&Media> {
        let mid = media.mid()?;
        let first = self.bundles().find_map(|names| {
            let mut names = names.split_ascii_whitespace();
            let first = names.clone().next();
            names.any(|name| name == mid).then_some(first?)
        })?;
        self.media.iter().find(|media| media.mid() == Some(first))
    }

    /// The names of each bundle.
    pub(super) fn bundles(&self) -> impl Iterator<Item = &str> {
        self.session.lines().filter_map(bundle_of)
    }
}

fn bundle_of(line: &Line) -> Option<&str> {
    let (name, value) = line.attribute()?;
    let (semantics, names) = value.split_once(' ').unwrap_or((value, ""));
    (name == "group" && semantics == "BUNDLE").then_some(names)
}
