"""A file of ours as another program reads it."""

import csv
import io
from collections.abc import Iterator

from shared.text.csv_files import BOM, rearmed


def read_rows(text: str) -> Iterator[list[str]]:
    """Yield the rows of a file, with or without BOM; what was disarmed for spreadsheets is as it was before."""
    for row in csv.reader(io.StringIO(text.removeprefix(BOM), newline="")):
        yield [rearmed(cell) for cell in row]
