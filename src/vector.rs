//! Dot products and weighted sums of single-precision vectors.
//!
//! A sum runs over a fixed number of partial sums in a fixed order, so that it depends neither on the caller's batch nor on
//! the width of the processor's vectors: wider instructions do the same additions, several at a time, without fusing them.

/// Number of partial sums of one product.
const LANES: usize = 16;

/// `sum(a[i] * b[i])` over the shorter length.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    dots(a, [b])[0]
}

/// The products of one vector with several, over the shortest length: the same bits as [`dot`] gives for each, in less time,
/// since `a` is read once and more additions are under way at once.
pub(crate) fn dots<const N: usize>(a: &[f32], others: [&[f32]; N]) -> [f32; N] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "a function compiled for AVX2")]
        // SAFETY: the processor has AVX2; the function is otherwise an ordinary one.
        return unsafe { dots_avx2(a, others) };
    }
    dots_in_lanes(a, others)
}

/// Scales a vector to length 1; a vector of zeros stays as it is.
pub(crate) fn normalise(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt().max(1e-12);
    for value in vector {
        *value /= length;
    }
}

/// Adds `factors[i] * rows[i]` to `sum` for each `i` in order, over the shortest length.
pub(crate) fn add_scaled<const N: usize>(sum: &mut [f32], factors: [f32; N], rows: [&[f32]; N]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "a function compiled for AVX2")]
        // SAFETY: the processor has AVX2; the function is otherwise an ordinary one.
        return unsafe { add_scaled_avx2(sum, factors, rows) };
    }
    add_scaled_in_order(sum, factors, rows);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dots_avx2<const N: usize>(a: &[f32], others: [&[f32]; N]) -> [f32; N] {
    dots_in_lanes(a, others)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_scaled_avx2<const N: usize>(sum: &mut [f32], factors: [f32; N], rows: [&[f32]; N]) {
    add_scaled_in_order(sum, factors, rows);
}

#[inline(always)]
fn dots_in_lanes<const N: usize>(a: &[f32], others: [&[f32]; N]) -> [f32; N] {
    let length = others.iter().map(|other| other.len()).fold(a.len(), usize::min);
    let (a_lanes, a_rest) = a[..length].as_chunks::<LANES>();
    let others = others.map(|other| other[..length].as_chunks::<LANES>());
    let mut sums = [[0.0f32; LANES]; N];
    for (place, x) in a_lanes.iter().enumerate() {
        for (sums, (b_lanes, _)) in sums.iter_mut().zip(&others) {
            let y = &b_lanes[place];
            for lane in 0..LANES {
                sums[lane] += x[lane] * y[lane];
            }
        }
    }
    let mut results = [0.0; N];
    for ((result, mut sums), (_, b_rest)) in results.iter_mut().zip(sums).zip(&others) {
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                sums[lane] += sums[lane + half];
            }
            half /= 2;
        }
        *result = sums[0] + a_rest.iter().zip(*b_rest).map(|(x, y)| x * y).sum::<f32>();
    }
    results
}

#[inline(always)]
fn add_scaled_in_order<const N: usize>(sum: &mut [f32], factors: [f32; N], rows: [&[f32]; N]) {
    let length = rows.iter().map(|row| row.len()).fold(sum.len(), usize::min);
    let rows = rows.map(|row| &row[..length]);
    for (index, sum) in sum[..length].iter_mut().enumerate() {
        for (factor, row) in factors.iter().zip(&rows) {
            *sum += factor * row[index];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(length: usize, step: f32) -> Vec<f32> {
        (0..length).map(|index| (index as f32 * step).sin()).collect()
    }

    #[test]
    fn dot_takes_lengths_that_are_no_multiple_of_its_lanes() {
        for length in 0..131 {
            let a: Vec<f32> = (0..length).map(|index| index as f32).collect();
            let expected: f32 = a.iter().map(|value| value * 2.0).sum();
            assert_eq!(dot(&a, &vec![2.0; length]), expected);
            assert_eq!(dot(&a, &vec![2.0; length + 9]), expected, "the shorter length counts");
        }
    }

    #[test]
    fn wider_instructions_do_not_change_a_bit() {
        for length in [0, 1, 7, 31, 32, 33, 384, 385] {
            let (a, b) = (values(length, 0.7), values(length, 1.3));
            let alone = dots_in_lanes(&a, [&b])[0].to_bits();
            assert_eq!(dot(&a, &b).to_bits(), alone, "{length}");
            assert_eq!(dots(&a, [&a, &b, &a, &b]).map(f32::to_bits)[3], alone, "{length}: in company");
            let (mut chosen, mut plain) = (values(length, 0.1), values(length, 0.1));
            let rows = [&a[..], &b[..], &a[..]];
            add_scaled(&mut chosen, [0.3, -1.7, 1e-3], rows);
            add_scaled_in_order(&mut plain, [0.3, -1.7, 1e-3], rows);
            assert_eq!(chosen, plain, "{length}");
        }
    }

    #[test]
    fn sums_of_rows_are_those_of_the_definition() {
        let (a, b) = (values(50, 0.7), values(40, 1.3));
        let mut sum = vec![1.0; 45];
        add_scaled(&mut sum, [2.0, -3.0], [&a, &b]);
        for (index, value) in sum.iter().enumerate() {
            let expected = if index < 40 { 1.0 + 2.0 * a[index] - 3.0 * b[index] } else { 1.0 };
            assert!((value - expected).abs() < 1e-6, "{index}: beyond the shortest row nothing is added");
        }
    }
}
