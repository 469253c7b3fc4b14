//! Counts what a thread allocates, so that a law can say how much memory an input may cost.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with a counter for each thread.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
    static TOTAL: Cell<usize> = const { Cell::new(0) };
}

/// How many bytes something took: at its worst moment, and all in all.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub peak: usize,
    pub total: usize,
}

/// At most `per_byte` for each byte of the input, and `fixed` besides.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    pub per_byte: usize,
    pub fixed: usize,
}

/// What `work` gives, and what it took. To be read before anything else is allocated.
pub fn taken<T>(work: impl FnOnce() -> T) -> (T, Taken) {
    let before = LIVE.get();
    PEAK.set(before);
    let total = TOTAL.get();
    let result = work();
    (result, Taken { peak: PEAK.get().saturating_sub(before), total: TOTAL.get().wrapping_sub(total) })
}

/// What `work` gives, which may take only so much for an input of that length. The bound is on all that is
/// allocated, also what is freed in between: so it bounds the peak, and catches copies made again and again.
pub fn bounded<T>(what: &str, length: usize, bound: Bound, work: impl FnOnce() -> T) -> T {
    let (result, taken) = taken(work);
    let most = bound.per_byte * length + bound.fixed;
    assert!(taken.total <= most, "{what} took {taken:?} for {length} bytes of input, and {most} are allowed");
    result
}

fn add(bytes: usize) {
    let live = LIVE.get().wrapping_add(bytes);
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
    TOTAL.set(TOTAL.get().wrapping_add(bytes));
}

// SAFETY: every call goes to the system's allocator as it is; the counters allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get().saturating_sub(layout.size()));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size);
        LIVE.set(LIVE.get().saturating_sub(layout.size()));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
