"""What a shop needs before it opens. Each slice tells its part: a module ``opening.py`` with ``opening_steps``.

    async def opening_steps(tx: Tx) -> list[OpeningStep]: ...

Nothing lists these functions: they are found like the pages (shared/web/slices.py).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from shared.database.transactions import Tx
from shared.web.slices import find_in_slices


@dataclass(frozen=True)
class OpeningStep:
    """One thing to do before the shop opens, computed from facts.

    ``missing`` names what is still to be done; the step is done without any. ``path`` leads to where it is done.
    ``place`` orders the steps. Without a step that ``blocks``, no order can be placed.
    """

    title: str
    missing: Sequence[str]
    path: str
    place: int
    blocks: bool = True

    @property
    def is_done(self) -> bool:
        """Return whether nothing is missing."""
        return not self.missing


Told = Callable[[Tx], Awaitable[Sequence[OpeningStep]]]


def find_opening_steps(service: str) -> Sequence[Told]:
    """Return the functions of the slices of ``service`` that tell their steps."""
    return find_in_slices(service, "opening_steps")
