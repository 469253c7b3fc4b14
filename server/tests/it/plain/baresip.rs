//! baresip, a plain phone. Its microphone is a tone, and what its loudspeaker plays is listened to: through a pipe that is read
//! at the speed of sound.

use super::sound::share;
use crate::ports::free_address as free;
use crate::tls::Issued;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep, timeout};

/// Samples a second of its microphone and its loudspeaker, whatever the codec has.
const RATE: usize = 48_000;
/// How long anything may take that is not broken.
const SOON: Duration = Duration::from_secs(15);
/// A tone is there when its root mean square is at least this, 1 being full scale.
const AUDIBLE: f32 = 0.05;
/// It is silent when nothing is louder than this.
const SILENT: f32 = 0.002;

/// Which phone it is.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    pub person: (&'a str, &'a str),
    pub server: SocketAddr,
    /// `udp`, `tcp` or `tls`.
    pub transport: &'a str,
    /// Whom it believes over TLS.
    pub issued: Option<&'a Issued>,
    /// Its only codec: `PCMU/8000/1`.
    pub codec: &'a str,
    /// What its microphone hears, in hertz.
    pub tone: f32,
}

pub struct Baresip {
    child: Child,
    _folder: TempDir,
    control: OwnedWriteHalf,
    told: mpsc::UnboundedReceiver<Value>,
    /// What happened, and was not asked for yet.
    events: VecDeque<String>,
    /// The last second of what the loudspeaker played.
    heard: Arc<Mutex<VecDeque<f32>>>,
    who: String,
}

impl Baresip {
    /// Starts it, and waits until it is registered.
    pub async fn start(setup: Setup<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let control = free();
        configure(folder.path(), &setup, control);
        let heard = Arc::<Mutex<VecDeque<f32>>>::default();
        let ear = pipe::OpenOptions::new().open_receiver(folder.path().join("ear")).unwrap();
        tokio::spawn(listen(ear, Arc::clone(&heard)));
        let mut phone = Command::new("setpriv");
        phone.args(["--pdeathsig", "TERM", "baresip", "-f"]).arg(folder.path());
        phone.env("ALSA_CONFIG_PATH", folder.path().join("asound.conf"));
        let child = phone.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let connected = async {
            loop {
                match TcpStream::connect(control).await {
                    Ok(stream) => return stream,
                    Err(_) => sleep(Duration::from_millis(50)).await,
                }
            }
        };
        let (reading, control) = timeout(SOON, connected).await.expect("baresip does not start").into_split();
        let (tell, told) = mpsc::unbounded_channel();
        tokio::spawn(read(reading, tell));
        let who = setup.person.0.to_owned();
        let mut phone = Self { child, _folder: folder, control, told, events: VecDeque::new(), heard, who };
        let registered = async {
            while !phone.command("reginfo", "").await.contains("OK") {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(SOON, registered).await.expect("baresip is not registered");
        phone
    }

    pub async fn dial(&mut self, number: &str) {
        self.command("dial", number).await;
    }

    pub async fn hold(&mut self) {
        self.describe("hold").await;
    }

    pub async fn resume(&mut self) {
        self.describe("resume").await;
    }

    /// Until the other end has answered.
    async fn describe(&mut self, command: &str) {
        self.events.clear();
        self.command(command, "").await;
        self.has("CALL_REMOTE_SDP").await;
    }

    /// Hands the other end over (RFC 3515).
    pub async fn transfer(&mut self, number: &str) {
        self.command("transfer", number).await;
    }

    pub async fn hang_up(&mut self) {
        self.command("hangup", "").await;
    }

    /// Waits until this has happened.
    pub async fn has(&mut self, event: &str) {
        let happened = async {
            loop {
                if let Some(at) = self.events.iter().position(|other| other == event) {
                    self.events.drain(..=at);
                    return;
                }
                let value = self.told.recv().await.expect("baresip ended");
                self.events.extend(value["type"].as_str().map(str::to_owned));
            }
        };
        if timeout(SOON, happened).await.is_err() {
            panic!("{}: no {event}, but {:?}", self.who, self.events);
        }
    }

    /// Its loudspeaker plays this tone.
    pub async fn hears(&self, tone: f32) {
        let mut last = (0.0, 0.0);
        let until = Instant::now() + SOON;
        while Instant::now() < until {
            let heard = self.last(RATE / 10);
            last = (level(&heard), share(&heard, tone, RATE as f32));
            if heard.len() == RATE / 10 && last.0 > AUDIBLE && last.1 > 0.8 {
                return;
            }
            sleep(Duration::from_millis(30)).await;
        }
        panic!("{} does not hear {tone} Hz, but {last:?} (level, share)", self.who);
    }

    /// Its loudspeaker is silent.
    pub async fn hears_nothing(&self) {
        let quiet = async {
            loop {
                let heard = self.last(RATE / 2);
                if heard.len() == RATE / 2 && level(&heard) < SILENT {
                    return;
                }
                sleep(Duration::from_millis(30)).await;
            }
        };
        timeout(SOON, quiet).await.unwrap_or_else(|_| panic!("{} hears something", self.who));
    }

    fn last(&self, samples: usize) -> Vec<f32> {
        let heard = self.heard.lock().unwrap();
        heard.iter().skip(heard.len().saturating_sub(samples)).copied().collect()
    }

    /// What it says to this.
    async fn command(&mut self, command: &str, params: &str) -> String {
        let text = json!({ "command": command, "params": params, "token": "t" }).to_string();
        self.control.write_all(format!("{}:{text},", text.len()).as_bytes()).await.unwrap();
        let answered = async {
            loop {
                let value = self.told.recv().await.expect("baresip ended");
                if value["response"] == json!(true) {
                    return value["data"].as_str().unwrap_or_default().to_owned();
                }
                self.events.extend(value["type"].as_str().map(str::to_owned));
            }
        };
        timeout(SOON, answered).await.expect("baresip does not answer")
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configure(folder: &Path, setup: &Setup<'_>, control: SocketAddr) {
    let Setup { person: (extension, password), server, transport, issued, codec, tone } = *setup;
    let at = folder.display();
    std::fs::write(folder.join("tone.wav"), wav(tone)).unwrap();
    let made = Command::new("mkfifo").arg(folder.join("ear")).status().unwrap();
    assert!(made.success());
    let alsa = format!("pcm.ear {{ type file slave.pcm {{ type null }} file \"{at}/ear\" format \"raw\" }}\n");
    std::fs::write(folder.join("asound.conf"), alsa).unwrap();
    let account = format!(
        "<sip:{extension}@{server};transport={transport}>;auth_pass=\"{password}\";regint=600;answermode=auto;\
         outbound=\"sip:{server};transport={transport}\";audio_codecs={codec}\n"
    );
    std::fs::write(folder.join("accounts"), account).unwrap();
    let mut config = format!(
        "sip_listen {}\naudio_source aufile,{at}/tone.wav\naudio_player alsa,ear\naudio_alert none,none\n\
         ausrc_srate {RATE}\nauplay_srate {RATE}\nausrc_channels 1\nauplay_channels 2\nnet_interface 127.0.0.1\n\
         rtp_ports 15000-19999\nctrl_tcp_listen {control}\nmodule_path {MODULES}\n",
        free()
    );
    if let Some(issued) = issued {
        let _ = writeln!(config, "sip_cafile {}", issued.certificate.display());
    }
    for module in ["g711", "g722", "opus", "gsm", "alsa", "aufile"] {
        let _ = writeln!(config, "module {module}.so");
    }
    config += "module_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n";
    std::fs::write(folder.join("config"), config).unwrap();
}

/// Where Debian keeps its modules.
const MODULES: &str = "/usr/lib/baresip/modules";

/// A minute of this tone.
fn wav(tone: f32) -> Vec<u8> {
    let second: Vec<u8> = (0..RATE)
        .flat_map(|at| {
            (((TAU * (f64::from(tone) * at as f64 / RATE as f64).fract()).sin() * 12_000.0) as i16).to_le_bytes()
        })
        .collect();
    let (rate, length) = (RATE as u32, (second.len() * 60) as u32);
    let mut file = Vec::with_capacity(44 + second.len() * 60);
    file.extend(b"RIFF");
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // PCM, mono.
    file.extend([1, 0, 1, 0]);
    file.extend(rate.to_le_bytes());
    file.extend((rate * 2).to_le_bytes());
    // 16 bits.
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    (0..60).for_each(|_| file.extend(&second));
    file
}

/// Takes what the loudspeaker plays as fast as a loudspeaker does: two channels of 16 bits, of which one is kept.
async fn listen(ear: pipe::Receiver, heard: Arc<Mutex<VecDeque<f32>>>) {
    let mut ticks = interval(Duration::from_millis(20));
    let (mut before, mut bytes, mut rest) = (Instant::now(), vec![0; RATE], Vec::new());
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let due = ((now - before).as_millis() as usize * RATE / 1_000 * 4).min(bytes.len());
        before = now;
        // Nobody plays anything yet, or any more.
        let Ok(length) = ear.try_read(&mut bytes[..due]) else { continue };
        rest.extend(&bytes[..length]);
        let whole = rest.len() / 4 * 4;
        let mut heard = heard.lock().unwrap();
        for frame in rest.drain(..whole).collect::<Vec<u8>>().chunks(4) {
            heard.push_back(f32::from(i16::from_le_bytes([frame[0], frame[1]])) / 32_768.0);
        }
        let old = heard.len().saturating_sub(RATE);
        heard.drain(..old);
    }
}

/// Everything that it tells: netstrings of JSON.
async fn read(mut reading: OwnedReadHalf, tell: mpsc::UnboundedSender<Value>) {
    let mut bytes = Vec::new();
    while reading.read_buf(&mut bytes).await.is_ok_and(|length| length > 0) {
        while let Some(colon) = bytes.iter().position(|byte| *byte == b':') {
            let length: usize = std::str::from_utf8(&bytes[..colon]).unwrap().parse().unwrap();
            if bytes.len() < colon + length + 2 {
                break;
            }
            let text: Vec<u8> = bytes.drain(..colon + length + 2).skip(colon + 1).take(length).collect();
            if tell.send(serde_json::from_slice(&text).unwrap()).is_err() {
                return;
            }
        }
    }
}

/// The root mean square; none of nothing.
fn level(heard: &[f32]) -> f32 {
    (heard.iter().map(|sample| sample * sample).sum::<f32>() / heard.len() as f32).sqrt()
}
