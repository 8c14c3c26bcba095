//! Dot products, weighted sums, exponentials and logarithms of single-precision vectors.
//!
//! A sum runs over a fixed number of partial sums in a fixed order, so that it depends neither on the caller's batch nor on
//! the width of the processor's vectors: wider instructions do the same additions, several at a time, without fusing them.

/// Number of partial sums of one product.
const LANES: usize = 16;

/// `sum(a[i] * b[i])` over the shorter length.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    dots(a, [b])[0]
}

/// Hands the products of `a` with each of `others` to `put`, in order and a few at a time: the same bits as [`dot`] gives for
/// each, in less time.
pub(crate) fn each_dot(a: &[f32], others: &[&[f32]], mut put: impl FnMut(&[f32])) {
    let (fours, rest) = others.as_chunks::<4>();
    fours.iter().for_each(|four| put(&dots(a, *four)));
    match *rest {
        [b, c, d] => put(&dots(a, [b, c, d])),
        [b, c] => put(&dots(a, [b, c])),
        [b] => put(&dots(a, [b])),
        _ => {}
    }
}

/// `weight · input + bias`, `weight` being `(outputs, inputs)` row by row and `bias` `(outputs,)`.
pub(crate) fn affine(weight: &[f32], bias: &[f32], input: &[f32]) -> Vec<f32> {
    let rows: Vec<&[f32]> = weight.chunks_exact(input.len()).collect();
    let mut values = Vec::with_capacity(bias.len());
    each_dot(input, &rows, |products| values.extend_from_slice(products));
    values.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
    values
}

/// Scales a vector to length 1; a vector of zeros stays as it is.
pub(crate) fn normalise(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt().max(1e-12);
    for value in vector {
        *value /= length;
    }
}

/// Functions compiled three times from one body, of which a call takes the one with the widest instructions that the processor
/// has: `NAME = BODY, FOR_AVX2, FOR_AVX512`. A body is ordinary code that the compiler turns into vector instructions.
macro_rules! widest {
    ($($(#[$doc:meta])* fn $name:ident$(<const $n:ident: usize>)?($($arg:ident: $type:ty),*) $(-> $out:ty)? = $body:ident, $avx2:ident, $avx512:ident;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name$(<const $n: usize>)?($($arg: $type),*) $(-> $out)? {
            #[cfg(target_arch = "x86_64")]
            {
                if is_x86_feature_detected!("avx512f") {
                    #[allow(unsafe_code, reason = "a function compiled for AVX-512")]
                    // SAFETY: the processor has AVX-512 F; the function is otherwise an ordinary one.
                    return unsafe { $avx512($($arg),*) };
                }
                if is_x86_feature_detected!("avx2") {
                    #[allow(unsafe_code, reason = "a function compiled for AVX2")]
                    // SAFETY: the processor has AVX2; the function is otherwise an ordinary one.
                    return unsafe { $avx2($($arg),*) };
                }
            }
            $body($($arg),*)
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $avx2$(<const $n: usize>)?($($arg: $type),*) $(-> $out)? {
            $body($($arg),*)
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        fn $avx512$(<const $n: usize>)?($($arg: $type),*) $(-> $out)? {
            $body($($arg),*)
        }
    )*};
}

widest! {
    /// The products of one vector with several, over the shortest length: the same bits as [`dot`] gives for each, in less time,
    /// since `a` is read once and more additions are under way at once.
    fn dots<const N: usize>(a: &[f32], others: [&[f32]; N]) -> [f32; N] = dots_in_lanes, dots_avx2, dots_avx512;

    /// `sum(a[i] * b[i])` over the shorter length, in double precision.
    fn exact_dot(a: &[f32], b: &[f32]) -> f64 = exact_dot_in_lanes, exact_dot_avx2, exact_dot_avx512;

    /// Adds `factors[i] * rows[i]` to `sum` for each `i` in order, over the shortest length.
    fn add_scaled<const N: usize>(sum: &mut [f32], factors: [f32; N], rows: [&[f32]; N]) = add_scaled_in_order, add_scaled_avx2, add_scaled_avx512;

    /// Replaces each value by its exponential, within 2e-7 of it; 0 below -87, where the exact one is under 2e-38.
    fn exp(values: &mut [f32]) = exp_of_each, exp_avx2, exp_avx512;

    /// Replaces each value, which must be positive and no subnormal number, by its natural logarithm, within 2e-7 of it or of 1.
    fn ln(values: &mut [f32]) = ln_of_each, ln_avx2, ln_avx512;
}

/// `ln 2` in two parts, the first of few bits, so that its product with a small integer is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// Horner's rule, the coefficient of the highest power first.
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    coefficients[1..].iter().fold(coefficients[0], |sum, coefficient| sum * x + coefficient)
}

/// After the `expf` of the Cephes library (Moshier): `exp(x) = 2^n exp(x - n ln 2)` with a polynomial for the rest.
#[inline(always)]
fn exp_of_each(values: &mut [f32]) {
    /// 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LOWEST: f32 = -87.0;
    const COEFFICIENTS: [f32; 6] =
        [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.500_000_06];
    for value in values {
        let x = value.clamp(LOWEST, 88.0);
        let rounded = x * std::f32::consts::LOG2_E + ROUND;
        let power = rounded.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
        let n = rounded - ROUND;
        let rest = x - n * LN_2[0] - n * LN_2[1];
        let result = (polynomial(rest, COEFFICIENTS) * rest * rest + rest + 1.0) * f32::from_bits(power);
        *value = if *value < LOWEST { 0.0 } else { result };
    }
}

/// After the `logf` of the Cephes library: `ln(2^n m) = n ln 2 + ln m` with a polynomial for `m` from `sqrt(1/2)` to `sqrt(2)`.
#[inline(always)]
fn ln_of_each(values: &mut [f32]) {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    const COEFFICIENTS: [f32; 9] = [
        7.037_683_6e-2,
        -0.115_146_1,
        0.116_769_99,
        -0.124_201_41,
        0.142_493_23,
        -0.166_680_58,
        0.200_007_15,
        -0.249_999_94,
        0.333_333_3,
    ];
    for value in values {
        let bits = value.to_bits();
        let n = (bits.wrapping_sub(SQRT_HALF) as i32) >> 23;
        let x = f32::from_bits(bits.wrapping_sub((n as u32) << 23)) - 1.0;
        let (n, square) = (n as f32, x * x);
        *value = x + (polynomial(x, COEFFICIENTS) * x * square + n * LN_2[1] - 0.5 * square) + n * LN_2[0];
    }
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
fn exact_dot_in_lanes(a: &[f32], b: &[f32]) -> f64 {
    let length = a.len().min(b.len());
    let (a, a_rest) = a[..length].as_chunks::<LANES>();
    let (b, b_rest) = b[..length].as_chunks::<LANES>();
    let mut sums = [0.0f64; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += f64::from(a[lane]) * f64::from(b[lane]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
    sums.iter().sum::<f64>() + rest
}

#[inline(always)]
fn add_scaled_in_order<const N: usize>(sum: &mut [f32], factors: [f32; N], rows: [&[f32]; N]) {
    let length = rows.iter().map(|row| row.len()).fold(sum.len(), usize::min);
    let sum = &mut sum[..length];
    let rows = rows.map(|row| &row[..length]);
    // The compiler does long rows some 64 numbers at a time and what is left one by one. Rows of some sixty numbers, one a class, are common.
    let mut from = if length < 128 { 0 } else { length / 64 * 64 };
    for (index, sum) in sum[..from].iter_mut().enumerate() {
        for (factor, row) in factors.iter().zip(&rows) {
            *sum += factor * row[index];
        }
    }
    add_lanes::<16, N>(sum, factors, rows, &mut from);
    add_lanes::<4, N>(sum, factors, rows, &mut from);
    add_lanes::<1, N>(sum, factors, rows, &mut from);
}

/// The part of a sum that begins at `from`, as far as it can be done `L` numbers at a time.
#[inline(always)]
fn add_lanes<const L: usize, const N: usize>(sum: &mut [f32], factors: [f32; N], rows: [&[f32]; N], from: &mut usize) {
    let (lanes, _) = sum[*from..].as_chunks_mut::<L>();
    let rows = rows.map(|row| &row[*from..].as_chunks::<L>().0[..lanes.len()]);
    for (place, sum) in lanes.iter_mut().enumerate() {
        // Values, not references: otherwise the compiler does one lane after the other.
        let mut lanes = *sum;
        for (factor, row) in factors.into_iter().zip(rows) {
            let row = row[place];
            for lane in 0..L {
                lanes[lane] += factor * row[lane];
            }
        }
        *sum = lanes;
    }
    *from += L * lanes.len();
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
    fn several_products_at_once_are_those_of_each_alone() {
        let a = values(37, 0.7);
        for count in 0..10 {
            let rows: Vec<Vec<f32>> = (0..count).map(|row| values(37, 0.3 + row as f32)).collect();
            let alone: Vec<f32> = rows.iter().map(|row| dot(&a, row)).collect();
            let mut found = Vec::new();
            each_dot(&a, &rows.iter().map(Vec::as_slice).collect::<Vec<_>>(), |products| {
                found.extend_from_slice(products)
            });
            assert_eq!(found, alone);
            let bias = values(count, 0.9);
            let expected: Vec<f32> = alone.iter().zip(&bias).map(|(product, bias)| product + bias).collect();
            assert_eq!(affine(&rows.concat(), &bias, &a), expected);
        }
    }

    #[test]
    fn wider_instructions_do_not_change_a_bit() {
        for length in [0, 1, 7, 31, 32, 33, 384, 385] {
            let (a, b) = (values(length, 0.7), values(length, 1.3));
            let alone = dots_in_lanes(&a, [&b])[0].to_bits();
            let exact: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            assert!((exact_dot(&a, &b) - exact).abs() < 1e-12, "{length}");
            assert_eq!(dot(&a, &b).to_bits(), alone, "{length}");
            assert_eq!(dots(&a, [&a, &b, &a, &b]).map(f32::to_bits)[3], alone, "{length}: in company");
            let (mut chosen, mut plain) = (values(length, 0.1), values(length, 0.1));
            let rows = [&a[..], &b[..], &a[..]];
            add_scaled(&mut chosen, [0.3, -1.7, 1e-3], rows);
            add_scaled_in_order(&mut plain, [0.3, -1.7, 1e-3], rows);
            assert_eq!(chosen, plain, "{length}");
        }
    }

    /// What the dispatch passes over on a processor with wider instructions is compared too.
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code, reason = "functions compiled for AVX2 and AVX-512")]
    #[test]
    fn every_width_gives_the_same_bits() {
        for length in [0, 1, 7, 15, 16, 17, 33, 384, 385] {
            let (a, b) = (values(length, 0.7), values(length, 1.3));
            let rows = [&a[..], &b[..], &a[..]];
            let positive: Vec<f32> = a.iter().map(|value| value.abs() + 1e-3).collect();
            macro_rules! of {
                ($dots:ident, $exact_dot:ident, $add_scaled:ident, $exp:ident, $ln:ident) => {{
                    let (mut sum, mut powers, mut logarithms) = (b.clone(), a.clone(), positive.clone());
                    $add_scaled(&mut sum, [0.3, -1.7, 1e-3], rows);
                    $exp(&mut powers);
                    $ln(&mut logarithms);
                    ($dots(&a, rows), $exact_dot(&a, &b), sum, powers, logarithms)
                }};
            }
            let plain = of!(dots_in_lanes, exact_dot_in_lanes, add_scaled_in_order, exp_of_each, ln_of_each);
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2.
                let wide = unsafe { of!(dots_avx2, exact_dot_avx2, add_scaled_avx2, exp_avx2, ln_avx2) };
                assert_eq!(wide, plain, "AVX2, {length}");
            }
            if is_x86_feature_detected!("avx512f") {
                // SAFETY: the processor has AVX-512 F.
                let wide = unsafe { of!(dots_avx512, exact_dot_avx512, add_scaled_avx512, exp_avx512, ln_avx512) };
                assert_eq!(wide, plain, "AVX-512, {length}");
            }
        }
    }

    #[test]
    fn exponentials_and_logarithms_are_near_the_exact_ones_whatever_the_instructions() {
        let points: Vec<f32> = (-8699..8800).map(|step| step as f32 / 100.0 + 1e-3).collect();
        let (mut chosen, mut plain) = (points.clone(), points.clone());
        exp(&mut chosen);
        exp_of_each(&mut plain);
        assert_eq!(chosen, plain);
        for (x, ours) in points.iter().zip(&chosen) {
            let exact = f64::from(*x).exp();
            assert!((f64::from(*ours) / exact - 1.0).abs() < 2e-7, "exp({x}) = {ours}, exactly {exact}");
        }
        let mut ends = [-1e9, f32::NEG_INFINITY, f32::NAN, 0.0];
        exp(&mut ends);
        assert!(ends[0] == 0.0 && ends[1] == 0.0 && ends[2].is_nan() && ends[3] == 1.0, "{ends:?}");

        let positive: Vec<f32> = chosen.iter().copied().chain([1.0, 1.0 + f32::EPSILON, 0.7, 1.5]).collect();
        let (mut chosen, mut plain) = (positive.clone(), positive.clone());
        ln(&mut chosen);
        ln_of_each(&mut plain);
        assert_eq!(chosen, plain);
        for (x, ours) in positive.iter().zip(&chosen) {
            let exact = f64::from(*x).ln();
            assert!(
                (f64::from(*ours) - exact).abs() < 2e-7 * exact.abs().max(1.0),
                "ln({x}) = {ours}, exactly {exact}"
            );
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
