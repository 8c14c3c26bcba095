//! Scalar and auto-vectorised arithmetic shared by the portable kernels and the sentiment head.
//!
//! Sums run over a fixed number of lanes in a fixed order, so that a result never depends on the caller's batch.

use super::super::bert::Activation;

/// Softmax in place; an empty slice stays empty.
pub(crate) fn softmax(values: &mut [f32]) {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0.0;
    for value in values.iter_mut() {
        *value = (*value - largest).exp();
        total += *value;
    }
    for value in values.iter_mut() {
        *value /= total;
    }
}

/// The feed-forward activation of one value.
pub(crate) fn activate(activation: Activation, x: f32) -> f32 {
    match activation {
        Activation::Gelu => 0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2)),
        Activation::GeluNew => {
            const SQRT_2_OVER_PI: f32 = 0.797_884_6;
            0.5 * x * (1.0 + (SQRT_2_OVER_PI * (x + 0.044_715 * x * x * x)).tanh())
        }
        Activation::Relu => x.max(0.0),
    }
}

/// Beyond this the error function is 1 in single precision to within the error of the fit.
pub(crate) const ERF_LIMIT: f32 = 3.85;

/// `erf(x) = x * P(x²) / Q(x²)`: numerator, lowest power first. Both polynomials are a minimax fit (Lawson's
/// iteration on the linearised problem) to 3.6e-8 over `|x| <= ERF_LIMIT`; single precision rounding makes it 4e-7.
pub(crate) const ERF_P: [f32; 7] =
    [1.128_378_9, 0.199_274_72, 0.050_500_99, 3.695_749_4e-3, 1.435_340_5e-4, -2.004_742_3e-6, 2.065_638_7e-8];

/// The denominator of [`ERF_P`], lowest power first.
pub(crate) const ERF_Q: [f32; 5] = [1.0, 0.509_932_4, 0.114_746_72, 0.014_315_769, 9.607_537_5e-4];

/// The error function, within 4e-7.
fn erf(x: f32) -> f32 {
    let x = x.clamp(-ERF_LIMIT, ERF_LIMIT);
    let square = x * x;
    let polynomial = |coefficients: &[f32]| coefficients.iter().rev().fold(0.0, |sum, c| sum * square + c);
    (x * polynomial(&ERF_P) / polynomial(&ERF_Q)).clamp(-1.0, 1.0)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// GELU in double precision by the Taylor series of the error function, which converges everywhere.
    pub(crate) fn exact_gelu(x: f64) -> f64 {
        let z = x / std::f64::consts::SQRT_2;
        if z.abs() > 5.0 {
            return if x > 0.0 { x } else { 0.0 };
        }
        let (mut term, mut sum) = (z, z);
        for n in 1..200 {
            let n = f64::from(n);
            term *= -z * z / n;
            sum += term / (2.0 * n + 1.0);
        }
        0.5 * x * (1.0 + sum * 2.0 / std::f64::consts::PI.sqrt())
    }

    #[test]
    fn gelu_is_the_exact_one_and_not_its_tanh_approximation() {
        let mut tanh_differs = 0.0f32;
        for step in -12_000..=12_000 {
            let x = step as f32 / 1_000.0;
            let exact = exact_gelu(f64::from(x)) as f32;
            let ours = activate(Activation::Gelu, x);
            assert!((ours - exact).abs() <= 1.5e-6 * (1.0 + x.abs()), "gelu({x}) = {ours}, exactly {exact}");
            tanh_differs = tanh_differs.max((activate(Activation::GeluNew, x) - exact).abs());
        }
        assert!(tanh_differs > 3e-4, "the two must be told apart: {tanh_differs}");
    }

    #[test]
    fn softmax_sums_to_one_even_with_large_scores() {
        let mut values = [1000.0, 999.0, -1000.0];
        softmax(&mut values);
        assert!((values.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((values[0] / values[1] - std::f32::consts::E).abs() < 1e-4);
        softmax(&mut []);
    }
}
