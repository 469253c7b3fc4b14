use alloc::vec::Vec;
use core::cmp::Ordering;

/// The list in that order; what is equal comes in any. A heapsort: without more memory, and in a tenth of the code of the
/// standard library's, which the browser loads once for each type that is sorted.
pub(crate) fn sorted<T>(mut list: Vec<T>, order: fn(&T, &T) -> Ordering) -> Vec<T> {
    for root in (0..list.len() / 2).rev() {
        sift(&mut list, root, order);
    }
    for end in (1..list.len()).rev() {
        list.swap(0, end);
        if let Some(heap) = list.get_mut(..end) {
            sift(heap, 0, order);
        }
    }
    list
}

/// Lets what stands at `root` sink below all that is greater.
fn sift<T>(heap: &mut [T], mut root: usize, order: fn(&T, &T) -> Ordering) {
    loop {
        let mut greatest = root;
        for child in [2 * root + 1, 2 * root + 2] {
            if let (Some(one), Some(other)) = (heap.get(child), heap.get(greatest))
                && order(one, other).is_gt()
            {
                greatest = child;
            }
        }
        if greatest == root {
            return;
        }
        heap.swap(root, greatest);
        root = greatest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_order_of_the_standard_library(mut list: Vec<u8>) {
            let ours = sorted(list.clone(), Ord::cmp);
            list.sort_unstable();
            prop_assert_eq!(ours, list);
        }
    }
}
