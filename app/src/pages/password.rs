//! The page on which people change their password: a plain form, without scripts, that works in any browser.

use super::frame::{self, Done, NotDone, Top};
use super::login::wait;
use crate::backend::Contact;
use crate::components::icon::{Glyph, Icon};
use leptos::prelude::*;

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordView {
    /// Whose password.
    pub me: Contact,
    /// Why nothing was changed.
    pub problem: Option<Problem>,
    /// It was just changed.
    pub changed: bool,
    /// It is one that somebody else made, and must be changed before anything else.
    pub first: bool,
    /// The PBX that knows the password: it cannot be changed here.
    pub pbx: Option<String>,
    /// How many characters it must have.
    pub shortest: usize,
}

/// Why a password was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The one that holds until now is another one.
    Wrong,
    /// The new one was not typed the same twice.
    Different,
    /// The new one is the old one.
    Same,
    /// Fewer characters than this.
    Short(usize),
    /// More bytes than this.
    Long(usize),
    /// Among those that are guessed first.
    Common,
    /// The extension, the name or the domain.
    Known,
    /// Too many wrong guesses; the next is looked at after this time.
    Throttled {
        /// How long to wait, in seconds.
        seconds: u64,
    },
    /// Too much is going on at this moment.
    Busy,
}

impl Problem {
    /// Whether the field of the password that holds until now is to be corrected.
    const fn is_of_current(self) -> bool {
        match self {
            Self::Wrong => true,
            Self::Different
            | Self::Same
            | Self::Short(_)
            | Self::Long(_)
            | Self::Common
            | Self::Known
            | Self::Throttled { .. }
            | Self::Busy => false,
        }
    }

    /// Whether the fields of the new one are.
    const fn is_of_new(self) -> bool {
        match self {
            Self::Different | Self::Same | Self::Short(_) | Self::Long(_) | Self::Common | Self::Known => true,
            Self::Wrong | Self::Throttled { .. } | Self::Busy => false,
        }
    }

    fn words(self) -> String {
        let words = match self {
            Self::Wrong => "The current password is wrong. Nothing was changed.",
            Self::Different => "The new password was not typed the same twice. Type it again in both fields.",
            Self::Same => "The new password is the one that you have. Choose another one.",
            Self::Short(least) => {
                return format!("The new password is too short. It needs at least {least} characters.");
            }
            Self::Long(most) => return format!("The new password is too long. It may have at most {most} bytes."),
            Self::Common => {
                "The new password is one of the commonest there are, which are guessed first. Choose another one."
            }
            Self::Known => "The new password is only your extension, your name or the domain. Choose another one.",
            Self::Throttled { seconds } => {
                return format!("Too many wrong tries. Wait {}, then try again.", wait(seconds));
            }
            Self::Busy => "Too many people are logging in at this moment. Wait a few seconds, then try again.",
        };
        words.to_owned()
    }
}

/// The whole document.
pub fn document(view: PasswordView) -> impl IntoView {
    frame::document("Password", view! { <PasswordPage view /> })
}

#[component]
fn PasswordPage(view: PasswordView) -> impl IntoView {
    let title = if view.first { "Choose your own password" } else { "Your password" };
    let elsewhere = view.pbx.clone();
    let (first, problem) = (view.first, view.problem);
    view! {
        <main class="settings">
            <div class="panel settings__panel">
                <Top title me=view.me.clone() />
                {view.changed.then(|| view! { <Done words="Your password is changed. Everywhere else you are logged out." /> })}
                {problem.map(|problem| view! { <NotDone words=problem.words() id="password-problem" /> })}
                {match elsewhere {
                    Some(pbx) => view! { <Elsewhere pbx /> }.into_any(),
                    None => view! { <Form view /> }.into_any(),
                }}
                {(!first)
                    .then(|| {
                        view! {
                            <div class="settings__actions">
                                <a class="button" href="/">
                                    "Back to the phone"
                                </a>
                                <a class="button button--quiet" href="/settings/sessions">
                                    <Icon glyph=Glyph::Screens />
                                    "Where you are logged in"
                                </a>
                            </div>
                        }
                    })}
            </div>
        </main>
    }
}

#[component]
fn Form(view: PasswordView) -> impl IntoView {
    let PasswordView { me, problem, first, shortest, .. } = view;
    let wrong = problem.is_some_and(Problem::is_of_current);
    let unfit = problem.is_some_and(Problem::is_of_new);
    let current = if first { "The password that you were given" } else { "Current password" };
    let described = if unfit { "password-problem new-hint" } else { "new-hint" };
    let hint = format!(
        "At least {shortest} characters, of any kind; several words are good. It must not be a common one, nor your extension or your name."
    );
    view! {
        <p class="settings__hint">
            {if first {
                "You came with a password that somebody else made for you. Choose one that only you know, then you can call."
            } else {
                "Everywhere else you are logged out when it changes. Phones that register with it need the new one."
            }}
        </p>
        <form class="settings__form" method="post" action="/settings/password">
            // For password managers, which store it together.
            <input type="text" name="username" autocomplete="username" value=me.extension readonly hidden />
            <div class="field">
                <label class="field__label" for="current">
                    {current}
                </label>
                <input
                    class="field__input"
                    id="current"
                    name="current"
                    r#type="password"
                    autocomplete="current-password"
                    maxlength="1024"
                    required
                    autofocus=!unfit
                    aria-invalid=wrong.then_some("true")
                    aria-describedby=wrong.then_some("password-problem")
                />
            </div>
            <div class="field">
                <label class="field__label" for="new">
                    "New password"
                </label>
                <input
                    class="field__input"
                    id="new"
                    name="new"
                    r#type="password"
                    autocomplete="new-password"
                    minlength=shortest.to_string()
                    maxlength="1024"
                    required
                    autofocus=unfit
                    aria-invalid=unfit.then_some("true")
                    aria-describedby=described
                />
                <p class="settings__hint" id="new-hint">
                    {hint}
                </p>
            </div>
            <div class="field">
                <label class="field__label" for="again">
                    "New password, once more"
                </label>
                <input
                    class="field__input"
                    id="again"
                    name="again"
                    r#type="password"
                    autocomplete="new-password"
                    maxlength="1024"
                    required
                    aria-invalid=unfit.then_some("true")
                    aria-describedby=unfit.then_some("password-problem")
                />
            </div>
            <div class="settings__actions">
                <button class="button button--primary" r#type="submit">
                    "Change the password"
                </button>
            </div>
        </form>
        {first
            .then(|| {
                view! {
                    <form class="settings__form" method="post" action="/logout">
                        <button class="button button--quiet" r#type="submit">
                            <Icon glyph=Glyph::LogOut />
                            "Log out"
                        </button>
                    </form>
                }
            })}
    }
}

#[component]
fn Elsewhere(pbx: String) -> impl IntoView {
    view! {
        <p class="settings__hint">
            {format!("Your password is known to the telephone system {pbx} only, and is changed there. From then on you log in here with the new one.")}
        </p>
    }
}
