"""The client's journal: every request to the shop with its answer, in a file that is only added to.

The services cannot write it, so what it says was acknowledged must be there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Try:
    """One request for an order, over at ``at``. ``status`` is None where no answer came: taken, or not."""

    key: str
    wanted: Mapping[str, Any]
    status: int | None
    answer: Mapping[str, Any]
    at: datetime

    @property
    def acknowledged(self) -> bool:
        """Whether the shop said that the order is taken."""
        return self.status is not None and 200 <= self.status < 300


class Journal:
    """The client's own log of order requests. One file may be written by several runs.

    ``unserved`` counts the requests through this object that had no answer, or one of 500 and above.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.unserved = 0
        file.parent.mkdir(parents=True, exist_ok=True)

    def sent(self, key: str, wanted: Mapping[str, Any]) -> None:
        """Write down what is about to be asked."""
        self._add({"what": "sent", "key": key, "wanted": wanted})

    def answered(self, key: str, wanted: Mapping[str, Any], status: int, answer: Mapping[str, Any]) -> None:
        """Write down the answer."""
        self.unserved += status >= 500
        self._add({"what": "answered", "key": key, "wanted": wanted, "status": status, "answer": answer})

    def silent(self, key: str, wanted: Mapping[str, Any], error: str) -> None:
        """Write down that no answer came."""
        self.unserved += 1
        self._add({"what": "silent", "key": key, "wanted": wanted, "error": error})

    def tries(self) -> list[Try]:
        """Return all requests that ended, with or without an answer."""
        return [
            Try(
                line["key"],
                line["wanted"],
                line.get("status"),
                line.get("answer", {}),
                datetime.fromisoformat(line["at"]),
            )
            for line in self._lines()
            if line["what"] != "sent"
        ]

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self.file.exists():
            return
        with self.file.open(encoding="utf-8") as stream:
            for line in stream:
                yield json.loads(line)

    def _add(self, line: Mapping[str, Any]) -> None:
        stamped = {"at": datetime.now(UTC).isoformat(), **line}
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(stamped, ensure_ascii=False) + "\n")
