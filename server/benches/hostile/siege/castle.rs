//! The server: the program itself, with HTTPS, and nobody in front of it.

use super::people::{CALLERS, INSIDERS, People, VICTIMS};
use super::process::{Cores, Server, command, log};
use super::way::Target;
use super::{DOMAIN, Failure, PASSWORD};
use server::store::Store;
use server::store::accounts::Accounts;
use server::store::password::{Cost, Passwords};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::sleep;
use zeroize::Zeroizing;

/// Hashing the passwords of the honest is not what is measured; who guesses pays the whole price.
const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };
/// How many connections one address may have, so that a client on one machine can reach it.
pub(crate) const PER_ADDRESS: usize = 256;
/// How long a server has to come to rest when nobody is there any more.
const REST: Duration = Duration::from_secs(60);
/// Files that may stay open: connections to the database, which are kept for the next question.
const FILES: f64 = 40.0;

/// A server, until this is dropped.
pub(crate) struct Castle {
    server: Server,
    target: Target,
}

/// What the server has open, and what waits in it: by the names that `/metrics` has.
#[derive(Clone, Debug)]
pub(crate) struct Gauges(BTreeMap<String, f64>);

impl Castle {
    /// Starts it with everybody's accounts.
    pub(crate) async fn build(cores: Cores) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let data = directory.path().join("data");
        fs::create_dir(&data)?;
        let store = Store::open(&data, Some(DOMAIN)).await?;
        let accounts = Accounts::new(store.clone(), Passwords::new(CHEAP)?);
        for extension in CALLERS.chain(INSIDERS).chain(VICTIMS) {
            accounts.add(&extension.to_string(), "Somebody", Zeroizing::new(PASSWORD.to_owned())).await?;
        }
        store.close().await;

        let program = env!("CARGO_BIN_EXE_tabphone");
        let mut serve = match cores {
            Cores::Pinned => command(program, cores),
            // Others on this machine are not besieged.
            Cores::All => {
                let mut nice = command("nice", cores);
                nice.args(["-n", "10", program]);
                nice
            }
        };
        serve.args(["serve", "--listen", "127.0.0.1:0", "--self-signed", "--log-level", "warn"]);
        // To the server the addresses of this machine are clients like all others.
        serve.args(["--trusted-proxy", "none", "--connections-per-address", &PER_ADDRESS.to_string(), "--data"]);
        serve.arg(&data).arg("--site").arg(directory.path());
        let mut child = serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log(&directory)?).spawn()?;
        let said = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let ready = said.lines().map_while(Result::ok).find(|line| line.starts_with("Tabphone is ready"));
        let port = ready.as_deref().and_then(|line| line.trim().rsplit(':').next()?.parse::<u16>().ok());
        let address = ([127, 0, 0, 1], port.ok_or("the server did not start")?).into();
        let target = Target::new(address, &data.join("self-signed.crt"))?;
        Ok(Self { server: Server::new(address, true, directory, child), target })
    }

    pub(crate) const fn target(&self) -> &Target {
        &self.target
    }

    /// The proportional set size, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.server.pss()
    }

    /// What it wrote last, when something went wrong.
    pub(crate) fn last_words(&self) -> String {
        self.server.last_words()
    }

    /// What it has open, and what waits in it.
    pub(crate) async fn gauges(&self) -> Result<Gauges, Failure> {
        let mut stream = self.target.http1(1).await?;
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        // It closes without more words than these.
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer)?;
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(format!("no metrics: {answer}").into());
        }
        let value = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Ok(Gauges(answer.lines().filter(|line| !line.starts_with('#')).filter_map(value).collect()))
    }

    /// Waits until it has as little to do and to hold as it had before: how long that took.
    pub(crate) async fn rests(&self, before: &Gauges, people: &mut People) -> Result<Duration, Failure> {
        let begun = Instant::now();
        loop {
            people.tend();
            let now = self.gauges().await?;
            let Some(more) = now.more_than(before) else { return Ok(begun.elapsed()) };
            if begun.elapsed() > REST {
                return Err(format!("the server does not come to rest: {more}").into());
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Gauges {
    pub(crate) fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(f64::NAN)
    }

    /// What is more now.
    fn more_than(&self, before: &Self) -> Option<String> {
        let names = [
            ("tabphone_sockets{socket=\"sip\"}", 0.0),
            ("tabphone_sockets{socket=\"tab\"}", 0.0),
            ("tabphone_exchange_queue", 0.0),
            ("tabphone_storage_queue", 0.0),
            ("process_open_fds", FILES),
        ];
        let more = |(name, slack): (&str, f64)| {
            let (before, now) = (before.get(name), self.get(name));
            // What is missing is not less.
            let is_less = now <= before + slack;
            (!is_less).then(|| format!("{name} was {before} and is {now}"))
        };
        names.into_iter().find_map(more)
    }
}
