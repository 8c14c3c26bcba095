//! Kernel classes by name, and which of them this processor has.

use super::super::encoder::KernelChoice;
use super::super::error::{ModelError, ModelResult};

/// An implementation of the encoder for a set of processor features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KernelClass {
    /// Single precision in plain Rust.
    Portable,
    /// AVX2 with 16-bit integer products.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX2 with 8-bit products (AVX-VNNI).
    #[cfg(target_arch = "x86_64")]
    Avx2Vnni,
    /// AVX-512 with bfloat16 products.
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16,
    /// AVX-512 with 8-bit products; attention in single precision.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    /// AVX-512 with 8-bit products; attention in bfloat16.
    #[cfg(target_arch = "x86_64")]
    Avx512VnniBf16,
}

impl KernelClass {
    /// Every class, fastest first.
    pub(super) const ALL: &[Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512VnniBf16,
        #[cfg(target_arch = "x86_64")]
        Self::Avx512Vnni,
        #[cfg(target_arch = "x86_64")]
        Self::Avx512Bf16,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2Vnni,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        Self::Portable,
    ];

    /// The name that goes into `run.json` and cache keys.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2Vnni => "avx2-vnni",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16 => "avx512-bf16",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => "avx512-vnni",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512VnniBf16 => "avx512-vnni-bf16",
        }
    }

    /// Whether this processor can run the class.
    pub(super) fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        let narrow = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        #[cfg(target_arch = "x86_64")]
        let wide = narrow
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq");
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => narrow,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2Vnni => narrow && is_x86_feature_detected!("avxvnni"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16 => wide && is_x86_feature_detected!("avx512bf16"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => wide && is_x86_feature_detected!("avx512vnni"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512VnniBf16 => {
                wide && is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512bf16")
            }
        }
    }

    /// The class for a choice; `None` stands for the candle reference.
    pub(crate) fn choose(choice: KernelChoice) -> ModelResult<Option<Self>> {
        let (asked, wanted): (&str, &[Self]) = match choice {
            KernelChoice::Reference => return Ok(None),
            KernelChoice::Auto => ("auto", Self::ALL),
            KernelChoice::Portable => ("portable", &[Self::Portable]),
            #[cfg(target_arch = "x86_64")]
            KernelChoice::Avx2 => ("avx2", &[Self::Avx2Vnni, Self::Avx2]),
            #[cfg(target_arch = "x86_64")]
            KernelChoice::Avx2Int16 => ("avx2-int16", &[Self::Avx2]),
            #[cfg(target_arch = "x86_64")]
            KernelChoice::Avx512Bf16 => ("avx512-bf16", &[Self::Avx512Bf16]),
            #[cfg(target_arch = "x86_64")]
            KernelChoice::Avx512Vnni => ("avx512-vnni", &[Self::Avx512VnniBf16, Self::Avx512Vnni]),
            #[allow(unreachable_patterns)]
            _ => ("that kernel class", &[]),
        };
        match wanted.iter().find(|class| class.is_available()) {
            Some(class) => Ok(Some(*class)),
            None => Err(Self::unavailable(asked)),
        }
    }

    fn unavailable(name: &str) -> ModelError {
        let available: Vec<&str> =
            Self::ALL.iter().filter(|class| class.is_available()).map(|class| class.name()).collect();
        ModelError::Unavailable {
            asked: format!("kernel `{name}`"),
            available: format!("reference, {}", available.join(", ")),
        }
    }
}
