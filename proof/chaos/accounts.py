"""The counts of a run as in Jepsen: attempted, acknowledged, recovered, lost and duplicated orders."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from proof.journal import Journal, Try
from proof.observers import Outside
from proof.promises import Verdict

LOST = {"O1", "E1"}
DOUBLED = {"E3", "M1", "M4", "O3", "P2"}


@dataclass(frozen=True)
class Accounts:
    """Orders by what became of them. An order is one key, however often it was asked for.

    ``recovered``: no answer, or a refusal for now, came to a try, which turned out to have been done all the
    same. ``lost`` and ``duplicated`` count orders, and violations of promises that speak of loss or doubling;
    ``unexpected`` counts everything else that is not as promised.
    """

    attempted: int
    acknowledged: int
    recovered: int
    lost: int
    duplicated: int
    unexpected: int

    def __add__(self, more: "Accounts") -> "Accounts":
        """Return the accounts of two rounds, each on an installation of its own, together."""
        return Accounts(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(more), strict=True)))


async def accounts(outside: Outside, verdicts: Sequence[Verdict], *, unexpected: int) -> Accounts:
    """Hold the client's journal against the database. ``unexpected`` is what else went wrong."""
    if outside.journal_file is None:
        raise ValueError("there is no journal")
    by_key: dict[str, list[Try]] = defaultdict(list)
    for one in Journal(outside.journal_file).tries():
        by_key[one.key].append(one)
    placed: dict[str, list[datetime]] = defaultdict(list)
    for row in await outside.rows(
        "checkout", "SELECT p.key, o.placed_at FROM placements p JOIN orders o ON o.code = p.order_code"
    ):
        placed[row["key"]].append(row["placed_at"])
    acknowledged = {key for key, tries in by_key.items() if any(one.acknowledged for one in tries)}
    return Accounts(
        attempted=len(by_key),
        acknowledged=len(acknowledged),
        recovered=sum(_was_done_unheard(tries, placed.get(key, [])) for key, tries in by_key.items()),
        lost=sum(not placed.get(key) for key in acknowledged) + _violations(verdicts, LOST),
        duplicated=sum(len(times) - 1 for times in placed.values()) + _violations(verdicts, DOUBLED),
        unexpected=unexpected
        + sum(len(one.violations) for one in verdicts)
        - _violations(verdicts, LOST | DOUBLED),
    )


def _was_done_unheard(tries: Sequence[Try], placed: Sequence[datetime]) -> bool:
    """Tell whether the order was placed before a try that had no good answer was over."""
    unanswered = [one.at for one in tries if not one.acknowledged]
    return bool(placed and unanswered) and min(placed) < max(unanswered)


def _violations(verdicts: Sequence[Verdict], ids: set[str]) -> int:
    return sum(len(one.violations) for one in verdicts if one.promise.id in ids)
