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

# Spreadsheets also compute a formula after a quote or blanks, and in full width.
_FORMULA = re.compile(r"""^[\s"'　]*[=+\-@＝＋－＠\t\r]""")
_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?|\+[0-9][0-9 ()-]*[0-9]|-")
# A formula needs one of these signs. The mail address of a person has none of them.
_MAIL_OF_COMPUTERS = re.compile(r"[=|!(){}]")


def people_line(cells: Iterable[str]) -> str:
    """Return one line with CRLF. No cell in it is a formula."""
    return _written(disarmed(cell) for cell in cells)


def program_line(cells: Iterable[str]) -> str:
    """Return one line with CRLF and unchanged cells."""
    return _written(cells)


def disarmed(cell: str) -> str:
    """Return the text of a cell in a form that no spreadsheet computes."""
    return f"'{cell}" if _FORMULA.match(cell) and not _harmless(cell) else cell


def rearmed(cell: str) -> str:
    """Return the original text of a cell that ``disarmed`` returned."""
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
