"""Due work that deletes pictures of goods that no listing names: of uploads that did not commit, or removed since."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from checkout.catalogue.keep_pictures import KEPT_AS, named_pictures
from checkout.catalogue.tables import picture_sweeps
from shared.clock import now
from shared.database.transactions import Database, Tx
from shared.due.rows import strike_off
from shared.due.work import DueWork
from shared.files.store import Files
from shared.files.sweep import sweep

SWEEP_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DueSweep:
    """The claimed row of ``picture_sweeps``."""

    task: int
    lease: UUID


class SweepPictures:
    """Due work on the one row of ``picture_sweeps``. ``open_files`` opens the store when the work begins."""

    def __init__(self, db: Database, open_files: Callable[[], Files]) -> None:
        self._db = db
        self._open_files = open_files

    def due_work(self) -> DueWork:
        """Return this as due work."""
        return DueWork("sweep_pictures", picture_sweeps, self.perform, concurrency=1, kind=DueSweep)

    async def perform(self, claimed: DueSweep) -> None:
        """Delete the unnamed files of each kind, and do it again in a day."""
        files = self._open_files()
        for kind in KEPT_AS:
            await sweep(files, kind, self._named)
        async with self._db.transaction() as tx:
            due_at = now() + SWEEP_AGAIN
            await strike_off(tx, picture_sweeps, claimed.task, claimed.lease, due_at=due_at)

    async def _named(self, keys: Collection[str]) -> Collection[str]:
        async with self._db.transaction() as tx:
            return await named_pictures(tx, list(keys))


async def ask_to_sweep(tx: Tx, *, at: datetime) -> None:
    """Make sure that this due work is due, when the service starts."""
    await tx.execute(
        "INSERT INTO picture_sweeps (task, due_at) VALUES (1, :at) ON CONFLICT (task) DO NOTHING", at=at
    )
