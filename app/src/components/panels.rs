//! What is open on the page beside the calls, and what is being dragged: known to this page alone.

use crate::phone::CallKey;
use leptos::prelude::*;

/// A panel of a call in which one says to whom it goes; Escape closes it.
#[component]
pub(crate) fn Going(key: CallKey, name: &'static str, content: AnyView) -> impl IntoView {
    let panels = Panels::of_page();
    view! {
        <div
            class="handover"
            role="group"
            aria-label=name
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    panels.close(key);
                }
            }
        >
            {content}
        </div>
    }
}

/// What of a call is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panel {
    /// The keys of the telephone.
    Keypad,
    /// To whom it may be handed over.
    Handover,
    /// To whom it may be sent on while it rings.
    Divert,
}

/// What may be dropped onto a call, to hand it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dragged {
    /// A contact, by what is dialled.
    Contact(String),
    /// Another call.
    Call(CallKey),
}

/// Of the whole page; in the context.
#[derive(Clone, Copy)]
pub(crate) struct Panels {
    open: RwSignal<Option<(CallKey, Panel)>>,
    /// What is being dragged.
    pub(crate) dragged: RwSignal<Option<Dragged>>,
}

impl Panels {
    /// Puts one into the context.
    pub(crate) fn provide() {
        provide_context(Self { open: RwSignal::new(None), dragged: RwSignal::new(None) });
    }

    /// The one of the context.
    pub(crate) fn of_page() -> Self {
        expect_context::<Self>()
    }

    /// Whether this one is open.
    pub(crate) fn is_open(self, call: CallKey, panel: Panel) -> bool {
        self.open.get() == Some((call, panel))
    }

    /// Whether keys that are typed belong to a call.
    pub(crate) fn has_keypad(self) -> bool {
        self.open.get_untracked().is_some_and(|(_, panel)| panel == Panel::Keypad)
    }

    /// Opens this one in place of another, or closes it.
    pub(crate) fn toggle(self, call: CallKey, panel: Panel) {
        let next = (self.open.get_untracked() != Some((call, panel))).then_some((call, panel));
        self.open.set(next);
    }

    /// Closes what is open of this call.
    pub(crate) fn close(self, call: CallKey) {
        if self.open.get_untracked().is_some_and(|(open, _)| open == call) {
            self.open.set(None);
        }
    }
}
