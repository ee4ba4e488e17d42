"""What the figures may not fall below: a file that only ever gets stricter."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.accuracy.tally import Tally

PATH = Path(__file__).parent / "floors.toml"
Floors = Mapping[str, Mapping[str, float]]  # by what is measured: at least so much of each figure
AT_MOST = ("unknown", "wrong", "not_run")  # figures that may not rise


def read_floors(text: str) -> Floors:
    """A table for each row of ``make accuracy``."""
    floors: Floors = tomllib.loads(text)
    return floors


def figures(tallies: Iterable[Tally]) -> Floors:
    """The figures of each row, by its key."""
    return {
        key_of(tally): {
            "pairs": tally.pairs,
            "precision": tally.precision,
            "recall": tally.recall,
            "unknown": tally.unknown_share,
        }
        for tally in tallies
    }


def key_of(tally: Tally) -> str:
    """What the floors call a row."""
    return f"{tally.family}: {tally.labels}"


def below(found: Floors, floors: Floors) -> list[str]:
    """Each figure that is worse than its floor, or was not measured."""
    return [
        f"{key}: {name} is {found[key][name]:.6g}, the floor is {floor:.6g}" if key in found else f"{key}: not measured"
        for key, wanted in floors.items()
        for name, floor in wanted.items()
        if key not in found or is_worse(name, found[key][name], floor)
    ]


def raised(floors: Floors, found: Floors) -> Floors:
    """The stricter of each floor and what was found; no floor falls and none disappears."""

    def stricter(key: str, name: str, value: float) -> float:
        old = floors.get(key, {}).get(name, value)
        return old if is_worse(name, value, old) else value

    return {**floors} | {key: {n: stricter(key, n, value) for n, value in row.items()} for key, row in found.items()}


def is_worse(name: str, value: float, floor: float) -> bool:
    """Floors are written with six digits, so that much is forgiven."""
    return value > floor + 1e-6 if name in AT_MOST else value < floor - 1e-6
