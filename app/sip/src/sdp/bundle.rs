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
    /// 7.3.3). If it had the transport of the bundle, the next one of the bundle gets that. Nothing happens if there is
    /// no such section.
    pub fn reject(&mut self, index: usize) {
        if index >= self.media.len() {
            return;
        }
        let over = self.media.iter().enumerate().filter(|(place, media)| *place == index || media.is_rejected());
        let over: Vec<String> = over.filter_map(|(_, media)| media.mid()).map(String::from).collect();
        // First, as its port may be that of the bundle.
        self.keep_in_bundles(&|name| !over.iter().any(|over| over == name));
        if let Some(media) = self.media.get_mut(index) {
            media.set_port(0);
            media.set_direction(super::Direction::Inactive);
        }
    }

    /// Takes the names out of the bundles for which `keep` does not say so; a bundle of nothing goes. The transport
    /// stays in the bundle.
    pub(super) fn keep_in_bundles(&mut self, keep: &dyn Fn(&str) -> bool) {
        let heir = self.bundles().find_map(|names| {
            let mut names = names.split_ascii_whitespace();
            let gone = names.next().filter(|name| !keep(name))?;
            let next = names.find(|name| keep(name))?;
            self.place_of(gone).zip(self.place_of(next))
        });
        if let Some((gone, next)) = heir
            && let Ok([gone, next]) = self.media.get_disjoint_mut([gone, next])
        {
            gone.hand_transport_to(next, self.session.value(b'c'));
        }
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

    /// Whether RTP and RTCP share a port: the section says so, or the one that has the transport of its bundle
    /// (RFC 9143 7.1.3).
    pub(super) fn muxes_rtcp(&self, media: &Media) -> bool {
        media.has_rtcp_mux() || self.tagged(media).is_some_and(Media::has_rtcp_mux)
    }

    /// The names of each bundle.
    pub(super) fn bundles(&self) -> impl Iterator<Item = &str> {
        self.session.lines().filter_map(bundle_of)
    }

    fn place_of(&self, mid: &str) -> Option<usize> {
        self.media.iter().position(|media| media.mid() == Some(mid))
    }
}

impl Media {
    /// Moves the transport of a bundle to the section that is the first of it from now on, as far as that has none
    /// of its own; `address` is that of the session.
    fn hand_transport_to(&mut self, next: &mut Self, address: Option<&str>) {
        if next.section().has_attribute("bundle-only") {
            // Without port or address there are the candidates: 9 (RFC 8840 4.1.1).
            let address = self.section().value(b'c').or(address).filter(|_| self.port() != 0);
            next.set_port(if address.is_some() { self.port() } else { 9 });
            if let Some(address) = address {
                next.section_mut().set_connection(address);
            }
        }
        // Candidates are those of one ICE session.
        let same_ice = next.attribute("ice-ufrag").is_none_or(|ufrag| self.attribute("ice-ufrag") == Some(ufrag));
        let of_keys = ["ice-ufrag", "ice-pwd", "fingerprint", "setup", "tls-id", "rtcp-mux", "rtcp-mux-only"];
        let of_ice = ["ice-options", "candidate", "end-of-candidates"];
        let mut names: Vec<&str> = of_keys.into_iter().chain(of_ice.into_iter().filter(|_| same_ice)).collect();
        names.retain(|name| !next.section().has_attribute(name));
        self.section_mut().move_attributes(next.section_mut(), &|name| names.contains(&name));
    }
}

fn bundle_of(line: &Line) -> Option<&str> {
    let (name, value) = line.attribute()?;
    let (semantics, names) = value.split_once(' ').unwrap_or((value, ""));
    (name == "group" && semantics == "BUNDLE").then_some(names)
}
