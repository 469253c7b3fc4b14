//! Groups: several extensions under one number.

use super::{Calling, CallingError, MAX_MEMBERS, account, duration, parse_number, parse_ringing, seconds};
use crate::store::accounts::{LONGEST_NAME, is_extension};
use crate::store::{Area, Flag, is_taken, storable};
use sip::proxy::{self, Order};
use std::collections::BTreeSet;
use std::time::Duration;

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its number.
    pub extension: String,
    /// Its name, for people.
    pub name: String,
    /// Who is in it and how it rings. Members that are disabled are named too: they do not ring.
    pub ring: proxy::Group,
}

/// What is to be changed of a group; `None` leaves it as it is, `Some(None)` takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Its name.
    pub name: Option<String>,
    /// All of its members, in order.
    pub members: Option<Vec<String>>,
    /// In which order they ring.
    pub order: Option<Order>,
    /// How long they ring.
    pub ringing: Option<Option<Duration>>,
    /// Where calls go that no member takes.
    pub otherwise: Option<Option<String>>,
}

type Row = (i64, String, String, Flag, Option<i64>, Option<String>);

impl Calling {
    /// Makes a group.
    ///
    /// # Errors
    /// [`CallingError`].
    pub async fn add_group(&self, group: Group) -> Result<(), CallingError> {
        if !is_extension(&group.extension) {
            return Err(CallingError::Extension);
        }
        let group = checked(group)?;
        check_members(&group.ring.members)?;
        let mut transaction = self.store.write(Area::Calling).await?;
        let query = "INSERT INTO call_groups (extension, name, in_turn, ringing, otherwise)
                     VALUES ($1, $2, $3, $4, $5) RETURNING id";
        let made = sqlx::query_scalar(query)
            .bind(&group.extension)
            .bind(&group.name)
            .bind(Flag::from(group.ring.order == Order::InTurn))
            .bind(seconds(group.ring.ringing))
            .bind(&group.ring.otherwise)
            .fetch_one(&mut *transaction)
            .await;
        let id: i64 = match made {
            Err(sqlx::Error::Database(error)) if is_taken(&*error) => {
                return Err(CallingError::Taken(group.extension));
            }
            other => other?,
        };
        add_members(&mut transaction, id, &group.ring.members).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Changes a group: all that is asked for, or nothing. What it is then.
    ///
    /// # Errors
    /// [`CallingError`].
    pub async fn change_group(&self, extension: &str, change: GroupChange) -> Result<Group, CallingError> {
        let mut transaction = self.store.write(Area::Calling).await?;
        let (id, before) =
            find(&mut transaction, extension).await?.ok_or_else(|| CallingError::NoGroup(extension.to_owned()))?;
        let GroupChange { name, members, order, ringing, otherwise } = change;
        let replaced = members.is_some();
        if let Some(members) = &members {
            check_members(members)?;
        }
        let group = checked(Group {
            extension: before.extension,
            name: name.unwrap_or(before.name),
            ring: proxy::Group {
                members: members.unwrap_or(before.ring.members),
                order: order.unwrap_or(before.ring.order),
                ringing: ringing.unwrap_or(before.ring.ringing),
                otherwise: otherwise.unwrap_or(before.ring.otherwise),
            },
        })?;
        sqlx::query("UPDATE call_groups SET name = $1, in_turn = $2, ringing = $3, otherwise = $4 WHERE id = $5")
            .bind(&group.name)
            .bind(Flag::from(group.ring.order == Order::InTurn))
            .bind(seconds(group.ring.ringing))
            .bind(&group.ring.otherwise)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        if replaced {
            let removed = sqlx::query("DELETE FROM call_group_members WHERE call_group = $1").bind(id);
            removed.execute(&mut *transaction).await?;
            add_members(&mut transaction, id, &group.ring.members).await?;
        }
        transaction.commit().await?;
        Ok(group)
    }

    /// Removes a group; its members stay.
    ///
    /// # Errors
    /// [`CallingError::NoGroup`] and [`CallingError::Storage`].
    pub async fn remove_group(&self, extension: &str) -> Result<(), CallingError> {
        let removed = sqlx::query("DELETE FROM call_groups WHERE extension = $1").bind(storable(extension));
        let removed = removed.execute(self.store.pool()).await?.rows_affected();
        if removed > 0 { Ok(()) } else { Err(CallingError::NoGroup(extension.to_owned())) }
    }

    /// Every group, by number.
    ///
    /// # Errors
    /// [`CallingError::Storage`].
    pub async fn groups(&self) -> Result<Vec<Group>, CallingError> {
        // In one transaction, so that what is read belongs together.
        let mut transaction = self.store.read().await?;
        let query = "SELECT id, extension, name, in_turn, ringing, otherwise FROM call_groups
                     ORDER BY length(extension), extension";
        let rows: Vec<Row> = sqlx::query_as(query).fetch_all(&mut *transaction).await?;
        let mut groups = Vec::with_capacity(rows.len());
        for row in rows {
            let members = members(&mut transaction, row.0, Which::All).await?;
            groups.push(to_group(row, members));
        }
        Ok(groups)
    }
}

/// Which members are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Disabled ones too.
    All,
    /// Those who are let in.
    Enabled,
}

/// The group with this number, and its own number in the database.
pub(super) async fn find_with(
    connection: &mut sqlx::AnyConnection,
    extension: &str,
    which: Which,
) -> Result<Option<(i64, Group)>, sqlx::Error> {
    let query = "SELECT id, extension, name, in_turn, ringing, otherwise FROM call_groups WHERE extension = $1";
    let row: Option<Row> = sqlx::query_as(query).bind(storable(extension)).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let members = members(connection, row.0, which).await?;
    Ok(Some((row.0, to_group(row, members))))
}

async fn find(connection: &mut sqlx::AnyConnection, extension: &str) -> Result<Option<(i64, Group)>, sqlx::Error> {
    find_with(connection, extension, Which::All).await
}

async fn members(connection: &mut sqlx::AnyConnection, group: i64, which: Which) -> Result<Vec<String>, sqlx::Error> {
    let query = "SELECT extension FROM call_group_members JOIN accounts ON accounts.id = account
                 WHERE call_group = $1 AND (enabled = 1 OR $2 = 1) ORDER BY place";
    sqlx::query_scalar(query).bind(group).bind(Flag::from(which == Which::All)).fetch_all(connection).await
}

async fn add_members(connection: &mut sqlx::AnyConnection, group: i64, members: &[String]) -> Result<(), CallingError> {
    for (place, member) in (0_i64..).zip(members) {
        let account = account(&mut *connection, member).await?;
        let query = "INSERT INTO call_group_members (call_group, place, account) VALUES ($1, $2, $3)";
        sqlx::query(query).bind(group).bind(place).bind(account).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Who is named as a member. A group whose members were all removed since may still be changed otherwise.
fn check_members(members: &[String]) -> Result<(), CallingError> {
    if !(1..=MAX_MEMBERS).contains(&members.len()) {
        return Err(CallingError::Members);
    }
    let mut seen = BTreeSet::new();
    let twice = members.iter().find(|member| !seen.insert(member.as_str()));
    twice.map_or(Ok(()), |twice| Err(CallingError::Twice(twice.clone())))
}

/// The group with every other value looked at.
fn checked(group: Group) -> Result<Group, CallingError> {
    let Group { extension, name, ring } = group;
    let name = name.trim().to_owned();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(CallingError::Name);
    }
    let ring = proxy::Group {
        ringing: ring.ringing.map(parse_ringing).transpose()?,
        otherwise: ring.otherwise.map(|number| parse_number(&number, &extension)).transpose()?,
        ..ring
    };
    Ok(Group { extension, name, ring })
}

fn to_group((_, extension, name, in_turn, ringing, otherwise): Row, members: Vec<String>) -> Group {
    let order = if in_turn.is_set() { Order::InTurn } else { Order::AtOnce };
    Group { extension, name, ring: proxy::Group { members, order, ringing: duration(ringing), otherwise } }
}
