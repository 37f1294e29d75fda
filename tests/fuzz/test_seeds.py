"""The fuzz targets on inputs that never change: every seed, what was once found, and cuts and mixtures of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.targets import SEEDS, TARGETS

MIXTURES = 300


def seeds(target: str) -> list[Path]:
    return sorted((SEEDS / target).iterdir())


@pytest.mark.parametrize("target", TARGETS)
def test_there_are_seeds_of_every_target(target: str) -> None:
    assert len(seeds(target)) >= 10


@pytest.mark.parametrize("seed", [f"{name}/{seed.name}" for name in TARGETS for seed in seeds(name)])
def test_a_seed(seed: str) -> None:
    TARGETS[seed.partition("/")[0]]((SEEDS / seed).read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_seeds_cut_and_mixed(target: str) -> None:
    chance = random.Random(f"mixtures of {target}")
    pieces = [seed.read_bytes() for seed in seeds(target)]
    for _ in range(MIXTURES):
        first, second = chance.choice(pieces), chance.choice(pieces)
        mixture = bytearray(first[: chance.randrange(len(first) + 1)] + second[chance.randrange(len(second) + 1) :])
        for _ in range(chance.randrange(4)):
            if mixture:
                mixture[chance.randrange(len(mixture))] = chance.randrange(256)
        TARGETS[target](bytes(mixture[:4_000]))
