//! The login page: a plain form, without scripts, that works in any browser.

use super::frame::Brand;
use super::head::DocumentHead;
use crate::components::icon::{Glyph, Icon};
use leptos::prelude::*;

/// What the login page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginView {
    /// What went wrong with the last try.
    pub error: Option<LoginError>,
    /// The extension of the last try, to be corrected instead of typed again.
    pub extension: String,
    /// The domain of the server.
    pub domain: String,
    /// The page came without HTTPS from a machine that is not this one: the password can be read on its way.
    pub insecure: bool,
}

/// Why a login did not work. An unknown extension and a wrong password are the same to who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// No such extension with this password.
    Wrong,
    /// Too many wrong guesses; the next is looked at after this time.
    Throttled {
        /// How long to wait, in seconds.
        seconds: u64,
    },
    /// The session was over.
    Expired,
    /// Somebody of another domain.
    Elsewhere,
    /// A first password that was not used in time.
    TooOld,
    /// Too many logins at this moment.
    Busy,
    /// The company's PBX does not answer.
    Unreachable,
    /// It does not answer what it is asked.
    Unsupported,
    /// It lets everybody in, which proves nothing.
    Unasked,
    /// It is right, but the extension is another account of this server.
    Taken,
}

/// The whole document.
pub fn document(page: LoginView) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <DocumentHead title="Log in · Tabphone".to_owned() />
            </head>
            <body>
                <LoginPage page />
            </body>
        </html>
    }
}

#[component]
fn LoginPage(page: LoginView) -> impl IntoView {
    let wrong = page.error == Some(LoginError::Wrong);
    // The next thing to type: the password, once the extension is there.
    let again = !page.extension.is_empty();
    view! {
        <main class="login">
            <div class="panel login__panel">
                <Brand />
                <h1 class="login__title">"Log in to your phone"</h1>
                {page.insecure.then(|| view! { <Insecure /> })}
                {page.error.map(|error| view! { <Problem error domain=page.domain.clone() /> })}
                <form class="login__form" method="post" action="/login">
                    <div class="field">
                        <label class="field__label" for="extension">
                            "Extension"
                        </label>
                        <input
                            class="field__input"
                            id="extension"
                            name="extension"
                            r#type="text"
                            value=page.extension
                            autocomplete="username"
                            autocapitalize="none"
                            spellcheck="false"
                            maxlength="64"
                            required
                            autofocus=!again
                            aria-invalid=wrong.then_some("true")
                            aria-describedby=wrong.then_some("login-problem")
                        />
                    </div>
                    <div class="field">
                        <label class="field__label" for="password">
                            "Password"
                        </label>
                        <input
                            class="field__input"
                            id="password"
                            name="password"
                            r#type="password"
                            autocomplete="current-password"
                            maxlength="1024"
                            required
                            autofocus=again
                            aria-invalid=wrong.then_some("true")
                            aria-describedby=wrong.then_some("login-problem")
                        />
                    </div>
                    <button class="button button--primary button--wide" r#type="submit">
                        "Log in"
                    </button>
                </form>
                <p class="login__help">"No extension, or the password is lost? Ask whoever runs your phone system."</p>
            </div>
        </main>
    }
}

#[component]
fn Problem(error: LoginError, domain: String) -> impl IntoView {
    view! {
        <div class="notice notice--trouble" role="alert" id="login-problem">
            <Icon glyph=Glyph::Warning />
            <p class="notice__text">{problem(error, &domain)}</p>
        </div>
    }
}

#[component]
fn Insecure() -> impl IntoView {
    view! {
        <div class="notice notice--warning" role="note">
            <Icon glyph=Glyph::Warning />
            <p class="notice__text">
                "This page was opened without HTTPS: others on the network could read your password, and calls will not work. Open the address again with https:// in front."
            </p>
        </div>
    }
}

fn problem(error: LoginError, domain: &str) -> String {
    let words = match error {
        LoginError::Wrong => "The extension or the password is wrong.",
        LoginError::Throttled { seconds } => {
            return format!("Too many wrong tries. Wait {}, then try again.", wait(seconds));
        }
        LoginError::Elsewhere => {
            return format!(
                "People of {domain} log in here. Type the extension alone, such as 1001, or 1001@{domain}."
            );
        }
        LoginError::Expired => "You were logged out. Log in again.",
        LoginError::TooOld => {
            "This first password was not used in time. Ask whoever runs your phone system for a new one."
        }
        LoginError::Busy => "Too many people are logging in at this moment. Wait a few seconds, then try again.",
        LoginError::Unreachable => {
            "The telephone system cannot be reached, so it is not known whether the password is right. Try again in a minute, and if that does not help, tell whoever runs it."
        }
        LoginError::Unsupported => {
            "The telephone system does not say whether the password is right. Tell whoever runs it: it refuses every REGISTER that would change nothing."
        }
        LoginError::Unasked => {
            "The telephone system asks for no password, so that nobody can be logged in with it. Tell whoever runs it."
        }
        LoginError::Taken => {
            "The password is right, but this extension is in use by another account here. Tell whoever runs your phone system."
        }
    };
    words.to_owned()
}

pub(super) fn wait(seconds: u64) -> String {
    match seconds {
        0 | 1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}
