//! Buffers that start on a cache line, so that no full-width vector load straddles two.

use std::ops::{Deref, DerefMut};

/// One cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Plain numbers that may be read from any bytes.
///
/// # Safety
/// Every bit pattern is a valid value, and the size divides 64.
pub(super) unsafe trait Plain: Copy {}

// SAFETY: integers and floats have no invalid bit pattern; sizes are 1, 1, 2, 2, 4, 4 and 4.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for i8 {}
// SAFETY: as above.
unsafe impl Plain for i16 {}
// SAFETY: as above.
unsafe impl Plain for u16 {}
// SAFETY: as above.
unsafe impl Plain for i32 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for f32 {}

/// A growable buffer of numbers on a cache line boundary.
pub(super) struct Aligned<T: Plain> {
    lines: Vec<Line>,
    length: usize,
    kind: std::marker::PhantomData<T>,
}

impl<T: Plain> Default for Aligned<T> {
    fn default() -> Self {
        Self { lines: Vec::new(), length: 0, kind: std::marker::PhantomData }
    }
}

impl<T: Plain> Aligned<T> {
    /// A buffer of zeros.
    pub(super) fn zeros(length: usize) -> Self {
        let mut buffer = Self::default();
        buffer.resize(length);
        buffer
    }

    /// Changes the length. Numbers that come into view are old or zero, never undefined; memory is kept.
    pub(super) fn resize(&mut self, length: usize) {
        let lines = (length * size_of::<T>()).div_ceil(size_of::<Line>());
        if lines > self.lines.len() {
            self.lines.resize(lines, Line([0; 64]));
        }
        self.length = length;
    }
}

impl<T: Plain> Deref for Aligned<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: `resize` keeps `length * size_of::<T>()` initialised bytes in `lines`, which are aligned for any
        // `Plain` type; the borrow of `self` covers the slice.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl<T: Plain> DerefMut for Aligned<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as for `deref`; the exclusive borrow of `self` covers the slice.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_start_on_a_cache_line_and_keep_what_they_hold() {
        let mut buffer = Aligned::<f32>::zeros(5);
        buffer[4] = 2.0;
        for length in [0usize, 5, 17, 1000] {
            buffer.resize(length);
            assert_eq!(buffer.len(), length);
            assert_eq!(buffer.as_ptr() as usize % 64, 0);
        }
        assert_eq!(buffer[4], 2.0);
        assert_eq!(buffer[999], 0.0);
    }
}
