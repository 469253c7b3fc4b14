//! What an administrator sets about media, as a page gets it.

use crate::command_line::{said, tabphone};
use crate::house::{ALICE, BOB, House, Visitor};
use app::backend::{OPENING_META, Opening};
use app::media::{Digits, IceServer, Media};
use server::media::{Relays, Secret};
use std::process::Command;
use std::time::Duration;

const SECRET: &str = "the north wind";

fn relays(seconds: u64) -> Option<Relays> {
    let secret = Secret::new(SECRET.to_owned()).unwrap();
    Some(Relays::new(vec!["turn:127.0.0.1:3478".to_owned()], secret, Duration::from_secs(seconds)))
}

/// What the page of this person was rendered from, and the page.
pub async fn opening(visitor: &Visitor) -> (Opening, String) {
    let page = visitor.browser.get("/").await.text().await.unwrap();
    let start = format!("<meta name=\"{OPENING_META}\" content=\"");
    let text = page.split_once(&start).and_then(|(_, rest)| rest.split_once('"')).expect("no opening").0;
    (Opening::from_text(text).unwrap(), page.clone())
}

/// Until when a credential is good, in seconds since 1970.
fn expiry(media: &Media) -> u64 {
    let relay: &IceServer = media.ice_servers.last().expect("no servers");
    relay.username.as_ref().and_then(|name| name.split_once(':')).unwrap().0.parse().unwrap()
}

#[tokio::test]
async fn a_page_has_a_credential_of_its_own_and_never_the_secret() {
    let house = House::open_with(|options| options.relays = relays(3_600)).await;
    let (opening, page) = opening(&house.signed_in(ALICE).await).await;
    let relay = &opening.policy.ice_servers[0];
    assert_eq!(relay.urls, ["turn:127.0.0.1:3478"]);
    assert!(relay.username.as_ref().unwrap().ends_with(":1001"), "{relay:?}");
    let left = expiry(&opening.policy).abs_diff(server::clock::now() / 1_000);
    assert!((3_500..=3_600).contains(&left), "{left}");
    let hexadecimal: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!page.contains(SECRET) && !page.contains(&hexadecimal));
}

#[tokio::test]
async fn an_open_tab_gets_fresh_credentials_before_its_own_run_out() {
    let house = House::open_with(|options| options.relays = relays(4)).await;
    let mut tab = house.signed_in(ALICE).await.tab("tab", None).await;
    let first = tab.media().await;
    let second = tab.media().await;
    assert!(expiry(&second) > expiry(&first));
    assert!(server::clock::now() / 1_000 < expiry(&first), "it came while the first one was good");
    assert_ne!(first.ice_servers[0].credential, second.ice_servers[0].credential);
}

#[tokio::test]
async fn what_the_command_line_sets_reaches_open_tabs_at_once() {
    let house = House::open_with(|options| options.relays = relays(3_600)).await;
    let (alice, bob) = (house.signed_in(ALICE).await, house.signed_in(BOB).await);
    let (mut at_alice, mut at_bob) = (alice.tab("tab", None).await, bob.tab("tab", None).await);
    let usual = at_alice.media().await;
    assert!(!usual.relay && usual.trickle && usual.audio_kbit == 0 && usual.digits == Digits::Auto);
    at_bob.media().await;

    let all = ["policy", "set", "--audio-bandwidth", "64", "--codecs", "pcma,opus", "--digits", "info"];
    let output = tabphone(house.data.path(), &all, "");
    assert_eq!(said(&output.stderr), "");
    assert_eq!(said(&output.stdout), "everybody: codecs PCMA, opus; audio-bandwidth 64; digits info.\n");
    let media = at_alice.media().await;
    assert_eq!((media.audio_kbit, media.digits), (64, Digits::Info));
    assert_eq!(media.preferred, ["PCMA", "opus"]);
    assert_eq!(at_bob.media().await.audio_kbit, 64);

    let own = ["policy", "set", "--for", "1001", "--ice", "relay", "--audio-bandwidth", "none", "--trickle", "off"];
    assert!(tabphone(house.data.path(), &own, "").status.success());
    let media = at_alice.media().await;
    assert!(media.relay && !media.trickle && media.audio_kbit == 0 && media.voicemail.is_empty());
    assert_eq!(media.digits, Digits::Info);
    assert!(!at_bob.media().await.relay);
    assert_eq!(opening(&alice).await.0.policy.digits, Digits::Info, "who opens a page now has it from the start");

    let shown = said(&tabphone(house.data.path(), &["policy", "show"], "").stdout);
    assert_eq!(
        shown,
        "everybody: codecs PCMA, opus; audio-bandwidth 64; digits info.\n\
         1001: ice relay; trickle off; audio-bandwidth none.\n"
    );
    let shown = said(&tabphone(house.data.path(), &["policy", "show", "--for", "1001"], "").stdout);
    assert!(shown.contains("ice              relay  (set for this extension)\n"), "{shown}");
    assert!(shown.contains("digits           info  (set for everybody)\n"), "{shown}");
    assert!(shown.contains("video-rate       none\n"), "{shown}");
}

#[tokio::test]
async fn the_number_of_the_voicemail_reaches_open_tabs() {
    let house = House::open().await;
    let mut tab = house.signed_in(ALICE).await.tab("tab", None).await;
    assert_eq!(tab.media().await.voicemail, "");
    let set = ["policy", "set", "--voicemail", "*97"];
    assert_eq!(said(&tabphone(house.data.path(), &set, "").stdout), "everybody: voicemail *97.\n");
    assert_eq!(tab.media().await.voicemail, "*97");
    let none = ["policy", "set", "--for", "1001", "--voicemail", "none"];
    assert_eq!(said(&tabphone(house.data.path(), &none, "").stdout), "1001: voicemail none.\n");
    assert_eq!(tab.media().await.voicemail, "");
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let data = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str]| {
        let output = tabphone(data.path(), &[&["policy", "set"], arguments].concat(), "");
        assert!(!output.status.success(), "{arguments:?}");
        said(&output.stderr)
    };
    assert!(refused(&["--ice", "turn"]).contains("say none (everybody is on one network), all, relay"));
    assert!(refused(&["--audio-bandwidth", "7"]).contains("say 8 to 510, none, or default"));
    assert!(refused(&["--codecs", "gsm"]).contains("is no codec of browsers"));
    assert!(refused(&["--voicemail", "no number"]).contains("say a number of 1 to"));
    assert!(refused(&["--recording", "on"]).contains("say off, allowed, announced (the other end hears a tone)"));
    assert!(refused(&["--without-codecs", "opus,g722,pcmu,pcma"]).contains("needs a codec for sound"));
    assert!(refused(&["--for", "1009", "--trickle", "off"]).contains("there is no extension 1009"));
    assert!(refused(&[]).contains("required"));
}

#[test]
fn the_secret_of_the_relays_comes_from_a_file_or_the_environment_and_is_needed() {
    let data = tempfile::tempdir().unwrap();
    let serve = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_tabphone"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(arguments)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        said(&output.stderr)
    };
    let relay = ["--turn-server", "turn:127.0.0.1:3478"];
    assert!(serve(&relay).contains("need each other"));
    let missing = data.path().join("missing");
    assert!(serve(&[&relay[..], &["--turn-secret-file", missing.to_str().unwrap()]].concat()).contains("missing"));
    let empty = data.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    assert!(
        serve(&[&relay[..], &["--turn-secret-file", empty.to_str().unwrap()]].concat())
            .contains("1 to 1024 characters")
    );
    assert!(serve(&["--turn-server", "stun:127.0.0.1:3478"]).contains("turn:host:port"));
}
