//! What one leadership has open in PostgreSQL, so that the next one can end it (see [`crate::cluster`]).

use sqlx::AnyConnection;

/// By what the connections of leaders are known in `pg_stat_activity`, before the number.
pub const CONNECTIONS: &str = "tabphone leader ";

/// A leadership, by its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term(pub i64);

impl Term {
    /// How its connections are named.
    #[must_use]
    pub fn name(self) -> String {
        format!("{CONNECTIONS}{}", self.0)
    }

    /// Makes a connection one of this leadership, unless there is a newer one. First it has the name by which the next
    /// leader ends it, and then the epoch is looked at: whichever of the two is first, it sees the other.
    ///
    /// # Errors
    /// The database's, or that another server leads.
    pub async fn enlist(self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT set_config('application_name', $1, FALSE)")
            .bind(self.name())
            .execute(&mut *connection)
            .await?;
        let current: Option<i64> =
            sqlx::query_scalar("SELECT epoch FROM tabphone_cluster").fetch_optional(connection).await?;
        if current == Some(self.0) {
            Ok(())
        } else {
            Err(sqlx::Error::Configuration("another server leads by now".into()))
        }
    }
}
