"""Damage to a file: bits flipped, parts cut out, copied, or taken from another file."""

from dataclasses import dataclass

KINDS = ("flip", "fill", "cut", "truncate", "splice", "repeat")


@dataclass(frozen=True)
class Mutation:
    """One wound."""

    kind: str
    at: float
    """Where, as a share of the file."""
    size: int
    """Bytes, or for `flip` the bit."""
    value: int
    """0-255."""


def mutated(data: bytes, other: bytes, wounds: list[Mutation]) -> bytes:
    """The file with its wounds; `other` is what `splice` takes from."""
    for wound in wounds:
        data = _wounded(data, other, wound)
    return data


def _wounded(data: bytes, other: bytes, wound: Mutation) -> bytes:
    at = int(wound.at * len(data))
    before, after = data[:at], data[at:]
    match wound.kind:
        case "flip":
            return before + bytes([after[0] ^ 1 << wound.size % 8]) + after[1:] if after else data
        case "fill":
            return before + bytes([wound.value]) * min(wound.size, len(after)) + after[wound.size :]
        case "cut":
            return before + after[wound.size :]
        case "truncate":
            return before
        case "splice":
            start = int(wound.at * len(other))
            return before + other[start : start + wound.size] + after[wound.size :]
        case _:
            return before + after[: wound.size] + after
