//! Counts what is asked of the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, and a count.
pub struct Counting;

/// What was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// How often, growth of what was there included.
    pub times: usize,
    /// Bytes in all.
    pub bytes: usize,
}

thread_local! {
    static ASKED: Cell<Asked> = const { Cell::new(Asked { times: 0, bytes: 0 }) };
}

/// What the work asks for.
pub fn of(work: impl FnOnce()) -> Asked {
    let before = ASKED.get();
    work();
    let after = ASKED.get();
    Asked { times: after.times - before.times, bytes: after.bytes - before.bytes }
}

fn note(bytes: usize) {
    // A thread that ends has no count any more.
    let _ = ASKED.try_with(|asked| {
        let Asked { times, bytes: sum } = asked.get();
        asked.set(Asked { times: times + 1, bytes: sum + bytes });
    });
}

// SAFETY: all is left to the system's allocator, as it was asked.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size.saturating_sub(layout.size()));
        unsafe { System.realloc(pointer, layout, size) }
    }
}
