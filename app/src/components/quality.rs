//! How well a call is heard: a word with bars, and the numbers and their course for who opens it.

use super::erase::{erase, live, memo};
use crate::phone::{CallKey, use_phone};
use crate::quality::{Grade, Quality};
use crate::words;
use core::fmt::Write as _;
use leptos::prelude::*;

/// Of the call `key`; nothing while nothing was measured.
#[component]
pub(crate) fn HowItSounds(key: CallKey) -> impl IntoView {
    let qualities = use_phone().qualities();
    let of_call = move |all: &Vec<(CallKey, Quality)>| Some(all.iter().find(|(call, _)| *call == key)?.1.clone());
    let quality = memo(move || qualities.with(of_call));
    let known = memo(move || quality.with(Option::is_some));
    let grade = memo(move || quality.with(|quality| quality.as_ref().map_or(Grade::Good, Quality::grade)));
    view! {
        {move || {
            known
                .get()
                .then(|| {
                    erase(
                        view! {
                            <details class="quality">
                                <summary class="quality__summary" title="How well you hear them">
                                    <svg class=live(move || bars(grade.get())) viewBox="0 0 18 14" aria-hidden="true" focusable="false">
                                        <path d="M2 13v-3M7 13V7M12 13V4M16.5 13V1" />
                                    </svg>
                                    {live(move || words::grade(grade.get()))}
                                </summary>
                                <Numbers quality />
                            </details>
                        },
                    )
                })
        }}
    }
}

/// What was measured, and what can be done where it is not good.
#[component]
fn Numbers(quality: Memo<Option<Quality>>) -> impl IntoView {
    let row = move |name: &'static str, value: fn(&Quality) -> Option<String>| {
        let value = memo(move || quality.with(|quality| quality.as_ref().and_then(value)));
        erase(view! {
            {move || value.get().map(|value| view! { <div class="quality__row"><dt>{name}</dt><dd>{value}</dd></div> })}
        })
    };
    let rows = [
        row("Score", |quality| Some(format!("{} of 4.5", tenths(u16::from(quality.score))))),
        row("Lost on the way here", |quality| Some(format!("{} %", tenths(quality.lost)))),
        row("Lost on the way there", |quality| Some(format!("{} %", tenths(quality.lost_there?)))),
        row("There and back", |quality| Some(format!("{} ms", quality.round_trip?))),
        row("Jitter", |quality| Some(format!("{} ms", quality.jitter))),
        row("Codec", |quality| Some(quality.codec.clone()).filter(|codec| !codec.is_empty())),
        row("Way", |quality| Some(if quality.relayed { "Through a relay" } else { "Direct" }.to_owned())),
    ];
    let advice = memo(move || quality.with(|quality| quality.as_ref().and_then(words::quality_advice)));
    let points = memo(move || quality.with(|quality| quality.as_ref().map(course).unwrap_or_default()));
    view! {
        <div class="quality__more">
            <svg
                class="quality__course"
                viewBox="0 0 90 36"
                preserveAspectRatio="none"
                role="img"
                aria-label="The score over the last three minutes"
            >
                <polyline points=live(move || points.get()) />
            </svg>
            <dl class="quality__rows">{rows}</dl>
            {move || advice.get().map(|advice| view! { <p class="quality__advice">{advice}</p> })}
        </div>
    }
}

const fn bars(grade: Grade) -> &'static str {
    match grade {
        Grade::Good => "quality__bars quality__bars--good",
        Grade::Fair => "quality__bars quality__bars--fair",
        Grade::Poor => "quality__bars quality__bars--poor",
        Grade::Bad => "quality__bars quality__bars--bad",
    }
}

fn tenths(value: u16) -> String {
    format!("{}.{}", value / 10, value % 10)
}

/// The scores as points of a line that ends at the right.
fn course(quality: &Quality) -> String {
    let (_, best) = Quality::RANGE;
    let mut points = String::new();
    let begin = Quality::COURSE.saturating_sub(quality.course.len());
    for (at, score) in quality.course.iter().enumerate() {
        let _ = write!(points, "{},{} ", begin + at, best.saturating_sub(*score));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_course_ends_at_the_right_and_the_best_is_on_top() {
        let quality = Quality { course: vec![45, 10], ..Quality::default() };
        assert_eq!(course(&quality), "88,0 89,35 ");
    }

    #[test]
    fn tenths_are_written_without_floats() {
        assert_eq!([tenths(0), tenths(7), tenths(44), tenths(1_000)], ["0.0", "0.7", "4.4", "100.0"]);
    }
}
