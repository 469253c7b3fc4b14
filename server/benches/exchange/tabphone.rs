//! Our server, as it ships: the release binary with its defaults.

use super::process::{Cores, Server, command, log};
use super::round::{PHONES, SESSIONS, extensions};
use super::{DOMAIN, Failure, PASSWORD};
use server::store::Store;
use server::store::accounts::Accounts;
use server::store::password::{Cost, Passwords};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use zeroize::Zeroizing;

/// Hashing the passwords is not what is measured.
const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

/// Makes the accounts, through the server's own store.
pub(crate) async fn prepare(data: &Path) -> Result<(), Failure> {
    let store = Store::open(data, Some(DOMAIN)).await?;
    let accounts = Accounts::new(store.clone(), Passwords::new(CHEAP)?);
    for kind in [PHONES, SESSIONS] {
        for extension in extensions(kind) {
            accounts.add(&extension, "Bench", Zeroizing::new(PASSWORD.to_owned())).await?;
        }
    }
    store.close().await;
    Ok(())
}

/// Starts it on a free port, with these accounts; nobody is registered from a round before.
pub(crate) fn start(accounts: &Path, cores: Cores) -> Result<Server, Failure> {
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    fs::create_dir(&data)?;
    for file in fs::read_dir(accounts)? {
        let file = file?;
        fs::copy(file.path(), data.join(file.file_name()))?;
    }
    // Another build can be measured, too.
    let program = std::env::var("TABPHONE").unwrap_or_else(|_| env!("CARGO_BIN_EXE_tabphone").to_owned());
    let mut serve = command(&program, cores);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).arg("--site").arg(directory.path());
    let mut child = serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log(&directory)?).spawn()?;
    let mut said = String::new();
    BufReader::new(child.stdout.take().ok_or("no standard output")?).read_line(&mut said)?;
    let port = said.trim().rsplit(':').next().and_then(|port| port.parse().ok()).ok_or("the server did not start")?;
    Ok(Server::new(([127, 0, 0, 1], port).into(), true, directory, child))
}
