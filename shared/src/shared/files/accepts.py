"""Which files a field accepts: kinds, sizes, and the checks before a file is kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from shared.errors import Refused
from shared.files.kinds import GIF, JPEG, PNG, WEBP, FileKind
from shared.files.pictures import PictureRefused, made_anew
from shared.text.plain_text import TextRefused, line

MEGABYTE = 1024 * 1024
NAME_LENGTH_MAX = 100
_SIGNS_OF_LETTER_MAX = 3  # in a name from macOS, which is decomposed (NFD)
_TIMES_FOR_JPEG = 4


@dataclass
class Incoming:
    """A file that may be kept: its content from the beginning, its media type, and its name to be shown."""

    content: BinaryIO
    media_type: str
    name: str

    def close(self) -> None:
        """Close the content. This deletes its temporary file."""
        self.content.close()


@dataclass(frozen=True)
class Accepts:
    """The files that a field accepts. ``bytes_max`` is the limit of each received file, inclusive.

    ``pixels_max`` bounds the memory that a picture takes while it is read, up to 16 bytes for each pixel (WebP). A
    JPEG may have four times as many: a JPEG of that size is decoded at half its size, at 3 bytes for each pixel.
    ``side_max`` is the longest side, in pixels, of a picture that is kept.
    """

    kinds: Sequence[FileKind]
    bytes_max: int = 10 * MEGABYTE
    files_max: int = 1
    pixels_max: int = 12_500_000
    side_max: int = 2400

    def take(self, content: BinaryIO, name: str, size: int, *, field: str, label: str) -> Incoming:
        """Check a file of ``size`` bytes and return the file to keep.

        It blocks its thread, so call it in a thread of its own.

        Raises Refused (422 or 413) with ``field``; ``label`` is its name in the message. The suffix of the name must be
        one of an accepted kind, and the content must be of that kind. A picture with the suffix of another picture kind
        is accepted, and its suffix is corrected.
        """
        shown = _shown(name, field, label)
        if size == 0:
            raise Refused(
                "file_empty", f"{label}のファイルが空です。選び直してください", field=field, status=422
            )
        if size > self.bytes_max:
            text = f"{label}は{self.bytes_max // MEGABYTE}MB以内のファイルを選んでください"
            raise Refused("file_too_large", text, field=field, status=413)
        kind = self._kind_of(content, PurePosixPath(shown).suffix.lower())
        if kind is None:
            allowed = "、".join(kind.label for kind in self.kinds)
            text = f"{label}に使えないファイルです。使える形式：{allowed}"
            raise Refused("file_kind_refused", text, field=field, status=422)
        if kind.picture:
            content = self._picture(content, kind, field, label)
        return Incoming(content, kind.media_type, _with_suffix(shown, kind))

    def _kind_of(self, content: BinaryIO, suffix: str) -> FileKind | None:
        """Return the kind that suffix and content agree on. A picture may have the suffix of another picture kind."""
        named = [kind for kind in self.kinds if suffix in kind.suffixes]
        pictures = (
            [kind for kind in self.kinds if kind.picture] if any(kind.picture for kind in named) else []
        )
        for kind in (*named, *pictures):
            content.seek(0)
            if kind.fits(content):
                content.seek(0)
                return kind
        return None

    def _picture(self, content: BinaryIO, kind: FileKind, field: str, label: str) -> BinaryIO:
        pixels_max = self.pixels_max * (_TIMES_FOR_JPEG if kind.picture == JPEG.picture else 1)
        try:
            return made_anew(content, kind.picture, pixels_max=pixels_max, side_max=self.side_max)
        except PictureRefused as refused:
            text = f"{label}の画像を読み取れません。別の画像を選んでください"
            if refused.code == "picture_too_large":
                text = f"{label}の画像は{pixels_max // 10_000:,}万画素以内にしてください"
            raise Refused(refused.code, text, field=field, status=422) from None


PICTURES = Accepts((JPEG, PNG, WEBP, GIF))
"""Pictures, such as those of goods."""


def _shown(name: str, field: str, label: str) -> str:
    """Return the file name to show: the last part of the sent name. It is never used as a path."""
    last = re.split(r"[/\\]", name)[-1].strip()
    too_long = Refused(
        "file_name_too_long",
        f"{label}のファイル名は{NAME_LENGTH_MAX}文字以内にしてください",
        field=field,
        status=422,
    )
    if len(last) > _SIGNS_OF_LETTER_MAX * NAME_LENGTH_MAX:
        raise too_long
    try:
        shown = line(last)
    except TextRefused as refused:
        text = (
            f"{label}のファイル名に使用できない文字（{refused.found}）があります。名前を変えてお送りください"
        )
        raise Refused("file_name_refused", text, field=field, status=422) from None
    if len(shown) > NAME_LENGTH_MAX:
        raise too_long
    return shown


def _with_suffix(shown: str, kind: FileKind) -> str:
    path = PurePosixPath(shown)
    return shown if path.suffix.lower() in kind.suffixes else f"{path.stem}{kind.suffixes[0]}"
