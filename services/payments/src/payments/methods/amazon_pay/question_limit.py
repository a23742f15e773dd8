"""Limits how often one client address may make this process ask Amazon.

A return from Amazon needs only a cookie that everybody gets. Without a limit a stranger could spend the shop's
questions.
"""

from collections import OrderedDict, deque
from datetime import datetime, timedelta

QUESTIONS_MAX = 30
WINDOW = timedelta(minutes=10)
CLIENTS_MAX = 10_000


class QuestionLimit:
    """Counts the questions of client addresses within ten minutes, thirty for each.

    It counts in memory, so each process has its own count. It forgets the addresses that were quiet longest when there
    are too many.
    """

    def __init__(self) -> None:
        self._asked: OrderedDict[str, deque[datetime]] = OrderedDict()

    def allows(self, client_address: str, *, at: datetime) -> bool:
        """Count a question at ``at``, and return whether it may be asked. A refused one does not count."""
        asked = self._asked.setdefault(client_address, deque())
        self._asked.move_to_end(client_address)
        while asked and asked[0] <= at - WINDOW:
            asked.popleft()
        if len(asked) >= QUESTIONS_MAX:
            return False
        asked.append(at)
        if len(self._asked) > CLIENTS_MAX:
            self._asked.popitem(last=False)
        return True
