//! When two URIs name the same resource (RFC 3261 19.1.4): parts are compared without escapes, and in time that
//! grows with their length and not with its square.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::pieces::unescaped;
use super::{Params, Part};
use crate::sorted::sorted;

/// Whether users or passwords are the same: escapes do not matter, case does.
pub(super) fn same_part(one: Option<&Part>, two: Option<&Part>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => unescaped(one).eq(unescaped(two)),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// A parameter that only one URI has matters only if it is one of these (RFC 3261 19.1.4).
const DECISIVE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

/// Whether parameters allow two URIs to be the same: those that both have are, and none is missing that decides.
pub(super) fn same_params(one: &Params, two: &Params) -> bool {
    let (one, two) = (in_order(one), in_order(two));
    let (mut one, mut two) = (one.as_slice(), two.as_slice());
    loop {
        let alone = match (one, two) {
            ([], []) => return true,
            ([first, ..], [second, ..]) => match order(first, second) {
                Ordering::Equal => {
                    if !same_text(first.1, second.1) {
                        return false;
                    }
                    (one, two) = (one.get(1..).unwrap_or_default(), two.get(1..).unwrap_or_default());
                    continue;
                }
                Ordering::Less => take(&mut one),
                Ordering::Greater => take(&mut two),
            },
            ([_, ..], []) => take(&mut one),
            ([], [_, ..]) => take(&mut two),
        };
        if alone.is_some_and(|(name, _)| DECISIVE.iter().any(|decisive| same_text(Some(decisive), Some(name)))) {
            return false;
        }
    }
}

/// Whether all parameters are the same, in whatever order (RFC 3966 4).
pub(super) fn all_same_params(one: &Params, two: &Params) -> bool {
    let (one, two) = (in_order(one), in_order(two));
    one.len() == two.len() && one.iter().zip(&two).all(|(one, two)| order(one, two).is_eq() && same_text(one.1, two.1))
}

type Param<'a> = (&'a str, Option<&'a str>);

/// The parameters by name, and by value where one is there more than once: names have escapes, like values
/// (RFC 3261 19.1.4).
fn in_order(params: &Params) -> Vec<Param<'_>> {
    sorted(params.iter().collect(), whole_order)
}

fn whole_order(one: &Param<'_>, two: &Param<'_>) -> Ordering {
    let values = || folded(one.1.unwrap_or_default()).cmp(folded(two.1.unwrap_or_default()));
    order(one, two).then_with(values)
}

fn order(one: &Param<'_>, two: &Param<'_>) -> Ordering {
    folded(one.0).cmp(folded(two.0))
}

fn take<'a>(params: &mut &[Param<'a>]) -> Option<Param<'a>> {
    let (first, rest) = params.split_first()?;
    *params = rest;
    Some(*first)
}

/// Without escapes and case.
fn folded(text: &str) -> impl Iterator<Item = u8> + '_ {
    unescaped(text).map(|byte| byte.to_ascii_lowercase())
}

/// Whether headers are the same, in whatever order.
pub(super) fn same_headers(one: Option<&str>, two: Option<&str>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => {
            let (one, two) = (pieces(one), pieces(two));
            one.len() == two.len() && one.iter().zip(&two).all(|(one, two)| order(one, two).is_eq())
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// The headers, each as one name: so the one sort does for them, too.
fn pieces(text: &str) -> Vec<Param<'_>> {
    sorted(text.split('&').map(|piece| (piece, None)).collect(), whole_order)
}

fn same_text(one: Option<&str>, two: Option<&str>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => folded(one).eq(folded(two)),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
