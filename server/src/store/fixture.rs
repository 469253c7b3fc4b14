//! Storages for tests. A test module is compiled twice: as it is, and under a name with "postgres" in it, where what it stores
//! lies in a real PostgreSQL.

use super::url::DatabaseUrl;
use super::{Store, StoreError};
use std::path::Path;

#[path = "../../tests/it/postgres.rs"]
#[allow(dead_code, unreachable_pub, missing_docs)]
pub(crate) mod postgres;

/// As [`Store::open`], with the database that the tests of this module (`module_path!()`) are about.
pub(crate) async fn open(directory: &Path, domain: Option<&str>, module: &str) -> Result<Store, StoreError> {
    if module.contains("postgres") {
        postgres::choose(directory);
    }
    Store::open_at(directory, url(directory).as_ref(), domain).await
}

/// The PostgreSQL database of a directory, if it has one.
pub(crate) fn url(directory: &Path) -> Option<DatabaseUrl> {
    postgres::url(directory).map(|url| url.parse().unwrap())
}

/// An account that nobody can log in to.
pub(crate) async fn account(store: &Store, id: i64, extension: &str) {
    let nothing: &[u8] = &[];
    sqlx::query(
        "INSERT INTO accounts (id, extension, name, password_hash, ha1_nonce, ha1, created)
         VALUES ($1, $2, 'Somebody', '', $3, $3, 0)",
    )
    .bind(id)
    .bind(extension)
    .bind(nothing)
    .execute(store.pool())
    .await
    .unwrap();
}
