//! The settings page: what becomes of a person's calls. A plain form, without scripts, that works in any browser.

#[allow(unreachable_pub, reason = "the component macro makes its properties public")]
mod sound;

use super::frame::{self, Done, NotDone, Top};
use crate::backend::Contact;
use crate::components::icon::{Glyph, Icon};
use crate::offers::{Offer, Offers, Setting};
use crate::sound::MediaSettings;
use leptos::prelude::*;
use sound::SoundForm;

/// What is said of a setting that nobody changes here.
pub(super) const DECIDED: &str = "Your administrator set this.";

/// What the settings page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsView {
    /// Whose settings.
    pub me: Contact,
    /// Who else there is, to be suggested.
    pub contacts: Vec<Contact>,
    /// The groups that the person is in.
    pub groups: Vec<Contact>,
    /// What stands in the fields.
    pub typed: Typed,
    /// What is wrong with what was typed: nothing was saved.
    pub problems: Vec<(Field, Problem)>,
    /// What was just sent is saved.
    pub saved: bool,
    /// What the person wants of sound and pictures.
    pub media: MediaSettings,
    /// What an administrator decided about settings.
    pub offers: Offers,
    /// Whose calls may be answered by themselves, in words; where nobody's may, it is not offered.
    pub auto_answer: Option<String>,
    /// How long calls usually ring, in seconds.
    pub usual_ringing: u64,
    /// The shortest and the longest time that calls can ring, in seconds.
    pub ringing_range: (u64, u64),
    /// The company's PBX where the phone is registered: what becomes of calls is decided there.
    pub pbx: Option<String>,
}

/// What stands in the fields, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// Whether no call is to ring.
    pub do_not_disturb: bool,
    /// Whether a second call is to find the person busy.
    pub no_call_waiting: bool,
    /// Whether calls that ask for it are to be answered by themselves.
    pub auto_answer: bool,
    /// Where all calls go.
    pub always: String,
    /// Where calls go while the person is busy.
    pub busy: String,
    /// Where calls go that nobody answered.
    pub unanswered: String,
    /// Where calls go while no phone is on.
    pub unreachable: String,
    /// How long calls ring, in seconds.
    pub ringing: String,
}

/// A field that is typed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Where all calls go.
    Always,
    /// Where calls go while the person is busy.
    Busy,
    /// Where calls go that nobody answered.
    Unanswered,
    /// Where calls go while no phone is on.
    Unreachable,
    /// How long calls ring.
    Ringing,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Neither a number nor anybody's name.
    NotANumber,
    /// The name fits several people.
    Ambiguous,
    /// The person's own number.
    Own,
    /// A code, which is for phones to dial.
    Code,
    /// Not a time, or not one that calls can ring.
    Time,
    /// It was saved, but nobody has this number.
    Nobody,
}

impl Field {
    /// Every field, in the order of the page.
    pub const ALL: [Self; 5] = [Self::Always, Self::Busy, Self::Unanswered, Self::Ringing, Self::Unreachable];

    /// Its name in the form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Busy => "busy",
            Self::Unanswered => "unanswered",
            Self::Unreachable => "unreachable",
            Self::Ringing => "ringing",
        }
    }

    /// What it sets.
    #[must_use]
    pub const fn setting(self) -> Setting {
        match self {
            Self::Always => Setting::DivertAlways,
            Self::Busy => Setting::DivertBusy,
            Self::Unanswered => Setting::DivertUnanswered,
            Self::Unreachable => Setting::DivertUnreachable,
            Self::Ringing => Setting::Ringing,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Always => "All calls go to",
            Self::Busy => "When you are busy, calls go to",
            Self::Unanswered => "When you do not answer, calls go to",
            Self::Unreachable => "While your phone is off, calls go to",
            Self::Ringing => "How long calls ring, in seconds",
        }
    }

    fn hint(self, usual_ringing: u64) -> String {
        match self {
            Self::Always => "Nothing rings here as long as a number stands here.".to_owned(),
            Self::Busy => "Also for calls that you decline, and while you are not to be disturbed.".to_owned(),
            Self::Unanswered => "After the time below.".to_owned(),
            Self::Unreachable => "When you are logged out, or your phone has no connection.".to_owned(),
            Self::Ringing => format!("Left empty, calls ring for {usual_ringing} seconds."),
        }
    }
}

impl Typed {
    /// What stands in a field.
    #[must_use]
    pub fn field(&self, field: Field) -> &str {
        match field {
            Field::Always => &self.always,
            Field::Busy => &self.busy,
            Field::Unanswered => &self.unanswered,
            Field::Unreachable => &self.unreachable,
            Field::Ringing => &self.ringing,
        }
    }
}

impl Problem {
    /// Whether it kept the form from being saved.
    #[must_use]
    pub const fn is_error(self) -> bool {
        match self {
            Self::NotANumber | Self::Ambiguous | Self::Own | Self::Code | Self::Time => true,
            Self::Nobody => false,
        }
    }

    fn words(self, (shortest, longest): (u64, u64)) -> String {
        match self {
            Self::NotANumber => "This is no number and nobody's name. Type an extension, such as 1002.".to_owned(),
            Self::Ambiguous => "This fits several people. Type the extension, or the whole name.".to_owned(),
            Self::Own => "This is your own number. Type somebody else's, or leave it empty.".to_owned(),
            Self::Code => "This is a code for phones to dial. Type the number of a person or a group.".to_owned(),
            Self::Time => format!("Type a number of seconds from {shortest} to {longest}, or leave it empty."),
            Self::Nobody => "Saved, but nobody has this number now: calls that go there are lost.".to_owned(),
        }
    }
}

/// The whole document.
pub fn document(page: SettingsView) -> impl IntoView {
    frame::document("Settings", view! { <SettingsPage page /> })
}

#[component]
fn SettingsPage(page: SettingsView) -> impl IntoView {
    let refused = page.problems.iter().any(|(_, problem)| problem.is_error());
    let own = page.pbx.is_none();
    let offers = page.offers;
    let mut calls = Field::ALL.map(Field::setting).into_iter().chain([Setting::DoNotDisturb, Setting::CallWaiting]);
    let saves = own && calls.any(|setting| offers.offers(setting)) || page.auto_answer.is_some();
    let fields = own.then(|| {
        let shown = Field::ALL.into_iter().filter(|field| offers.shows(field.setting()));
        shown.map(|field| view! { <Input field page=page.clone() /> }).collect::<Vec<_>>()
    });
    view! {
        <main class="settings">
            <div class="panel settings__panel">
                <Top title="What becomes of your calls" me=page.me.clone() />
                {page.saved.then(|| view! { <Done words="Saved. It holds from now on." /> })}
                {refused.then(|| view! { <NotDone words="Nothing was saved yet. Correct what is marked below, then save again." /> })}
                {page.pbx.as_ref().map(|pbx| view! { <Elsewhere pbx=pbx.clone() /> })}
                <form class="settings__form" method="post" action="/settings">
                    {own
                        .then(|| {
                            view! {
                                <Switch
                                    name="do-not-disturb"
                                    label="Do not disturb"
                                    hint="No call rings on any of your phones."
                                    offer=offers.of(Setting::DoNotDisturb)
                                    checked=page.typed.do_not_disturb
                                />
                                <Switch
                                    name="no-call-waiting"
                                    label="No call waiting"
                                    hint="While you have a call, whoever else calls finds you busy."
                                    offer=offers.of(Setting::CallWaiting)
                                    checked=page.typed.no_call_waiting
                                />
                            }
                        })}
                    {page
                        .auto_answer
                        .map(|whose| {
                            view! {
                                <Switch
                                    name="auto-answer"
                                    label="Answer announcements by itself"
                                    hint=[
                                        "A call that asks for it opens your microphone after a tone, without your doing anything, but never beside another call and never with your camera. It may come from: ",
                                        &whose,
                                        ".",
                                    ]
                                        .concat()
                                    offer=Offer::Offered
                                    checked=page.typed.auto_answer
                                />
                            }
                        })}
                    {fields}
                    <datalist id="people">
                        {page
                            .contacts
                            .into_iter()
                            .map(|person| view! { <option value=person.extension>{person.name}</option> })
                            .collect::<Vec<_>>()}
                    </datalist>
                    <div class="settings__actions">
                        {saves
                            .then(|| {
                                view! {
                                    <button class="button button--primary" r#type="submit">
                                        "Save"
                                    </button>
                                }
                            })}
                        <a class="button" href="/">
                            "Back to the phone"
                        </a>
                        <a class="button button--quiet" href="/history">
                            <Icon glyph=Glyph::Clock />
                            "History"
                        </a>
                        <a class="button button--quiet" href="/recordings">
                            <Icon glyph=Glyph::Record />
                            "Recordings"
                        </a>
                        <a class="button button--quiet" href="/settings/sessions">
                            <Icon glyph=Glyph::Screens />
                            "Where you are logged in"
                        </a>
                        <a class="button button--quiet" href="/settings/password">
                            <Icon glyph=Glyph::Key />
                            "Password"
                        </a>
                    </div>
                </form>
                {(!page.groups.is_empty()).then(|| view! { <Groups groups=page.groups /> })}
                <SoundForm media=page.media offers />
                {own
                    .then(|| {
                        view! {
                            <p class="login__help">
                                "All of this holds while you are logged out, too. Until you are back at the phone, calls do not ring in this tab."
                            </p>
                        }
                    })}
            </div>
        </main>
    }
}

/// Whose calls it does not decide about.
#[component]
fn Elsewhere(pbx: String) -> impl IntoView {
    view! {
        <p class="settings__hint">
            "Your phone is registered at the telephone system "
            <bdi>{pbx}</bdi>
            ". Whether calls are sent elsewhere, how long they ring and whether you can be disturbed is set there."
        </p>
    }
}

/// A box to tick, with what it does.
#[component]
fn Switch(
    name: &'static str,
    label: &'static str,
    #[prop(into)] hint: String,
    offer: Offer,
    checked: bool,
) -> impl IntoView {
    let described = [name, "-hint"].concat();
    let fixed = offer != Offer::Offered;
    (offer != Offer::Hidden).then(|| {
        view! {
            <div class="settings__switch">
                <input
                    class="settings__box"
                    id=name
                    name=name
                    r#type="checkbox"
                    value="on"
                    checked=checked
                    disabled=fixed
                    aria-describedby=described.clone()
                />
                <label class="field__label" for=name>
                    {label}
                </label>
                <p class="settings__hint" id=described>
                    {hint}
                    {fixed.then(|| [" ", DECIDED].concat())}
                </p>
            </div>
        }
    })
}

#[component]
fn Input(field: Field, page: SettingsView) -> impl IntoView {
    let problem = page.problems.iter().find(|(wrong, _)| *wrong == field).map(|(_, problem)| *problem);
    let wrong = problem.is_some_and(Problem::is_error);
    let first = page.problems.iter().find(|(_, problem)| problem.is_error()).is_some_and(|(first, _)| *first == field);
    let (name, number) = (field.name(), field != Field::Ringing);
    let (hint, told) = (format!("{name}-hint"), format!("{name}-problem"));
    let described = if problem.is_some() { format!("{told} {hint}") } else { hint.clone() };
    let fixed = !page.offers.offers(field.setting());
    let class = if wrong { "settings__problem" } else { "settings__problem settings__problem--mild" };
    view! {
        <div class="field">
            <label class="field__label" for=name>
                {field.label()}
            </label>
            <input
                class="field__input"
                id=name
                name=name
                r#type="text"
                value=page.typed.field(field).to_owned()
                list=number.then_some("people")
                inputmode=(!number).then_some("numeric")
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                maxlength="128"
                autofocus=first
                disabled=fixed
                aria-invalid=wrong.then_some("true")
                aria-describedby=described
            />
            {problem
                .map(|problem| {
                    view! {
                        <p class=class id=told>
                            <Icon glyph=Glyph::Warning />
                            {problem.words(page.ringing_range)}
                        </p>
                    }
                })}
            <p class="settings__hint" id=hint>
                {field.hint(page.usual_ringing)}
                {fixed.then(|| [" ", DECIDED].concat())}
            </p>
        </div>
    }
}

#[component]
fn Groups(groups: Vec<Contact>) -> impl IntoView {
    let groups = groups.into_iter().map(|group| {
        view! {
            <li>
                <bdi>{group.name}</bdi>
                {format!(" ({})", group.extension)}
            </li>
        }
    });
    view! {
        <section class="settings__groups" aria-labelledby="groups-title">
            <h2 id="groups-title">"Calls to these groups ring here, too"</h2>
            <p class="settings__hint">"Your own diversions do not hold for them; do not disturb does."</p>
            <ul role="list">{groups.collect::<Vec<_>>()}</ul>
        </section>
    }
}
