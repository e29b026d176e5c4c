"""Chance that is a function: the same seed and the same words give the same draw."""

import hashlib
import random
import uuid

Seed = int | str


def draw(seed: Seed, *words: object) -> float:
    """A number in [0, 1) that depends on the seed and the words alone."""
    return _digest(seed, words) / 2**64


def generator(seed: Seed, *words: object) -> random.Random:
    """A random generator of its own for these words."""
    return random.Random(_digest(seed, words))  # noqa: S311 - a simulation, no secret


def guid(seed: Seed, *words: object) -> str:
    """A GUID that looks random."""
    return str(uuid.UUID(int=generator(seed, *words).getrandbits(128), version=4))


def _digest(seed: Seed, words: tuple[object, ...]) -> int:
    text = "\x1f".join([str(seed), *map(str, words)])
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
