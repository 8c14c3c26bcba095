//! Token ids to numbers: sentence embeddings, and the logits of sentiment and emotion. Tensors only; this module knows nothing of
//! contacts, files of contacts or configuration.
//!
//! [`weights`] finds, checks and reads a model. [`encoder`] and [`classifier`] are what the rest of the program calls:
//! sentence encoders with their heads, and sequence classifiers of the hub. [`family`] knows the architectures, one file
//! each, in candle; [`cpu`] holds the program's own kernels, which compute the BERT family several times faster.

mod backbone;
pub mod bert;
pub mod bundled;
pub mod classifier;
pub mod cpu;
pub mod deberta;
mod dense;
pub mod device;
pub mod distilbert;
pub mod encoder;
pub mod error;
pub mod family;
pub mod head;
pub mod layers;
pub mod modernbert;
pub mod paths;
pub mod pooling;
mod sentence;
pub mod tokens;
pub mod weights;

pub use classifier::SequenceClassifier;
pub use device::DeviceChoice;
pub use encoder::{Encoder, EncoderOptions, Encodings, KernelChoice};
pub use error::{ModelError, ModelResult};
pub use head::{Task, TaskHead};
pub use weights::ModelFiles;
