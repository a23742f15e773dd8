"""The schedule of faults, drawn from a seed so that a run can be repeated."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from proof.chaos.faults import Fault

PAUSE_SECONDS = (2.0, 8.0)


@dataclass(frozen=True)
class Turn:
    """So many seconds of peace, then these faults at once, each with the fate that decides its details."""

    pause_seconds: float
    faults: tuple[tuple[Fault, int], ...]


def turns(
    faults: Sequence[Fault],
    seed: int,
    *,
    pairs: float = 0.0,
    pause_seconds: tuple[float, float] = PAUSE_SECONDS,
) -> Iterator[Turn]:
    """Yield turns for ever. Every fault comes once before one comes again; a share of ``pairs`` strike as two."""
    fate = Random(seed)
    waiting: list[Fault] = []
    while True:
        number = 2 if len(faults) > 1 and fate.random() < pairs else 1
        chosen: list[tuple[Fault, int]] = []
        for _ in range(number):
            if not waiting:
                waiting = list(faults)
                fate.shuffle(waiting)
            one = waiting.pop()
            if one not in [fault for fault, _ in chosen]:
                chosen.append((one, fate.getrandbits(32)))
        yield Turn(fate.uniform(*pause_seconds), tuple(chosen))
