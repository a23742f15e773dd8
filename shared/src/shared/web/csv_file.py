"""Lists sent as CSV files for people's spreadsheets, row by row; what a cell may hold is shared/text/csv_files.py."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence

from starlette.responses import StreamingResponse

from shared.clock import in_japan, now
from shared.text.csv_files import BOM, people_line


def csv_response(
    name: str, columns: Sequence[str], rows: AsyncIterable[Sequence[str | int]]
) -> StreamingResponse:
    """Send ``rows`` below ``columns`` one by one, as a file called ``name`` and the minute of today in Japan."""
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
