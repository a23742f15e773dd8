"""Read CSV files of any program into models, with an error for each wrong line.

    sheet = Sheet(ShippedParcel, {"お問い合わせ番号": "number", "送り状番号": "number", "お客様管理番号": "order_code"})
    async with received(request, "file", Accepts([CSV]), label="送り状番号ファイル") as [file]:
        read = sheet.read(file.content)
    read.rows       # (line, ShippedParcel)
    read.findings   # (line, field, sentence)

A file is UTF-8, with or without BOM, or CP932, which Excel and the carriers' programs write. Columns are found by their
headers, in any order. A header may have several spellings. Other columns are ignored.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Generic, TypeVar

from pydantic import BaseModel

from shared.errors import Refused
from shared.text.csv_files import BOM, rearmed
from shared.text.search_words import fold
from shared.web.forms import parse_form

Model = TypeVar("Model", bound=BaseModel)
ROWS_MAX = 10_000


@dataclass(frozen=True)
class Finding:
    """An error in a line of the file; ``line`` counts from 1, the header included."""

    line: int
    field: str
    text: str


@dataclass(frozen=True)
class Read(Generic[Model]):
    """The valid rows, each with its line, and the errors of the others."""

    rows: Sequence[tuple[int, Model]]
    findings: Sequence[Finding]


class Sheet(Generic[Model]):
    """A kind of file: each row is a ``model``. ``headers`` maps a header of a column to a field.

    Headers are compared without width, blanks and case.
    """

    def __init__(self, model: type[Model], headers: Mapping[str, str], *, rows_max: int = ROWS_MAX) -> None:
        self.model = model
        self._headers = {fold(header): field for header, field in headers.items()}
        self._shown = {field: header for header, field in reversed(list(headers.items()))}
        self._rows_max = rows_max

    def read(self, content: BinaryIO) -> Read[Model]:
        """Return the rows and errors of the file. Empty lines are ignored.

        Raises Refused (422) for a file that is not text or not CSV, a required column that is missing or occurs twice,
        and too many rows.
        """
        reader = csv.reader(io.StringIO(_text(content.read()), newline=""), strict=True)
        rows: list[tuple[int, Model]] = []
        findings: list[Finding] = []
        try:
            columns = self._columns(next(reader, []))
            begins = reader.line_num + 1
            for cells in reader:
                line, begins = begins, reader.line_num + 1
                if not any(cell.strip() for cell in cells):
                    continue
                self._take(line, columns, cells, rows, findings)
                if len(rows) + len({one.line for one in findings}) > self._rows_max:
                    raise _refused("too_many_rows", f"1つのファイルは{self._rows_max:,}行以内にしてください")
        except csv.Error:
            text = f"CSVファイルの{reader.line_num}行目を読み取れません"
            raise _refused("csv_unreadable", text) from None
        return Read(rows, findings)

    def _take(
        self,
        line: int,
        columns: Mapping[str, int],
        cells: Sequence[str],
        rows: list[tuple[int, Model]],
        findings: list[Finding],
    ) -> None:
        typed = {
            field: rearmed(cells[place]) if place < len(cells) else "" for field, place in columns.items()
        }
        form = parse_form(self.model, typed)
        if form.errors:
            findings += [Finding(line, field, text) for field, text in form.errors.items()]
        else:
            rows.append((line, form.value))

    def _columns(self, heads: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for place, head in enumerate(heads):
            field = self._headers.get(fold(head))
            if field in found:
                raise _refused("column_twice", f"列「{head.strip()}」が2つあります")
            if field is not None:
                found[field] = place
        missing = [
            self._shown[name]
            for name, info in self.model.model_fields.items()
            if info.is_required() and name not in found
        ]
        if missing:
            names = "、".join(f"「{one}」" for one in missing)
            raise _refused(
                "column_missing", f"列{names}がありません。1行目に見出しのあるファイルを選んでください"
            )
        return found


def _text(content: bytes) -> str:
    for encoding in ("utf-8", "cp932"):
        try:
            return content.decode(encoding).removeprefix(BOM)
        except UnicodeDecodeError:
            continue
    raise _refused(
        "encoding_unknown", "文字を読み取れません。UTF-8またはシフトJISのCSVファイルを選んでください"
    )


def _refused(code: str, text: str) -> Refused:
    return Refused(code, text, field="file", status=422)
