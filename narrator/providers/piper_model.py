"""A voice's model made to tell how long each phoneme is, and to take its noise from us.

Piper's models are VITS. Their graph has one node "Ceil", whose output is the length of each phoneme in steps
of the vocoder; marked as an output of the graph, it comes with the sound. And it has nodes "RandomNormalLike",
whose generator nobody can seed between two texts; where another node makes their output of an input of ours,
the same text always sounds the same.

Piper's own tool does the former by the package onnx (https://github.com/OHF-Voice/piper1-gpl,
docs/ALIGNMENTS.md), which weighs as much as the rest of narrator. But two messages of protobuf that stand one
after the other are one message, so that it is enough to put nodes, inputs and outputs at the end
(https://protobuf.dev/programming-guides/encoding/#last-one-wins). The numbers of fields are those of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_GRAPH = 7  # of ModelProto
_NODE, _INPUT, _OUTPUT = 1, 11, 12  # of GraphProto
_NODE_INPUT, _NODE_OUTPUT, _NODE_TYPE, _NODE_ATTRIBUTE = 1, 2, 4, 5  # of NodeProto
_ATTRIBUTE_NAME = 1  # of AttributeProto
_VALUE_NAME, _VALUE_TYPE = 1, 2  # of ValueInfoProto
_WITH_LENGTH = 2  # a wire type
_FLOATS = b"\x08\x01"  # of TypeProto.Tensor: elem_type is FLOAT
_ONE_AXIS = b"\x12\x05\x0a\x03\x12\x01n"  # of the same: shape has one dimension, 'n'

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model that can be asked for more. `noises` are its inputs of normal noise, each a row of any length.

    A row that is too short for a text is used again from its beginning. There are none in a model that makes no
    noise, or makes it in another way.
    """

    model: bytes
    noises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Node:
    kind: bytes
    inputs: tuple[bytes, ...]
    outputs: tuple[_Span, ...]
    attributes: frozenset[bytes]


def prepared(model: bytes) -> Prepared:
    """The model with the lengths of phonemes as an output, and its noise as inputs, as far as it has such.

    Raises:
        ValueError: this is no model.
    """
    made = bytearray(model)
    lengths: list[bytes] = []
    outputs: list[bytes] = []
    noises: list[str] = []
    added = b""
    for graph in _fields(model, (0, len(model)), _GRAPH):
        outputs += (
            _bytes(model, name)
            for output in _fields(model, graph, _OUTPUT)
            for name in _fields(model, output, _VALUE_NAME)
        )
        for node in _nodes(model, graph):
            if node.kind == b"Ceil":
                lengths += (_bytes(model, span) for span in node.outputs)
            elif node.kind == b"RandomNormalLike" and node.attributes <= {b"dtype"}:
                noises.append(f"narrator_noise_{len(noises)}")
                added += _noise_from(noises[-1].encode(), node.inputs[0], _bytes(model, node.outputs[0]))
                made[node.outputs[0][1] - 1] ^= 1  # what it makes has another name now, and nobody takes it
    if len(lengths) == 1 and lengths[0] not in outputs:
        added += _field(_OUTPUT, _field(_VALUE_NAME, lengths[0]))
    return Prepared(bytes(made) + (_field(_GRAPH, added) if added else b""), tuple(noises))


def _noise_from(noise: bytes, like: bytes, name: bytes) -> bytes:
    """Parts of a graph: an input `noise`, and nodes that make `name` of it, in the shape of `like`.

    Its elements are counted and numbered, the numbers wrapped at the length of the noise, and those taken.
    0 and 1 are made of the count, since constants would need more of protobuf.
    """
    shape, count, zero, one, places, length, wrapped, row = (name + b"/%d" % step for step in range(8))
    tensor = _field(1, _FLOATS + _ONE_AXIS)
    return b"".join(
        (
            _field(_INPUT, _field(_VALUE_NAME, noise) + _field(_VALUE_TYPE, tensor)),
            _node(b"Shape", (like,), shape),
            _node(b"Size", (like,), count),
            _node(b"Sub", (count, count), zero),
            _node(b"Div", (count, count), one),
            _node(b"Range", (zero, count, one), places),
            _node(b"Size", (noise,), length),
            _node(b"Mod", (places, length), wrapped),
            _node(b"Gather", (noise, wrapped), row),
            _node(b"Reshape", (row, shape), name),
        )
    )


def _node(kind: bytes, inputs: tuple[bytes, ...], output: bytes) -> bytes:
    taken = b"".join(_field(_NODE_INPUT, name) for name in inputs)
    return _field(_NODE, taken + _field(_NODE_OUTPUT, output) + _field(_NODE_TYPE, kind))


def _nodes(model: bytes, graph: _Span) -> Iterator[_Node]:
    for node in _fields(model, graph, _NODE):
        yield _Node(
            kind=b"".join(_bytes(model, span) for span in _fields(model, node, _NODE_TYPE)),
            inputs=tuple(_bytes(model, span) for span in _fields(model, node, _NODE_INPUT)),
            outputs=tuple(_fields(model, node, _NODE_OUTPUT)),
            attributes=frozenset(
                _bytes(model, name)
                for attribute in _fields(model, node, _NODE_ATTRIBUTE)
                for name in _fields(model, attribute, _ATTRIBUTE_NAME)
            ),
        )


def _bytes(model: bytes, span: _Span) -> bytes:
    return model[slice(*span)]


def _fields(model: bytes, message: _Span, wanted: int) -> Iterator[_Span]:
    """Where the contents of every field of that number lie, of those that have a length."""
    at, end = message
    while at < end:
        tag, at = _varint(model, at, end)
        match tag & 7:
            case 2:  # with a length
                size, at = _varint(model, at, end)
                if at + size > end:
                    raise ValueError("this is no protobuf")
                if tag >> 3 == wanted:
                    yield at, at + size
                at += size
            case 0:  # a number
                _, at = _varint(model, at, end)
            case 1:
                at += 8
            case 5:
                at += 4
            case _:
                raise ValueError("this is no protobuf")


def _varint(model: bytes, at: int, end: int) -> tuple[int, int]:
    """A number in base 128, and where it ends."""
    number = shift = 0
    while at < end:
        byte = model[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise ValueError("this is no protobuf")


def _field(number: int, content: bytes) -> bytes:
    return _in_base_128(number << 3 | _WITH_LENGTH) + _in_base_128(len(content)) + content


def _in_base_128(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*encoded, number))
