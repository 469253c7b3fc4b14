//! Everything that is stored, copied row by row from one database into an empty one of the same version: a backup of PostgreSQL
//! is an SQLite file like any other, and any backup can be restored into either.

use super::Kind;
use futures::TryStreamExt as _;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use std::collections::BTreeSet;

/// A table, as SQLite describes it.
struct Table {
    name: String,
    columns: Vec<(String, Holds)>,
    /// The tables whose rows it names.
    parents: BTreeSet<String>,
}

/// What a column holds.
#[derive(Clone, Copy)]
enum Holds {
    Number,
    Text,
    Bytes,
}

impl Table {
    /// A number that goes up with every change, also with those that copying makes: it is copied last.
    fn is_counter(&self) -> bool {
        self.columns.iter().any(|(name, _)| name == "only")
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
    }

    async fn copy(&self, from: &mut AnyConnection, to: &mut AnyConnection) -> Result<(), sqlx::Error> {
        let (name, names) = (&self.name, self.names());
        let places = (1..=self.columns.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        if self.is_counter() {
            sqlx::query(&format!("DELETE FROM {name}")).execute(&mut *to).await?;
        }
        let (select, insert) =
            (format!("SELECT {names} FROM {name}"), format!("INSERT INTO {name} ({names}) VALUES ({places})"));
        let mut rows = sqlx::query(&select).fetch(from);
        while let Some(row) = rows.try_next().await? {
            self.insert(&insert, &row, to).await?;
        }
        Ok(())
    }

    async fn insert(&self, insert: &str, row: &AnyRow, to: &mut AnyConnection) -> Result<(), sqlx::Error> {
        let mut query = sqlx::query(insert);
        for (place, (_, holds)) in self.columns.iter().enumerate() {
            // What is not there is so of a kind, too, for PostgreSQL.
            query = match holds {
                Holds::Number => query.bind(row.try_get::<Option<i64>, _>(place)?),
                Holds::Text => query.bind(row.try_get::<Option<String>, _>(place)?),
                Holds::Bytes => query.bind(row.try_get::<Option<Vec<u8>>, _>(place)?),
            };
        }
        query.execute(to).await.map(drop)
    }
}

/// Copies all rows of `from`, which nobody changes meanwhile, into `to`, where nothing is yet. One of them is SQLite.
pub(super) async fn transfer(
    from: &mut AnyConnection,
    to: &mut AnyConnection,
    kinds: (Kind, Kind),
) -> Result<(), sqlx::Error> {
    let tables = match kinds {
        (Kind::Sqlite, _) => tables(from).await?,
        (Kind::Postgres, _) => tables(to).await?,
    };
    for table in &tables {
        table.copy(from, to).await?;
    }
    match kinds {
        (Kind::Sqlite, Kind::Postgres) => number_postgres(from, to).await,
        (Kind::Postgres, Kind::Sqlite) => number_sqlite(from, to).await,
        (Kind::Sqlite, Kind::Sqlite) | (Kind::Postgres, Kind::Postgres) => Ok(()),
    }
}

/// The tables in an order in which each stands behind those that it names, and the counters last.
async fn tables(connection: &mut AnyConnection) -> Result<Vec<Table>, sqlx::Error> {
    let query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                 AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY name";
    let names: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut *connection).await?;
    let mut left = Vec::new();
    for name in names {
        let query = "SELECT name, type FROM pragma_table_info($1) ORDER BY cid";
        let columns: Vec<(String, String)> = sqlx::query_as(query).bind(&name).fetch_all(&mut *connection).await?;
        let holds = |kind: &str| match kind {
            "INTEGER" => Holds::Number,
            "BLOB" => Holds::Bytes,
            _ => Holds::Text,
        };
        let columns = columns.into_iter().map(|(name, kind)| (name, holds(&kind))).collect();
        let query = "SELECT \"table\" FROM pragma_foreign_key_list($1)";
        let parents: Vec<String> = sqlx::query_scalar(query).bind(&name).fetch_all(&mut *connection).await?;
        left.push(Table { name, columns, parents: parents.into_iter().collect() });
    }
    let mut ordered: Vec<Table> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waiting: BTreeSet<String> = left.iter().map(|table| table.name.clone()).collect();
        let (next, later): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|table| table.parents.iter().all(|parent| !waiting.contains(parent)));
        if next.is_empty() {
            // Tables that name each other: there are none.
            ordered.extend(later);
            break;
        }
        (left, ordered) = (later, ordered.into_iter().chain(next).collect());
    }
    ordered.sort_by_key(Table::is_counter);
    Ok(ordered)
}

/// The tables whose rows are numbered by the database, with that column.
async fn numbered(postgres: &mut AnyConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    let query = "SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns
                 WHERE table_schema = current_schema() AND is_identity = 'YES'";
    sqlx::query_as(query).fetch_all(postgres).await
}

/// Numbers that were given once are not given again.
async fn number_postgres(from: &mut AnyConnection, to: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for (table, column) in numbered(to).await? {
        let query = format!(
            "SELECT max(last) FROM (SELECT max(\"{column}\") AS last FROM {table}
             UNION ALL SELECT seq FROM sqlite_sequence WHERE name = $1)"
        );
        let last: Option<i64> = sqlx::query_scalar(&query).bind(&table).fetch_one(&mut *from).await?;
        if let Some(last) = last.filter(|last| *last > 0) {
            let query = "SELECT setval(pg_get_serial_sequence($1, $2)::regclass, $3)";
            sqlx::query(query).bind(table).bind(column).bind(last).execute(&mut *to).await?;
        }
    }
    Ok(())
}

async fn number_sqlite(from: &mut AnyConnection, to: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for (table, column) in numbered(&mut *from).await? {
        let query = "SELECT pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass)";
        let last: Option<i64> = sqlx::query_scalar(query).bind(&table).bind(column).fetch_one(&mut *from).await?;
        let Some(last) = last else { continue };
        // Of a table whose rows are all gone there is none, and of one that is numbered by what is there neither.
        let query = "SELECT 1 FROM sqlite_schema WHERE name = $1 AND sql LIKE '%AUTOINCREMENT%'";
        if sqlx::query(query).bind(&table).fetch_optional(&mut *to).await?.is_some() {
            sqlx::query("DELETE FROM sqlite_sequence WHERE name = $1").bind(&table).execute(&mut *to).await?;
            let query = "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)";
            sqlx::query(query).bind(table).bind(last).execute(&mut *to).await?;
        }
    }
    Ok(())
}
