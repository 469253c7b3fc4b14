//! Where a PostgreSQL database is, and who may use it.

use sqlx::ConnectOptions as _;
use sqlx::any::AnyConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The longest address that is read from a file, in bytes.
const LONGEST: usize = 8 * 1_024;
/// What may be said of a connection behind the `?`. What sqlx does not know it would log, whatever it is.
const PARAMETERS: [&str; 12] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "application_name",
    "options",
];
/// Under which name connections are seen in the database, unless the address says another one.
const APPLICATION: &str = "tabphone";

/// The address of a PostgreSQL database: `postgres://user@host/database`. What it does not say is taken from libpq's
/// variables (PGUSER, PGPASSWORD, PGSSLMODE, …) and password file. A password in it is never shown.
#[derive(Clone)]
pub struct DatabaseUrl {
    any: AnyConnectOptions,
    options: PgConnectOptions,
    has_password: bool,
}

/// Not the address of a database.
#[derive(Debug, thiserror::Error)]
pub enum InvalidUrl {
    /// No such address.
    #[error(
        "a database is like postgres://user@host/database, or postgres:///database?host=/var/run/postgresql on this machine"
    )]
    Form,
    /// Something behind the `?` is not known.
    #[error("{0:?} is not known here: behind the ? may stand {known}", known = PARAMETERS.join(", "))]
    Parameter(String),
    /// Something in it does not have the form that it should have.
    #[error("the address of the database cannot be used: {0}")]
    Value(sqlx::Error),
    /// The file with it cannot be read.
    #[error("the address of the database {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DatabaseUrl {
    /// What stands in this file, on one line.
    ///
    /// # Errors
    /// [`InvalidUrl`].
    pub fn read(path: &Path) -> Result<Self, InvalidUrl> {
        let failed = |source| InvalidUrl::File { path: path.to_owned(), source };
        std::fs::read_to_string(path).map_err(failed)?.trim_end_matches(['\r', '\n']).parse()
    }

    /// How to connect.
    #[must_use]
    pub const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// How to connect through sqlx's driver for any database.
    #[must_use]
    pub const fn any(&self) -> &AnyConnectOptions {
        &self.any
    }

    /// Whether there is a password in it.
    #[must_use]
    pub const fn has_password(&self) -> bool {
        self.has_password
    }

    /// Whether it is a database of this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = self.options.get_host();
        let is_loopback = || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        self.options.get_socket().is_some() || host.starts_with('/') || host == "localhost" || is_loopback()
    }

    /// Whether it is made sure that the database is the one that was meant, and nobody between.
    #[must_use]
    pub fn wants_certificate(&self) -> bool {
        matches!(self.options.get_ssl_mode(), PgSslMode::VerifyFull)
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        if text.len() > LONGEST || !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
            return Err(InvalidUrl::Form);
        }
        let mut any: AnyConnectOptions = text.parse().map_err(|_| InvalidUrl::Form)?;
        let url = &mut any.database_url;
        if let Some((name, _)) = url.query_pairs().find(|(name, _)| !PARAMETERS.contains(&name.as_ref())) {
            return Err(InvalidUrl::Parameter(name.into_owned()));
        }
        let has_password = url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password");
        if !url.query_pairs().any(|(name, _)| name == "application_name") {
            url.query_pairs_mut().append_pair("application_name", APPLICATION);
        }
        let options = PgConnectOptions::from_url(url).map_err(InvalidUrl::Value)?;
        Ok(Self { any, options, has_password })
    }
}

/// Without a password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, .. } = self;
        let user = options.get_username();
        let database = options.get_database().unwrap_or(user);
        match options.get_socket() {
            Some(socket) => write!(f, "postgres://{user}@/{database}?host={}", socket.display()),
            None => write!(f, "postgres://{user}@{}:{}/{database}", options.get_host(), options.get_port()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_shown_of_an_address_has_no_password() {
        for text in
            ["postgres://alice:wind@db.example.com/phones", "postgresql://alice@db.example.com/phones?password=wind"]
        {
            let url = url(text);
            assert!(url.has_password() && !url.is_local(), "{text}");
            assert_eq!(url.to_string(), "postgres://alice@db.example.com:5432/phones");
            assert!(!format!("{url:?}").contains("wind"));
        }
    }

    #[test]
    fn a_socket_and_the_loopback_are_this_machine() {
        for text in [
            "postgres:///phones?host=/var/run/postgresql&user=alice",
            "postgres://alice@%2Fvar%2Frun%2Fpostgresql/phones",
            "postgres://alice@localhost/phones",
            "postgres://alice@127.0.0.1:5433/phones",
            "postgres://alice@[::1]/phones",
        ] {
            assert!(url(text).is_local(), "{text}");
        }
        let shown = url("postgres://alice@%2Ftmp%2Fx/phones").to_string();
        assert_eq!(shown, "postgres://alice@/phones?host=/tmp/x");
    }

    #[test]
    fn its_certificate_is_looked_at_if_that_is_asked_for() {
        let asked =
            |mode: &str| url(&format!("postgres://alice@db.example.com/phones?sslmode={mode}")).wants_certificate();
        assert!(asked("verify-full") && !asked("require") && !asked("prefer"));
    }

    #[test]
    fn what_is_no_address_says_what_one_is_like() {
        for text in ["", "sqlite://x", "db.example.com", "postgres:", "mysql://a@b/c", "postgres://a@b:port/c"] {
            assert!(matches!(text.parse::<DatabaseUrl>(), Err(InvalidUrl::Form)), "{text}");
        }
        let unknown = "postgres://a@b/c?passwd=wind".parse::<DatabaseUrl>().unwrap_err().to_string();
        assert!(unknown.starts_with("\"passwd\" is not known here") && !unknown.contains("wind"), "{unknown}");
        assert!(matches!("postgres://a@b/c?sslmode=perhaps".parse::<DatabaseUrl>(), Err(InvalidUrl::Value(_))));
    }
}
