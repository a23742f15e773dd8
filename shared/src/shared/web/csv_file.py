"""Lists as CSV files (RFC 4180) in UTF-8 with BOM, whose cells no spreadsheet takes for formulas."""

import csv
import io
import re
from collections.abc import AsyncIterable, AsyncIterator, Sequence

from starlette.responses import StreamingResponse

from shared.clock import in_japan, now

BOM = "\ufeff"
# Also behind a quote or blanks, and in full width: spreadsheets forgive all of these (OWASP ASVS 1.2.10).
_FORMULA = re.compile(r"""^[\s"'　]*[=+\-@＝＋－＠\t\r]""")


def cell(value: str) -> str:
    """Return a cell's text, made harmless where a spreadsheet would compute it."""
    return f"'{value}" if _FORMULA.match(value) else value


def csv_response(
    name: str, columns: Sequence[str], rows: AsyncIterable[Sequence[str | int]]
) -> StreamingResponse:
    """Send ``rows`` below ``columns`` one by one, as a file called ``name`` and the minute of today in Japan."""
    file = f"{name}_{in_japan(now()):%Y%m%d_%H%M}.csv"
    return StreamingResponse(
        csv_lines(columns, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


async def csv_lines(columns: Sequence[str], rows: AsyncIterable[Sequence[str | int]]) -> AsyncIterator[str]:
    """Yield the file line by line. Texts are made harmless; numbers are numbers."""
    yield BOM + _line(columns)
    async for row in rows:
        yield _line([cell(one) if isinstance(one, str) else one for one in row])


def _line(cells: Sequence[str | int]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
