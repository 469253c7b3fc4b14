//! Three extensions to try the phone with, each with a random password that is shown once.

use crate::store::accounts::{AccountError, Accounts, generated};
use std::fmt::Write as _;

const PEOPLE: [(&str, &str); 3] = [("1001", "Alice Adams"), ("1002", "Bob Brown"), ("1003", "Carol Clark")];

/// Makes the demo extensions if there is no account at all, and with `reset` gives them new passwords. Says
/// what to log in with; nothing when nothing was made.
pub(super) async fn prepare(accounts: &Accounts, reset: bool) -> Result<Option<String>, AccountError> {
    let empty = accounts.list().await?.is_empty();
    if !empty && !reset {
        return Ok(None);
    }
    let mut said = "Demo extensions (these passwords are shown only now; --reset-demo makes new ones):\n".to_owned();
    for (extension, name) in PEOPLE {
        let password = generated()?;
        if accounts.find(extension).await?.is_some() {
            accounts.set_password(extension, password.clone()).await?;
        } else {
            accounts.add(extension, name, password.clone()).await?;
        }
        // Writing to a String does not fail.
        let _ = writeln!(said, "  {extension}  {name:<12}  {}", password.as_str());
    }
    Ok(Some(said))
}
