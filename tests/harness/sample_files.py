"""Small files of every kind, as people send them."""

import io
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

WORD = "word/document.xml"


def picture(format: str, size: tuple[int, int] = (40, 20), mode: str = "RGB", **more: Any) -> bytes:  # noqa: A002
    """A picture that is red at the left and blue at the right."""
    made = Image.new("RGB", size, (200, 20, 20))
    made.paste((20, 20, 200), (size[0] // 2, 0, *size))
    file = io.BytesIO()
    made.convert(mode).save(file, format, **more)
    return file.getvalue()


def photo(size: tuple[int, int] = (40, 20), **more: Any) -> bytes:
    """A JPEG of a camera that was held upright, with place and comment."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Secret Camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (35.0, 41.0, 22.0)
    return picture("JPEG", size, exif=exif, comment=b"Secret comment", **more)


def zipped(parts: Mapping[str, str]) -> bytes:
    """A ZIP archive of ``parts``."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def word(**more: str) -> bytes:
    """A document of Word, with ``more`` parts."""
    return zipped({"[Content_Types].xml": "<Types/>", WORD: "<w:document/>", **more})


def older_word(*streams: str) -> bytes:
    """A compound file ([MS-CFB]) with empty ``streams``, at most three: what older programs of Office write."""
    end, free, nobody = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF
    head = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16) + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, end, *[free] * 126)
    folder = b""
    for number, name in enumerate(("Root Entry", *streams)):
        following = number + 1 if 0 < number < len(streams) else nobody
        links = (5 if number == 0 else 2, 1, nobody, following, 1 if number == 0 and streams else nobody)
        written = name.encode("utf-16-le")
        folder += written.ljust(64, b"\0") + struct.pack("<HBB3I", len(written) + 2, *links)
        folder += bytes(36) + struct.pack("<IQ", end, 0)
    return head + table + folder.ljust(512, b"\0")


def opened(content: bytes) -> Image.Image:
    """The picture in ``content``, decoded."""
    made = Image.open(io.BytesIO(content))
    made.load()
    return made
