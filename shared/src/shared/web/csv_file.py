"""Sends lists row by row as CSV files for spreadsheets. shared/text/csv_files.py has the rule for cells."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence

from starlette.responses import StreamingResponse

from shared.clock import in_japan, now
from shared.text.csv_files import BOM, people_line


def csv_response(
    name: str, columns: Sequence[str], rows: AsyncIterable[Sequence[str | int]]
) -> StreamingResponse:
    """Send ``rows`` below ``columns`` one by one. The name of the file is ``name`` with the present minute in Japan."""
    file = f"{name}_{in_japan(now()):%Y%m%d_%H%M}.csv"
    return StreamingResponse(
        _lines(columns, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


async def _lines(columns: Sequence[str], rows: AsyncIterable[Sequence[str | int]]) -> AsyncIterator[str]:
    yield BOM + people_line(columns)
    async for row in rows:
        yield people_line(map(str, row))
