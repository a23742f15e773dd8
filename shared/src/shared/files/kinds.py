"""Recognizes kinds of files by their content, not by the browser's type or the file name.

No kind can run code in a browser (HTML, SVG). Text that looks like such a file is refused.
"""

import codecs
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import olefile
from PIL import Image

_LOOKS_LIKE_A_PAGE = re.compile(rb"<\s*(?:!doctype|\?xml|html|head|body|script|iframe|svg)\b", re.IGNORECASE)
# All control characters except tab, line ends, form feed, and the end mark (1A) that old programs write after a text.
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class FileKind:
    """A kind of file: media type, name for people, suffixes (the first is used), and a test that recognizes it.

    ``picture`` is the name of its format in Pillow, for pictures.
    """

    media_type: str
    label: str
    suffixes: tuple[str, ...]
    fits: Callable[[BinaryIO], bool]
    picture: str = ""


def _picture(media_type: str, label: str, suffixes: tuple[str, ...]) -> FileKind:
    def fits(file: BinaryIO) -> bool:
        try:
            Image.open(file, formats=[label])
        except Image.DecompressionBombError:
            return True  # such a picture, and too large to be read
        except (OSError, ValueError, SyntaxError):
            return False
        return True

    return FileKind(media_type, label, suffixes, fits, picture=label)


def _is_pdf(file: BinaryIO) -> bool:
    return file.read(5) == b"%PDF-"


def _is_docx(file: BinaryIO) -> bool:
    """Return whether the file is a Word document in Office Open XML without macros."""
    try:
        with zipfile.ZipFile(file) as parts:
            names = set(parts.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return {"[Content_Types].xml", "word/document.xml"} <= names and "word/vbaProject.bin" not in names


def _is_doc(file: BinaryIO) -> bool:
    """Return whether the file is a Word document in the older format without macros."""
    if not olefile.isOleFile(file):
        return False
    file.seek(0)
    try:
        with olefile.OleFileIO(file) as parts:
            return bool(parts.exists("WordDocument")) and not parts.exists("Macros")
    except (OSError, ValueError, IndexError):
        return False


def _is_text(file: BinaryIO) -> bool:
    """Return whether the file is text in UTF-8 or CP932 and not a page for a browser."""
    readers = [codecs.getincrementaldecoder(encoding)() for encoding in ("utf-8", "cp932")]
    begins = True
    while chunk := file.read(_CHUNK_BYTES):
        if (begins and _LOOKS_LIKE_A_PAGE.search(chunk, 0, 1024)) or _CONTROLS.search(chunk):
            return False
        begins = False
        readers = [reader for reader in readers if _decodes(reader, chunk)]
    return any(_decodes(reader, b"", final=True) for reader in readers)


def _decodes(reader: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        reader.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


JPEG = _picture("image/jpeg", "JPEG", (".jpg", ".jpeg"))
PNG = _picture("image/png", "PNG", (".png",))
GIF = _picture("image/gif", "GIF", (".gif",))
WEBP = _picture("image/webp", "WEBP", (".webp",))
BMP = _picture("image/bmp", "BMP", (".bmp",))
PDF = FileKind("application/pdf", "PDF", (".pdf",), _is_pdf)
DOC = FileKind("application/msword", "Word（.doc）", (".doc",), _is_doc)
DOCX = FileKind(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "Word（.docx）",
    (".docx",),
    _is_docx,
)
TEXT = FileKind("text/plain", "テキスト（.txt）", (".txt",), _is_text)
CSV = FileKind("text/csv", "CSV", (".csv",), _is_text)

KINDS = {kind.media_type: kind for kind in (JPEG, PNG, GIF, WEBP, BMP, PDF, DOC, DOCX, TEXT, CSV)}
