//! The phone page: the line, the call that is up, the dial pad and the contacts.

use crate::backend::Opening;
use crate::components::calls::Calls;
use crate::components::contacts::Contacts;
use crate::components::dial_pad::DialPad;
use crate::components::erase::erase;
use crate::components::header::Header;
use crate::components::panels::Panels;
use crate::components::shortcuts::Shortcuts;
use crate::components::silent::Silent;
use crate::components::sound::{SoundNotice, SoundPanel};
use crate::components::title::Title;
use crate::components::watching::Watching;
use leptos::prelude::*;

/// The whole phone. It shows the [`Opening`] and the [`crate::phone::Phone`] of the context.
#[component]
pub fn PhonePage() -> impl IntoView {
    let Opening { me, contacts, dial, offers, .. } = expect_context::<Opening>();
    let contacts = StoredValue::new(contacts);
    Panels::provide();
    provide_context(offers);
    // One type of the whole page is more than the compiler of every crate that renders it is ready to follow.
    let header = erase(view! { <Header me=me.clone() /> });
    let watching = erase(view! { <Watching /> });
    let silent = erase(view! { <Silent /> });
    let notice = erase(view! { <SoundNotice /> });
    let sound = erase(view! { <SoundPanel /> });
    let calls = erase(view! { <Calls me contacts /> });
    let dial_pad = erase(view! { <DialPad contacts dial /> });
    let contact_list = erase(view! { <Contacts contacts /> });
    erase(view! {
        <Title contacts />
        <Shortcuts />
        {header}
        <main class="phone">
            {watching}
            {silent}
            {notice}
            {calls}
            {dial_pad}
            {contact_list}
            {sound}
        </main>
    })
}
