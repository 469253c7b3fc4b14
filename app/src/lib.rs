//! The user interface of Tabphone: what is the same on the server and in the browser.
//!
//! A page needs two contexts: [`backend::Opening`], what it shows first, and [`phone::Phone`], the line made
//! live. The server provides both when it renders; the client reads the opening from the page
//! ([`backend::OPENING_META`]), makes the phone from its line ([`phone::pair`]) and hydrates [`App`].

// A view is one type of all its elements; the default of 128 is too little for a form.
#![recursion_limit = "256"]

pub mod backend;
pub mod caller;
#[allow(unreachable_pub, reason = "the component macro makes its properties public")]
mod components;
pub mod conference;
pub mod dial;
pub mod directory;
pub mod encoding;
pub mod history;
pub mod lease;
mod letters;
pub mod media;
pub mod messages;
pub mod offers;
pub mod pages;
pub mod phone;
pub mod picture;
pub mod quality;
pub mod recorded;
pub mod sign;
pub mod sound;
pub mod words;

#[cfg(feature = "ssr")]
use components::diverted::Settings;
use leptos::prelude::*;
use pages::phone::PhonePage;

/// The page behind the login.
///
/// The browser knows no routes: only the phone is brought to life there, every other page is text and links, and a
/// router weighs more than the whole SIP parser. The server writes the same elements, as routes add none.
#[cfg(not(feature = "ssr"))]
#[component]
pub fn App() -> impl IntoView {
    view! { <PhonePage /> }
}

/// The pages behind the login and their routes.
#[cfg(feature = "ssr")]
#[component]
pub fn App() -> impl IntoView {
    use leptos_router::components::{FlatRoutes, Route, Router};
    use leptos_router::{ParamSegment, StaticSegment};
    use pages::not_found::NotFoundPage;

    view! {
        <Router>
            <FlatRoutes fallback=NotFoundPage>
                <Route path=StaticSegment("") view=Opened />
                // The same phone, so that nothing of it ends; what is on these pages stands behind it: see `shell`.
                <Route path=StaticSegment("messages") view=Opened />
                <Route path=(StaticSegment("messages"), ParamSegment("with")) view=Opened />
            </FlatRoutes>
        </Router>
    }
}

/// The phone, if it was opened for somebody: an address with a slash too many is a route here, and none of the server's.
#[cfg(feature = "ssr")]
#[component]
fn Opened() -> impl IntoView {
    match use_context::<backend::Opening>() {
        Some(_) => view! { <PhonePage /> }.into_any(),
        None => view! { <pages::not_found::NotFoundPage /> }.into_any(),
    }
}

/// The whole document around [`App`], with the scripts that hydrate it.
///
/// The [`backend::Opening`] of the context goes into the head as an attribute, so that the client's first render
/// uses the very value that the server rendered; without one (an error page) nothing is carried.
/// Scripts take the nonce of the context (`leptos::nonce::Nonce`).
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let opening = use_context::<backend::Opening>();
    let title = opening.as_ref().map_or_else(
        || components::title::PRODUCT.to_owned(),
        |opening| {
            components::title::text(
                &opening.line.calls,
                &opening.contacts,
                &opening.callers,
                opening.missed.saturating_add(opening.unread),
            )
        },
    );
    let messages = use_context::<pages::messages::MessagesView>();
    let messages = messages.map(|view| view! { <pages::messages::Messages view /> });
    let settings =
        opening.as_ref().map(|opening| view! { <Settings contacts=opening.contacts.clone() offers=opening.offers /> });
    let carried = opening.map(|opening| opening.to_text());
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <pages::head::DocumentHead title=title />
                {carried.map(|text| view! { <meta name=backend::OPENING_META content=text /> })}
                <AutoReload options=options.clone() />
                <HydrationScripts options=options />
            </head>
            <body>
                <App />
                // Behind what the client hydrates, where it does not look: it need not load what these are made of.
                {settings}
                {messages}
            </body>
        </html>
    }
}
