"""The network: a BERT encoder under the tensor names of Hugging Face `BertModel`, layers of their own for the feelings, and the head of
sentiment or emotion.

Written out so that the whole forward pass that the Rust program repeats can be read in one place. Shapes: `input_ids`
and `attention_mask` are (batch, seq); hidden states are (batch, seq, hidden).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

CONFIG = {
    "architectures": ["BertModel"], "model_type": "bert", "hidden_size": 384, "num_hidden_layers": 6,
    "num_attention_heads": 12, "intermediate_size": 1536, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512, "type_vocab_size": 2, "position_embedding_type": "absolute", "pad_token_id": 0,
    "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "initializer_range": 0.02,
}
# The entry of the configuration that says where the layers of the feelings start and how many they are.
FEELINGS = "motif_feelings"


def forked(weights: dict[str, torch.Tensor], after: int, layers: int) -> dict[str, torch.Tensor]:
    """The weights of a model of one path with layers for the feelings: copies of the last ones."""
    own = {name: tensor for name, tensor in weights.items() if not name.startswith("feelings.")}
    for layer in range(layers):
        path = f"encoder.layer.{after + layer}."
        own |= {f"feelings.layer.{layer}.{name.removeprefix(path)}": tensor.clone() for name, tensor in weights.items() if name.startswith(path)}
    return own


class Embeddings(nn.Module):
    def __init__(self, config: dict) -> None:
        super().__init__()
        hidden = config["hidden_size"]
        self.word_embeddings = nn.Embedding(config["vocab_size"], hidden)
        self.position_embeddings = nn.Embedding(config["max_position_embeddings"], hidden)
        self.token_type_embeddings = nn.Embedding(config["type_vocab_size"], hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=config["layer_norm_eps"])
        self.dropout = nn.Dropout(0.0)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        positions = self.position_embeddings.weight[: input_ids.shape[1]] + self.token_type_embeddings.weight[0]
        return self.dropout(self.LayerNorm(self.word_embeddings(input_ids) + positions))


class SelfAttention(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(hidden, hidden) for _ in range(3))


class Residual(nn.Module):
    """A projection added to its block's input, then normalised."""

    def __init__(self, inputs: int, hidden: int, eps: float) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=eps)
        self.dropout = nn.Dropout(0.0)

    def forward(self, states: torch.Tensor, block_input: torch.Tensor) -> torch.Tensor:
        return self.LayerNorm(self.dropout(self.dense(states)) + block_input)


class Layer(nn.Module):
    def __init__(self, config: dict) -> None:
        super().__init__()
        hidden, eps = config["hidden_size"], config["layer_norm_eps"]
        self.heads = config["num_attention_heads"]
        self.attention = nn.ModuleDict({"self": SelfAttention(hidden), "output": Residual(hidden, hidden, eps)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(hidden, config["intermediate_size"])})
        self.output = Residual(config["intermediate_size"], hidden, eps)

    def forward(self, states: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        batch, seq, hidden = states.shape
        attention = self.attention["self"]
        query, keys, value = (
            part(states).view(batch, seq, self.heads, -1).transpose(1, 2)
            for part in (attention.query, attention.key, attention.value))
        # Written out: the fused kernel is nine times slower in bf16 on sequences this short.
        scores = (query * (hidden // self.heads) ** -0.5) @ keys.transpose(-1, -2)
        if mask is not None:
            scores = scores + mask.to(scores.dtype)
        context = scores.softmax(-1).to(value.dtype) @ value
        states = self.attention["output"](context.transpose(1, 2).reshape(batch, seq, hidden), states)
        return self.output(F.gelu(self.intermediate["dense"](states)), states)


class Encoder(nn.Module):
    """`BertModel` without its pooler, and upper layers of their own for the feelings.

    What a text is about and how somebody feels pull the last layers in different directions. So the heads of sentiment and emotion read
    their own layers, `feelings.layer.N`, which start from the states after layer `motif_feelings.after` of the configuration;
    a model without that entry has none, and its heads read the last hidden states.
    """

    def __init__(self, config: dict) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"]))})
        own = config.get(FEELINGS)
        self.fork = own["after"] if own else None
        if own:
            self.feelings = nn.ModuleDict({"layer": nn.ModuleList(Layer(config) for _ in range(own["layers"]))})

    def drop(self, share: float) -> None:
        """From here on, training leaves out this share of the values that each block adds, and of the embeddings."""
        for module in self.modules():
            if isinstance(module, nn.Dropout):
                module.p = share

    def adopt(self, weights: dict[str, torch.Tensor]) -> None:
        """Loads the weights of a model like this one; of one without layers for the feelings, which then are copies of its last ones; or, into
        one without them, of one with them."""
        if self.fork is None:
            weights = {name: tensor for name, tensor in weights.items() if not name.startswith("feelings.")}
        elif not any(name.startswith("feelings.") for name in weights):
            weights = forked(weights, self.fork, len(self.feelings["layer"]))
        self.load_state_dict(weights)

    def lower(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """States where the paths part, or the last ones of a model with one path; and what is added to the scores of attention."""
        states = self.embeddings(input_ids)
        if torch.is_autocast_enabled(states.device.type):
            states = states.bfloat16()
        mask = padding(attention_mask)
        for layer in self.encoder["layer"][: self.fork]:
            states = layer(states, mask)
        return states, mask

    def meaning(self, states: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """From `lower` to the last hidden states."""
        for layer in self.encoder["layer"][self.fork :] if self.fork is not None else []:
            states = layer(states, mask)
        return states

    def felt(self, states: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """From `lower` to the states that the heads read."""
        for layer in self.feelings["layer"] if self.fork is not None else []:
            states = layer(states, mask)
        return states

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Last hidden states."""
        return self.meaning(*self.lower(input_ids, attention_mask))

    def feel(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """The states that the heads read."""
        return self.felt(*self.lower(input_ids, attention_mask))

    def both(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`forward` and `feel`, the layers below read once."""
        states, mask = self.lower(input_ids, attention_mask)
        return self.meaning(states, mask), self.felt(states, mask)


def padding(attention_mask: torch.Tensor) -> torch.Tensor | None:
    """What is added to the scores of attention, (batch, 1, 1, seq), so that no token reads padding; none where there is none."""
    return None if bool(attention_mask.all()) else (attention_mask[:, None, None, :] - 1.0) * 1e4


def mean_pool(states: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Mean over the real tokens, scaled to length 1: the sentence embedding, (batch, hidden) in f32."""
    weights = attention_mask.unsqueeze(-1).float()
    return F.normalize((states.float() * weights).sum(1) / weights.sum(1).clamp(min=1.0), dim=-1)


class SentimentHead(nn.Module):
    """Attention pooling by learned queries, then a two-layer perceptron to one logit per label.

    `scores = states @ query.T / sqrt(hidden)`, a softmax of them over the real tokens, the weighted sums of the states
    joined end to end (queries x hidden), `dense` with exact GELU, `output`.
    """

    def __init__(self, hidden: int, queries: int = 4, inner: int = 256, labels: int = 3, dropout: float = 0.1) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(queries, hidden))
        self.dense = nn.Linear(queries * hidden, inner)
        self.output = nn.Linear(inner, labels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states = states.float()
        scores = states @ self.query.T / states.shape[-1] ** 0.5
        weights = scores.masked_fill(attention_mask.unsqueeze(-1) == 0, -1e9).softmax(1)
        pooled = (weights.transpose(1, 2) @ states).flatten(1)
        return self.output(self.dropout(F.gelu(self.dense(self.dropout(pooled)))))


def over_windows(logits: torch.Tensor, places: torch.Tensor, shares: torch.Tensor, texts: int) -> torch.Tensor:
    """(texts, labels): the logarithm of the mean of the windows' probabilities by length, which is what the program says of a turn."""
    means = logits.new_zeros(texts, logits.shape[1]).index_add(0, places, logits.softmax(-1) * shares[:, None])
    return (means + 1e-9).log()
