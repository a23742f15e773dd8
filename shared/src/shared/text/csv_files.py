"""CSV (RFC 4180): lines for people's spreadsheets, lines for programs; ``web/csv_in.py`` reads files.

A spreadsheet computes a cell that begins with `=`, `+`, `-` or `@` (OWASP ASVS 1.2.10). In files for people, typed text
that begins so therefore gets an apostrophe. Numbers, telephone numbers and mail addresses compute nothing and remain
unchanged, because other programs read them from the same file.
"""

import csv
import io
import re
from collections.abc import Iterable

from shared.text.mail_address import is_mailable

BOM = "\ufeff"
"""The mark before the first line of a file for people. Without it Excel reads UTF-8 as Shift_JIS."""

# Also behind a quote or blanks, and in full width: spreadsheets forgive all of these.
_FORMULA = re.compile(r"""^[\s"'　]*[=+\-@＝＋－＠\t\r]""")
_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?|\+[0-9][0-9 ()-]*[0-9]|-")
_MAIL_OF_COMPUTERS = re.compile(r"[=|!(){}]")  # no mail address of a person, and all that a formula needs


def people_line(cells: Iterable[str]) -> str:
    """Return one line, CRLF at its end, in which no cell is a formula."""
    return _written(disarmed(cell) for cell in cells)


def program_line(cells: Iterable[str]) -> str:
    """Return one line, CRLF at its end, with every cell exactly as given."""
    return _written(cells)


def disarmed(cell: str) -> str:
    """Return a cell's text so that no spreadsheet computes it."""
    return f"'{cell}" if _FORMULA.match(cell) and not _harmless(cell) else cell


def rearmed(cell: str) -> str:
    """Return the text that ``disarmed`` was given."""
    rest = cell.removeprefix("'")
    return rest if rest != cell and disarmed(rest) == cell else cell


def _harmless(cell: str) -> bool:
    if _NUMBER.fullmatch(cell):
        return True
    return not _MAIL_OF_COMPUTERS.search(cell) and is_mailable(cell) and cell == cell.strip()


def _written(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(list(cells))
    return line.getvalue()
