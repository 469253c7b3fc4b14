//! The data directory: who can read it, and whether the database in it is whole.

use super::Finding;
use crate::admin::Data;
use crate::store::inspect::{Answering, Inspected, inspect, inspect_postgres};
use crate::store::url::DatabaseUrl;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const DIRECTORY: &str = "data directory";
const DATABASE: &str = "database";
/// With less free on the disk than this, there is soon none left.
const LITTLE: u64 = 1 << 30;

pub(super) async fn look(data: &Data) -> Vec<Finding> {
    let directory = data.data.as_path();
    let mut findings = vec![modes(directory)];
    findings.extend(space(directory));
    findings.extend(match data.database() {
        Ok(Some(url)) => postgres(data, &url).await,
        Ok(None) => sqlite(data).await,
        Err(error) => {
            let advice = "the file has the address on one line, and can be read by the user that runs the server";
            vec![Finding::problem(DATABASE, error.to_string(), advice)]
        }
    });
    findings
}

async fn sqlite(data: &Data) -> Vec<Finding> {
    match inspect(&data.data).await {
        Ok(Some(found)) => database(data, found),
        Ok(None) => vec![empty()],
        Err(error) => vec![Finding::problem(
            DATABASE,
            format!("it cannot be read: {error}"),
            "run this as the user that runs the server; if it is damaged, restore a backup",
        )],
    }
}

fn empty() -> Finding {
    Finding::warning(
        DATABASE,
        "there is none yet",
        "it is made when the server starts; add people with `tabphone user add` or `tabphone user import`",
    )
}

async fn postgres(data: &Data, url: &DatabaseUrl) -> Vec<Finding> {
    let Answering { version, encrypted, may_create, inspected } = match inspect_postgres(url, &data.data).await {
        Ok(answering) => answering,
        Err(error) => {
            let advice = "see that PostgreSQL runs there, that user, password and database are right (PGPASSWORD and the \
                password file count, too), and that its pg_hba.conf lets this machine in";
            return vec![Finding::problem(DATABASE, format!("{url} cannot be used: {error}"), advice)];
        }
    };
    let mut findings = vec![Finding::ok("PostgreSQL", format!("{version} answers at {url}"))];
    findings.extend(encryption(url, encrypted));
    if !may_create {
        let words = "the user may not make tables: a new or an older database cannot be brought up to date";
        let advice = "make the user the owner of the database, or GRANT CREATE ON SCHEMA public TO it";
        findings.push(Finding::problem("rights", words, advice));
    }
    findings.extend(inspected.map_or_else(|| vec![empty()], |found| database(data, found)));
    findings
}

/// Whether anybody between can read or change what is stored; on one machine there is nobody.
fn encryption(url: &DatabaseUrl, encrypted: bool) -> Option<Finding> {
    let about = "encryption";
    if url.is_local() {
        return None;
    }
    Some(if !encrypted {
        let words = "the connection to the database is not encrypted: who is between can read and change everything";
        let advice = "switch TLS on in PostgreSQL (ssl = on), and add ?sslmode=verify-full to the address";
        Finding::warning(about, words, advice)
    } else if !url.wants_certificate() {
        let words = "the connection to the database is encrypted, but somebody else could answer in its place";
        let advice = "add ?sslmode=verify-full to the address, and &sslrootcert=FILE if the system does not know who signed \
            its certificate";
        Finding::warning(about, words, advice)
    } else {
        Finding::ok(about, "the connection to the database is encrypted, and its certificate is looked at")
    })
}

fn modes(directory: &Path) -> Finding {
    let shown = directory.display();
    let facts = match fs::metadata(directory) {
        Ok(facts) if facts.is_dir() => facts,
        Ok(_) => {
            return Finding::problem(DIRECTORY, format!("{shown} is no directory"), "name another one with --data");
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Finding::ok(DIRECTORY, format!("{shown} is not there yet, and is made when the server starts"));
        }
        Err(error) => {
            return Finding::problem(
                DIRECTORY,
                format!("{shown}: {error}"),
                "run this as the user that runs the server",
            );
        }
    };
    if rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_err() {
        let advice = "run this as the user that runs the server, or make that user its owner";
        return Finding::problem(DIRECTORY, format!("{shown} cannot be written to"), advice);
    }
    let open = readable(directory, facts.permissions().mode());
    match open.as_slice() {
        [] => Finding::ok(DIRECTORY, format!("{shown}, for its owner only")),
        open => Finding::warning(
            DIRECTORY,
            format!("others on this machine can read {}", open.join(", ")),
            format!("chmod -R go-rwx {shown}"),
        ),
    }
}

/// What others than the owner can read: if they cannot come in, nothing.
fn readable(directory: &Path, mode: u32) -> Vec<String> {
    if mode & 0o077 == 0 {
        return Vec::new();
    }
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    let open = files
        .filter(|file| file.metadata().is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o077 != 0));
    let names = open.map(|file| file.path().display().to_string());
    std::iter::once(directory.display().to_string()).chain(names).collect()
}

fn space(directory: &Path) -> Option<Finding> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let words = format!("{} MB are free", free / 1_000_000);
    let advice = "make room: recordings are refused when there is less than 256 MB, and without any nobody can log in";
    Some(if free < LITTLE { Finding::warning("disk", words, advice) } else { Finding::ok("disk", words) })
}

fn database(data: &Data, found: Inspected) -> Vec<Finding> {
    let Inspected { damage, version: (version, newest), domain, key, accounts } = found;
    let mut findings = Vec::new();
    findings.push(if let Some(first) = damage.first() {
        Finding::problem(DATABASE, format!("it is damaged: {first}"), "stop the server, and restore a backup")
    } else if version > newest {
        Finding::problem(
            DATABASE,
            format!("a newer version of Tabphone used it (it has version {version}, this program knows {newest})"),
            "run that version or a later one, or restore a backup that was made before",
        )
    } else if version < newest {
        Finding::ok(DATABASE, "whole; it is brought up to date when the server starts")
    } else {
        Finding::ok(DATABASE, "whole")
    });
    findings.push(match key {
        Ok(()) => Finding::ok("key", "it is the one of this database"),
        Err(error) => Finding::problem("key", error.to_string(), "put the key back that belongs to it, from a backup"),
    });
    findings.push(match &data.domain {
        Some(asked) if !asked.eq_ignore_ascii_case(&domain) => Finding::problem(
            "domain",
            format!("{asked} is asked for, and {domain} was chosen when the data directory was made"),
            "leave out the domain, or make another data directory",
        ),
        Some(_) | None => Finding::ok("domain", domain),
    });
    findings.push(match accounts {
        0 => Finding::warning(
            "accounts",
            "there are none",
            "add people with `tabphone user add` or `tabphone user import`",
        ),
        1 => Finding::ok("accounts", "1"),
        count => Finding::ok("accounts", count.to_string()),
    });
    findings
}
