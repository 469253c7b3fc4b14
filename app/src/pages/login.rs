//! The login page: a plain form, without scripts, that works in any browser.

use super::head::DocumentHead;
use crate::components::icon::{Glyph, Icon, Logo};
use leptos::prelude::*;

/// What the login page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginView {
    /// What went wrong with the last try.
    pub error: Option<LoginError>,
    /// The extension of the last try, to be corrected instead of typed again.
    pub extension: String,
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
                <div class="login__brand">
                    <Logo />
                    <span class="login__product">"Tabphone"</span>
                </div>
                <h1 class="login__title">"Log in to your phone"</h1>
                {page.insecure.then(|| view! { <Insecure /> })}
                {page.error.map(|error| view! { <Problem error /> })}
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
fn Problem(error: LoginError) -> impl IntoView {
    view! {
        <div class="notice notice--trouble" role="alert" id="login-problem">
            <Icon glyph=Glyph::Warning />
            <p class="notice__text">{problem(error)}</p>
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

fn problem(error: LoginError) -> String {
    match error {
        LoginError::Wrong => "The extension or the password is wrong.".to_owned(),
        LoginError::Throttled { seconds } => format!("Too many wrong tries. Wait {}, then try again.", wait(seconds)),
        LoginError::Expired => "You were logged out. Log in again.".to_owned(),
    }
}

fn wait(seconds: u64) -> String {
    match seconds {
        0 | 1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}
