"""Language models of a few hundred kilobytes that say what a test wants said, as GGUF files for a real server.

    tiny_llama({"greet": ("Hello", ", world.")})

is a Llama of one layer. Its attention and its feed-forward part compute, and are multiplied by zero; what is left
is a table of which token follows which. After the token `<|greet|>` comes `Hello`, then `, world.`, then the end. After
anything else all tokens are equally likely: gibberish, unless a grammar leaves no choice.
"""

from __future__ import annotations

import random
import struct
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

AGAIN = "<again>"
"""At the end of a reply: begin it anew, for ever."""

_WIDTH, _LAYERS, _HEADS, _INNER = 64, 1, 2, 64
_NORMAL, _CONTROL = 1, 3
_STATES = 48
"""Dimensions that tell tokens apart which something certain follows; the others are for all other tokens."""
_CERTAIN = 10.0
_MERGES = 400
_PROSE = (
    "You are an assistant that plans before it acts. Answer the question, or call one of the tools that are described "
    'here as JSON: {"name": "function", "description": "What it does", "parameters": {"type": "object", "required": '
    '["text"], "properties": {"text": {"type": "string", "description": "The text"}, "number": {"type": "integer"}}}} '
    "Read the results, and use what they say in the next step. Never invent a value that the request does not have. "
    "There are many words in the files of the user, and some of them are about money, time, people and places. "
)
"""What the tokenizer is made from: enough to have tokens of several letters, as real ones do."""


def tiny_llama(replies: Mapping[str, Sequence[str]], *, context_tokens: int = 4096, seed: int = 7) -> bytes:
    """A GGUF file.

    Args:
        replies: By name, the pieces of a reply, each of which is one token; no piece may occur twice in all of them.
            The prompt that asks for it ends with `<|NAME|>`.
        context_tokens: Context length that the model says it was trained for.
        seed: Of the weights that do not matter; different seeds make different files.
    """
    letters = {byte: _shown(byte) for byte in range(256)}
    merges = _merges([letters[byte] for byte in _PROSE.encode()])
    ordinary = [*letters.values(), *(one + other for one, other in merges)]
    pieces = [piece for reply in replies.values() for piece in reply if piece != AGAIN]
    assert len(set(pieces)) == len(pieces), "a piece occurs twice, and what follows it would be ambiguous"
    written = ["".join(letters[byte] for byte in piece.encode()) for piece in pieces]
    special = ["<|end|>", *(f"<|{name}|>" for name in replies)]
    tokens = [*ordinary, *(text for text in written if text not in ordinary), *special]
    number = {token: index for index, token in enumerate(tokens)}
    by_piece = dict(zip(pieces, written, strict=True))
    follows: dict[int, int] = {}
    for name, reply in replies.items():
        chain = [f"<|{name}|>", *(by_piece[piece] for piece in reply if piece != AGAIN)]
        after = chain[1] if reply[-1] == AGAIN else "<|end|>"
        follows |= {number[one]: number[other] for one, other in pairwise([*chain, after])}
    assert len(follows) <= _STATES, "too much to say for a model this small"
    metadata = {
        "general.architecture": "llama",
        "general.name": "tiny",
        "general.file_type": _U32(0),
        "llama.block_count": _U32(_LAYERS),
        "llama.context_length": _U32(context_tokens),
        "llama.embedding_length": _U32(_WIDTH),
        "llama.feed_forward_length": _U32(_INNER),
        "llama.attention.head_count": _U32(_HEADS),
        "llama.attention.head_count_kv": _U32(_HEADS),
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": _U32(_WIDTH // _HEADS),
        "llama.rope.freq_base": 10_000.0,
        "llama.vocab_size": _U32(len(tokens)),
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [_CONTROL if token in special else _NORMAL for token in tokens],
        "tokenizer.ggml.merges": [f"{one} {other}" for one, other in merges],
        "tokenizer.ggml.bos_token_id": _U32(number["<|end|>"]),
        "tokenizer.ggml.eos_token_id": _U32(number["<|end|>"]),
        "tokenizer.ggml.add_bos_token": False,
    }
    return _gguf(metadata, dict(_weights(len(tokens), follows, random.Random(seed))))


class _U32(int):
    """A number that the format keeps in 32 bits without a sign."""


_Tensor = tuple[tuple[int, ...], "array[float]"]


def _weights(tokens: int, follows: Mapping[int, int], rng: random.Random) -> Iterator[tuple[str, _Tensor]]:
    """Tensors by their names; a shape begins with the dimension that is next to each other in memory."""

    def noise(*shape: int) -> _Tensor:
        size = shape[0] * shape[1]
        return shape, array("f", (rng.gauss(0, 0.02) for _ in range(size)))

    def constant(value: float, *shape: int) -> _Tensor:
        size = shape[0] * (shape[1] if len(shape) > 1 else 1)
        return shape, array("f", [value]) * size

    embedding, output = constant(0, _WIDTH, tokens), constant(0, _WIDTH, tokens)
    for state, (token, successor) in enumerate(follows.items()):
        embedding[1][token * _WIDTH + state] = 1
        output[1][successor * _WIDTH + state] = _CERTAIN
    for token in range(tokens):
        if token not in follows:
            # Something to normalise, where no output looks.
            embedding[1][token * _WIDTH + rng.randrange(_STATES, _WIDTH)] = 1
    yield "token_embd.weight", embedding
    for layer in range(_LAYERS):
        for name in ("attn_q", "attn_k", "attn_v"):
            yield f"blk.{layer}.{name}.weight", noise(_WIDTH, _WIDTH)
        yield f"blk.{layer}.attn_output.weight", constant(0, _WIDTH, _WIDTH)
        yield f"blk.{layer}.attn_norm.weight", constant(1, _WIDTH)
        yield f"blk.{layer}.ffn_gate.weight", noise(_WIDTH, _INNER)
        yield f"blk.{layer}.ffn_up.weight", noise(_WIDTH, _INNER)
        yield f"blk.{layer}.ffn_down.weight", constant(0, _INNER, _WIDTH)
        yield f"blk.{layer}.ffn_norm.weight", constant(1, _WIDTH)
    yield "output_norm.weight", constant(1, _WIDTH)
    yield "output.weight", output


# -- the tokenizer


def _shown(byte: int) -> str:
    """The character by which such vocabularies write a byte: itself where it can be seen, else one from 256 on."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    if byte in visible:
        return chr(byte)
    return chr(256 + [other for other in range(256) if other not in visible].index(byte))


def _merges(text: list[str]) -> list[tuple[str, str]]:
    """Byte-pair encoding: again and again, the most frequent pair of neighbours becomes one token."""
    space = _shown(0x20)
    merges: list[tuple[str, str]] = []
    for _ in range(_MERGES):
        pairs = Counter((one, other) for one, other in pairwise(text) if space not in other)
        if not pairs:
            break
        best, _count = pairs.most_common(1)[0]
        merges.append(best)
        merged: list[str] = []
        for token in text:
            if merged and (merged[-1], token) == best:
                merged[-1] += token
            else:
                merged.append(token)
        text = merged
    return merges


# -- the file format


def _gguf(metadata: Mapping[str, Any], tensors: Mapping[str, _Tensor]) -> bytes:
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(metadata))]
    head += [_string(key) + _typed(value) for key, value in metadata.items()]
    data: list[bytes] = []
    offset = 0
    for name, (shape, values) in tensors.items():
        head.append(_string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset))
        data.append(_aligned(values.tobytes()))
        offset += len(data[-1])
    return _aligned(b"".join(head)) + b"".join(data)


def _aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % 32)


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _typed(value: Any) -> bytes:
    number, data = _value(value)
    return struct.pack("<I", number) + data


def _value(value: Any) -> tuple[int, bytes]:
    """The format's number for a type, and the value."""
    if isinstance(value, bool):
        return 7, struct.pack("<?", value)
    if isinstance(value, _U32):
        return 4, struct.pack("<I", value)
    if isinstance(value, int):
        return 5, struct.pack("<i", value)
    if isinstance(value, float):
        return 6, struct.pack("<f", value)
    if isinstance(value, str):
        return 8, _string(value)
    items = [_value(item) for item in value]
    return 9, struct.pack("<IQ", items[0][0], len(items)) + b"".join(data for _, data in items)
