//! Which processor the candle path runs on.
//!
//! The program is built for the CPU unless the cargo feature `cuda` or `metal` is on; asking for a device that the
//! build lacks is the caller's mistake and is answered with the list of those it has.

use std::str::FromStr;

use super::error::{ModelError, ModelResult};

/// Where the candle path computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The CPU, with the program's own kernels where they apply.
    #[default]
    Cpu,
    /// The first CUDA device (feature `cuda`).
    Cuda,
    /// The first Metal device (feature `metal`).
    Metal,
    /// A GPU when the build supports one and the machine has it, else the CPU.
    Auto,
}

impl FromStr for DeviceChoice {
    type Err = ModelError;

    fn from_str(name: &str) -> ModelResult<Self> {
        match name.to_ascii_lowercase().as_str() {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            "metal" => Ok(Self::Metal),
            "auto" => Ok(Self::Auto),
            _ => Err(ModelError::Unavailable {
                asked: format!("device `{name}`"),
                available: "cpu, cuda, metal, auto".to_owned(),
            }),
        }
    }
}

impl DeviceChoice {
    /// The candle device for this choice.
    ///
    /// # Errors
    /// [`ModelError::Unavailable`] when the build or the machine lacks it.
    pub fn resolve(self) -> ModelResult<candle_core::Device> {
        let unavailable = |asked: &str| ModelError::Unavailable {
            asked: format!("device `{asked}`"),
            available: available().join(", "),
        };
        match self {
            Self::Cpu => Ok(candle_core::Device::Cpu),
            Self::Cuda => candle_core::Device::new_cuda(0).map_err(|_| unavailable("cuda")),
            Self::Metal => candle_core::Device::new_metal(0).map_err(|_| unavailable("metal")),
            Self::Auto => Ok(candle_core::Device::new_cuda(0)
                .or_else(|_| candle_core::Device::new_metal(0))
                .unwrap_or(candle_core::Device::Cpu)),
        }
    }
}

/// Names of the devices that this build can use.
fn available() -> Vec<&'static str> {
    let mut names = vec!["cpu"];
    if cfg!(feature = "cuda") {
        names.push("cuda");
    }
    if cfg!(feature = "metal") {
        names.push("metal");
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_devices_are_refused_with_the_valid_names() {
        let message = "tpu".parse::<DeviceChoice>().unwrap_err().to_string();
        assert!(message.contains("cpu, cuda, metal, auto"), "{message}");
        assert_eq!("CPU".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cpu);
    }

    #[test]
    fn auto_always_finds_a_device() {
        assert!(DeviceChoice::Auto.resolve().is_ok());
        assert!(DeviceChoice::Cpu.resolve().unwrap().is_cpu());
    }
}
