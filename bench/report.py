"""The report of a run, written to a file after each phase, so that an aborted run keeps its finished phases."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.plot import draw

NAME = "report.json"


class Report:
    """The figures of one run. ``keep`` adds a phase and writes everything down."""

    def __init__(self, folder: Path, **about: Any) -> None:
        self.figures: dict[str, Any] = dict(about)
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._write()

    def keep(self, phase: str, figures: Any) -> None:
        """Add what a phase has found."""
        self.figures[phase] = figures
        self._write()

    def break_off(self, during: str, why: BaseException) -> None:
        """Note that the run ended during a phase, and of what."""
        self.keep("broken_off", {"during": during, "why": f"{type(why).__name__}: {why}"})

    @property
    def is_good(self) -> bool:
        """Whether the run went to its end, and every promise was looked at and is kept."""
        promises: Mapping[str, Any] = self.figures.get("promises", {})
        bad = self.figures.get("broken_off") or promises.get("broken") or promises.get("not_checked")
        return bool(promises) and not bad

    def text(self) -> str:
        """Return all figures as JSON."""
        return json.dumps(self.figures, indent=2, ensure_ascii=False)

    def plot(self) -> None:
        """Draw what there is to draw."""
        if "flood" in self.figures:
            draw(self.figures, self._folder / "plot.svg")

    def _write(self) -> None:
        new = self._folder / f"{NAME}.new"
        new.write_text(self.text() + "\n", encoding="utf-8")
        new.replace(self._folder / NAME)
