//! Views of one type, without what no page of ours uses.
//!
//! A page has to be cut into erased pieces, as its type is otherwise larger than compilers are ready to follow. An
//! [`AnyView`] brings along the code for hydrating its content step by step while parts of it are still being
//! loaded (`hydrate_async`), which for this phone was a sixth of all that the browser loads. Our views hold nothing
//! that is loaded later, so here that way is the ordinary one.

use leptos::attr::Attribute;
use leptos::attr::any_attribute::AnyAttribute;
use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::ssr::StreamBuilder;
use leptos::tachys::view::{Position, PositionState};

/// Erases a view in which nothing is loaded later: no `Suspense`, no lazy route.
pub(crate) fn erase<V: RenderHtml + 'static>(view: V) -> AnyView {
    Eager(view).into_any()
}

/// A closure that is read whenever what it reads has changed, as one type for all that give the same: each type that
/// a view reads brings along its own code to write the page.
pub(crate) type Live<T> = Box<dyn FnMut() -> T + Send>;

/// Makes a closure of an attribute or a text [`Live`].
pub(crate) fn live<T>(read: impl FnMut() -> T + Send + 'static) -> Live<T> {
    Box::new(read)
}

/// A [`Memo`] of a closure, with one code for all that keep the same type.
pub(crate) fn memo<T: PartialEq + Send + Sync + 'static>(read: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    fn of<T: PartialEq + Send + Sync + 'static>(read: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
        Memo::new(move |_| read())
    }
    of(Box::new(read))
}

struct Eager<V>(V);

impl<V: Render> Render for Eager<V> {
    type State = V::State;

    fn build(self) -> Self::State {
        self.0.build()
    }

    fn rebuild(self, state: &mut Self::State) {
        self.0.rebuild(state);
    }
}

impl<V: AddAnyAttr> AddAnyAttr for Eager<V> {
    type Output<NewAttr: Attribute> = Eager<V::Output<NewAttr>>;

    fn add_any_attr<NewAttr: Attribute>(self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        Eager(self.0.add_any_attr(attr))
    }
}

impl<V: RenderHtml> RenderHtml for Eager<V> {
    type AsyncOutput = V::AsyncOutput;
    type Owned = Eager<V::Owned>;

    const MIN_LENGTH: usize = V::MIN_LENGTH;
    const EXISTS: bool = V::EXISTS;

    fn dry_resolve(&mut self) {
        self.0.dry_resolve();
    }

    async fn resolve(self) -> Self::AsyncOutput {
        self.0.resolve().await
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0.to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, extra_attrs);
    }

    // Not inlined: an `AnyView` calls it from two places, and each would be a copy.
    #[inline(never)]
    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.0.hydrate::<FROM_SERVER>(cursor, position)
    }

    async fn hydrate_async(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.hydrate::<true>(cursor, position)
    }

    fn into_owned(self) -> Self::Owned {
        Eager(self.0.into_owned())
    }
}
