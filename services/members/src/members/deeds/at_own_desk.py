"""The member of staff who changes settings or saved searches at the desk of members."""

from dataclasses import dataclass
from datetime import datetime

from members.deeds.rows import DeedKind, Doer, Traces, note_deed
from shared.database.transactions import Tx


@dataclass(frozen=True)
class AtOwnDesk:
    """The member of staff, and the kind of the deed.

    The deed is stored at once, in the same list as those of other desks.
    """

    doer: Doer
    deed: DeedKind

    @property
    def name(self) -> str:
        """Return the name stored with the change."""
        return self.doer.name

    async def note(self, tx: Tx, subject: str, *, at: datetime, before: str = "", after: str = "") -> None:
        """Store the deed."""
        traces = Traces(before=before, after=after)
        await note_deed(tx, self.doer, self.deed, subject, traces=traces, at=at)
