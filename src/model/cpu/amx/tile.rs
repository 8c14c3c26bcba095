//! The tile registers: leave to use them, their configuration, and the few instructions on them.
//!
//! The compiler knows no tile intrinsics yet, so these are assembly. It never uses the tile registers itself, and the
//! kernel saves them with a thread's other registers, so what one block of assembly leaves in a tile the next one
//! finds there. That is what lets other work run between two steps of a product, while the matrix unit is busy.

use std::arch::asm;
use std::arch::x86_64::{__cpuid_count, _xgetbv};
use std::sync::OnceLock;

/// Bytes of a tile: sixteen rows of one cache line.
pub(super) const TILE_BYTES: usize = 1024;

/// Whether the processor has the tile instructions and the system lets this process use them. Asks the system once.
pub(in super::super) fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| processor_has_tiles() && permitted())
}

/// AMX-TILE, AMX-INT8 and AMX-BF16, with the system saving their state.
fn processor_has_tiles() -> bool {
    const FEATURES: u32 = 1 << 24 | 1 << 25 | 1 << 22;
    const STATE: u64 = 1 << 17 | 1 << 18;
    if !is_x86_feature_detected!("avx512f") || __cpuid_count(0, 0).eax < 7 {
        return false;
    }
    #[target_feature(enable = "xsave")]
    fn enabled_state() -> u64 {
        // SAFETY: register 0 exists wherever the instruction does.
        unsafe { _xgetbv(0) }
    }
    // SAFETY: a processor whose AVX-512 is usable has XSAVE enabled, which is how the detection knows.
    __cpuid_count(7, 0).edx & FEATURES == FEATURES && unsafe { enabled_state() } & STATE == STATE
}

/// Asks Linux for the tile state (`ARCH_REQ_XCOMP_PERM`); the answer holds for all threads of the process.
fn permitted() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const REQUEST_PERMISSION: u64 = 0x1023;
    const TILE_DATA: u64 = 18;
    let answer: i64;
    // SAFETY: this system call takes two plain numbers and touches no memory of ours; it clobbers what is listed.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => answer,
            in("rdi") REQUEST_PERMISSION,
            in("rsi") TILE_DATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    answer == 0
}

/// The shape of the eight tiles, as `ldtilecfg` reads it.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

/// All tiles whole: sixteen rows of 64 bytes.
static WHOLE: Configuration = Configuration {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The tiles of this thread are configured while this lives; dropping it gives them back, so that the system need not
/// save them when the thread does something else.
pub(super) struct Session(std::marker::PhantomData<*const ()>);

impl Session {
    /// # Safety
    /// [`is_available`] returned true, and this thread has no other session.
    pub(super) unsafe fn start() -> Self {
        // SAFETY: the caller vouches for the instruction; it reads the 64 bytes of the configuration.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const WHOLE, options(nostack, readonly, preserves_flags)) };
        Self(std::marker::PhantomData)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: a session exists only where the instruction does.
        unsafe { asm!("tilerelease", options(nostack, nomem, preserves_flags)) };
    }
}

/// Sets the sums (tiles 0 to 3) to zero.
///
/// # Safety
/// This thread has a [`Session`]; so for all that follow.
#[inline(always)]
pub(super) unsafe fn clear() {
    // SAFETY: see above.
    unsafe {
        asm!("tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _, options(nostack, nomem, preserves_flags));
    }
}

/// Adds to tiles 0 to 3 the products of two tiles of signed weights, one after the other at `weights`, with a tile of
/// unsigned inputs at each of `inputs`.
///
/// # Safety
/// See [`clear`]; whole tiles are readable at each place.
#[inline(always)]
pub(super) unsafe fn step_two(weights: *const i8, inputs: [*const u8; 2]) {
    // SAFETY: the caller vouches for the memory.
    unsafe {
        asm!(
            "tileloadd tmm4, [{weights} + {line}]",
            "tileloadd tmm6, [{first} + {line}]",
            "tdpbsud tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{weights} + {line} + 1024]",
            "tdpbsud tmm1, tmm5, tmm6",
            "tileloadd tmm7, [{second} + {line}]",
            "tdpbsud tmm2, tmm4, tmm7",
            "tdpbsud tmm3, tmm5, tmm7",
            weights = in(reg) weights,
            first = in(reg) inputs[0],
            second = in(reg) inputs[1],
            line = in(reg) 64usize,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack, readonly, preserves_flags),
        );
    }
}

/// As [`step_two`] for one tile of inputs; the sums are tiles 0 and 1.
///
/// # Safety
/// As for [`step_two`].
#[inline(always)]
pub(super) unsafe fn step_one(weights: *const i8, inputs: *const u8) {
    // SAFETY: the caller vouches for the memory.
    unsafe {
        asm!(
            "tileloadd tmm4, [{weights} + {line}]",
            "tileloadd tmm6, [{inputs} + {line}]",
            "tdpbsud tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{weights} + {line} + 1024]",
            "tdpbsud tmm1, tmm5, tmm6",
            weights = in(reg) weights,
            inputs = in(reg) inputs,
            line = in(reg) 64usize,
            out("tmm0") _, out("tmm1") _, out("tmm4") _, out("tmm5") _, out("tmm6") _,
            options(nostack, readonly, preserves_flags),
        );
    }
}

/// Stores the first `COUNT` of tiles 0 to 3, one after the other.
///
/// # Safety
/// See [`clear`]; `COUNT` tiles are writable at `sums`.
#[inline(always)]
pub(super) unsafe fn store<const COUNT: usize>(sums: *mut u8) {
    macro_rules! one {
        ($sum:tt, $offset:literal) => {
            asm!(
                concat!("tilestored [{sums} + {line} + ", $offset, "], ", $sum),
                sums = in(reg) sums,
                line = in(reg) 64usize,
                options(nostack, preserves_flags),
            )
        };
    }
    // SAFETY: the caller vouches for the memory.
    unsafe {
        one!("tmm0", "0");
        if COUNT > 1 {
            one!("tmm1", "1024");
        }
        if COUNT > 2 {
            one!("tmm2", "2048");
        }
        if COUNT > 3 {
            one!("tmm3", "3072");
        }
    }
}

/// Adds to the first `COUNT` of tiles 0 to 3 the products of as many tiles of keys, one after the other at `keys`, with
/// a tile of queries: sixteen rows of 64 bytes, `stride` bytes apart. bfloat16 pairs.
///
/// # Safety
/// See [`clear`]; the rows and tiles are readable.
#[inline(always)]
pub(super) unsafe fn score<const COUNT: usize>(queries: *const u32, stride: usize, keys: *const u32) {
    /// One tile of keys.
    macro_rules! one {
        ($sum:tt, $key:tt, $offset:literal) => {
            asm!(
                concat!("tileloadd ", $key, ", [{keys} + {line} + ", $offset, "]"),
                concat!("tdpbf16ps ", $sum, ", ", $key, ", tmm7"),
                keys = in(reg) keys,
                line = in(reg) 64usize,
                out($sum) _, out($key) _,
                options(nostack, readonly, preserves_flags),
            )
        };
    }
    // SAFETY: the caller vouches for the memory.
    unsafe {
        asm!("tileloadd tmm7, [{queries} + {stride}]", queries = in(reg) queries, stride = in(reg) stride,
            out("tmm7") _, options(nostack, readonly, preserves_flags));
        one!("tmm0", "tmm4", "0");
        if COUNT > 1 {
            one!("tmm1", "tmm5", "1024");
        }
        if COUNT > 2 {
            one!("tmm2", "tmm6", "2048");
        }
        if COUNT > 3 {
            one!("tmm3", "tmm4", "3072");
        }
    }
}

/// Adds to tiles 0 and 1 the products of twice sixteen rows of 64 bytes at `values`, `stride` bytes apart, with the tile
/// at `weights`; bfloat16 pairs.
///
/// # Safety
/// See [`clear`]; the rows are readable.
#[inline(always)]
pub(super) unsafe fn weigh(values: *const u16, stride: usize, weights: *const u32) {
    // SAFETY: the caller vouches for the memory.
    unsafe {
        asm!(
            "tileloadd tmm6, [{weights} + {line}]",
            "tileloadd tmm4, [{first} + {stride}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{second} + {stride}]",
            "tdpbf16ps tmm1, tmm5, tmm6",
            weights = in(reg) weights,
            line = in(reg) 64usize,
            first = in(reg) values,
            second = in(reg) values.byte_add(16 * stride),
            stride = in(reg) stride,
            out("tmm0") _, out("tmm1") _, out("tmm4") _, out("tmm5") _, out("tmm6") _,
            options(nostack, readonly, preserves_flags),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_multiply_signed_by_unsigned_bytes() {
        if !is_available() {
            return;
        }
        #[repr(align(64))]
        struct Lines<T, const N: usize>([T; N]);
        let weights = Lines::<i8, 2048>(std::array::from_fn(|i| (i * 37 % 255) as i8));
        let inputs = Lines::<u8, 2048>(std::array::from_fn(|i| (i * 91 % 256) as u8));
        let mut sums = Lines::<i32, 1024>([0; 1024]);
        // SAFETY: tiles are available; the arrays hold as many tiles as the calls read and write.
        unsafe {
            let _session = Session::start();
            clear();
            step_two(weights.0.as_ptr(), [inputs.0.as_ptr(), inputs.0.as_ptr().add(TILE_BYTES)]);
            store::<4>(sums.0.as_mut_ptr().cast());
        }
        for (place, sum) in sums.0.iter().enumerate() {
            let (block, output, token) = (place / 512, place / 16 % 32, place % 16);
            let expected: i32 = (0..64)
                .map(|k| {
                    let input = inputs.0[block * TILE_BYTES + k / 4 * 64 + token * 4 + k % 4];
                    i32::from(weights.0[output * 64 + k]) * i32::from(input)
                })
                .sum();
            assert_eq!(*sum, expected, "block {block}, output {output}, token {token}");
        }
    }
}
