"""`seq2seq`: a CTC network's frames, and a Transformer decoder over the text so far that predicts the next character.

    image -> `encoder` (crnn or cnn_transformer) -> frames -> CTC logits
                                                        |
    text so far -> embedding -> causal self-attention -> cross-attention on the frames -> the next character

Joint training and scoring after Watanabe et al. 2017 (Hybrid CTC/attention architecture for end-to-end speech
recognition); the decoder is that of Vaswani et al. 2017 (arXiv:1706.03762) in its pre-norm form.

Classes are those of CTC. Id 0, the blank there, is the beginning (bos) and the end (eos) of every text here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwr_core.config import Seq2SeqConfig
from hwr_core.models.cnn_transformer import with_positions

if TYPE_CHECKING:
    import keras

BOS_ID = EOS_ID = 0
MASKED = -1e9  # added to the attention scores of masked positions


def build(config: Seq2SeqConfig, encoder: keras.Model, num_classes: int) -> keras.Model:
    """Build the network around a CTC network.

    Args:
        config: the decoder's settings.
        encoder: from images to logits `(B, T, C)`, with a layer `dropout_out` before the last one.
        num_classes: C, the characters and id 0.

    Returns:
        A model from `image` `(B, H, W, 1)` float32 ink in [0, 1] and `tokens` `(B, L)` int32 (`BOS_ID` and the text
        so far) to `[CTC logits (B, W / 4, C), logits of the next character (B, L, C)]`, float32.

        Two models are inside, for `get_layer`:

        `encoder`: from images to `[CTC logits (B, T, C), frames (B, T, F)]`.

        `decoder`: from frames `(B, T, F)`, `owner` `(N,)` int32 (the row of `frames` that each text belongs to) and
        `tokens` `(N, L)` int32 to logits `(N, L, C)` of the character behind each position and `(N, L, T)` attention
        on the frames, mean of layers and heads. Frames of zeros are padding and masked.
    """
    import keras

    parts = keras.Model(encoder.input, [encoder.output, encoder.get_layer("dropout_out").output], name="encoder")
    decoder = _decoder(config, parts.outputs[1].shape[-1], num_classes)
    image = keras.Input(encoder.input_shape[1:], name="image")
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    logits, frames = parts(image)
    next_logits, _ = decoder([frames, own_rows(tokens), tokens])
    return keras.Model({"image": image, "tokens": tokens}, [logits, next_logits], name="seq2seq")


def own_rows(tokens: keras.KerasTensor) -> keras.KerasTensor:
    """`(B,)` int32: each text belongs to the image of its own row."""
    from keras import ops

    return ops.cumsum(ops.ones_like(tokens[:, 0]), axis=0) - 1


def _decoder(config: Seq2SeqConfig, features: int, num_classes: int) -> keras.Model:
    import keras
    from keras import layers, ops

    width = config.decoder_width
    frames = keras.Input((None, features), name="frames")
    owner = keras.Input((), dtype="int32", name="owner")
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    present = ops.cast(ops.any(ops.not_equal(frames, 0), axis=-1), "float32")  # (B, T)
    padding_mask = ops.take((1.0 - present) * MASKED, owner, axis=0)[:, None, None, :]
    # Keys and values are computed once an image and shared by its texts.
    memory = layers.Dense(width, name="memory")(layers.LayerNormalization(epsilon=1e-5, name="norm_frames")(frames))
    memory = with_positions(memory)
    x = layers.Embedding(num_classes, width, name="embedding")(tokens) * width**0.5
    x = layers.Dropout(config.decoder_dropout)(with_positions(x))
    causal_mask = _causal_mask(tokens)
    attention_maps = []
    for index in range(config.decoder_layers):
        y = layers.LayerNormalization(epsilon=1e-5, name=f"norm_self_{index}")(x)
        y, _ = _attention(config, y, y, causal_mask, f"self_{index}")
        x = layers.Add()([x, layers.Dropout(config.decoder_dropout)(y)])
        y = layers.LayerNormalization(epsilon=1e-5, name=f"norm_cross_{index}")(x)
        y, attention_map = _attention(config, y, memory, padding_mask, f"cross_{index}", owner)
        attention_maps.append(attention_map)
        x = layers.Add()([x, layers.Dropout(config.decoder_dropout)(y)])
        y = layers.LayerNormalization(epsilon=1e-5, name=f"norm_dense_{index}")(x)
        y = layers.Dense(config.decoder_feed_forward, activation="silu", name=f"dense_{index}")(y)
        y = layers.Dense(width, name=f"dense_back_{index}")(layers.Dropout(config.decoder_dropout)(y))
        x = layers.Add()([x, layers.Dropout(config.decoder_dropout)(y)])
    x = layers.LayerNormalization(epsilon=1e-5, name="norm_out")(x)
    logits = layers.Dense(num_classes, name="following", dtype="float32")(x)
    attention = (
        attention_maps[0]
        if len(attention_maps) == 1
        else layers.Average(dtype="float32", name="attention")(attention_maps)
    )
    return keras.Model([frames, owner, tokens], [logits, attention], name="decoder")


def _attention(
    config: Seq2SeqConfig,
    x: keras.KerasTensor,
    memory: keras.KerasTensor,
    mask: keras.KerasTensor,
    name: str,
    owner: keras.KerasTensor | None = None,
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Attention of `x` `(N, L, D)` on `memory` `(B, T, D)`, each text on its owner's row, and its `(N, L, T)` map."""
    from keras import layers, ops

    size = config.decoder_width // config.decoder_heads
    heads = layers.Reshape((-1, config.decoder_heads, size))
    query, key, value = (
        heads(layers.Dense(config.decoder_width, name=f"{name}_{which}")(source))
        for which, source in (("query", x), ("key", memory), ("value", memory))
    )
    if owner is not None:
        key, value = ops.take(key, owner, axis=0), ops.take(value, owner, axis=0)
    scores = ops.cast(ops.einsum("nlhd,nthd->nhlt", query, key), "float32") * size**-0.5
    weights = ops.softmax(scores + mask, axis=-1)
    dropped = layers.Dropout(config.decoder_dropout, dtype="float32")(weights)
    mixed = ops.einsum("nhlt,nthd->nlhd", ops.cast(dropped, value.dtype), value)
    mixed = layers.Reshape((-1, config.decoder_width))(mixed)
    return layers.Dense(config.decoder_width, name=f"{name}_out")(mixed), ops.mean(weights, axis=1)


def _causal_mask(tokens: keras.KerasTensor) -> keras.KerasTensor:
    """`(N, 1, L, L)`: `MASKED` where a position would attend to a later one, else 0."""
    from keras import ops

    position = ops.cumsum(ops.ones_like(tokens, dtype="float32"), axis=1)
    return ops.cast(ops.less(position[:, :, None], position[:, None, :]), "float32")[:, None] * MASKED
