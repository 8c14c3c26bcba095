//! Token ids to numbers: sentence embeddings and sentiment logits. Tensors only; this module knows nothing of
//! contacts, files of contacts or configuration.
//!
//! [`weights`] finds, checks and reads a model; [`encoder`] is what the rest of the program calls; [`bert`],
//! [`pooling`] and [`head`] are the reference in candle; [`cpu`] holds the program's own kernels, which compute the
//! same function several times faster.

pub mod bert;
pub mod bundled;
pub mod cpu;
pub mod device;
pub mod encoder;
pub mod error;
pub mod head;
pub mod pooling;
pub mod weights;

pub use device::DeviceChoice;
pub use encoder::{Encoder, EncoderOptions, Encodings, KernelChoice};
pub use error::{ModelError, ModelResult};
pub use weights::ModelFiles;
