"""Re-encoding of pictures: only the visible picture is kept.

This removes a camera's metadata (place, time, serial number), hidden content, and content made to attack another
program's decoder. The kept picture is turned upright, in sRGB, and has only the first frame.
"""

import io
import struct
import tempfile
from contextlib import suppress
from typing import BinaryIO

from PIL import Image, ImageCms, ImageOps

_QUALITY = {"JPEG": {"quality": 88, "progressive": True}, "WEBP": {"quality": 88}}
_WITHOUT_TRANSPARENCY = ("JPEG", "BMP")
# What Pillow raises for damaged data, which may be anything that its code did not expect.
_DAMAGED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    struct.error,
)


class PictureRefused(Exception):
    """The picture cannot be read, or is larger than is safe to read. ``code`` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def made_anew(file: BinaryIO, format: str, *, pixels_max: int, side_max: int) -> BinaryIO:  # noqa: A002 - Pillow's word
    """Return the picture in ``file`` as a new temporary file of the same ``format`` (a name of Pillow's).

    A picture with a longer side than ``side_max`` pixels is made smaller. Raises PictureRefused: "picture_too_large"
    above ``pixels_max`` pixels, which is read from its head before any is decoded, and "picture_broken".
    """
    try:
        with Image.open(file, formats=[format]) as picture:
            if picture.width * picture.height > pixels_max:
                raise PictureRefused("picture_too_large")
            # JPEG can be decoded at a half, a quarter or an eighth of its size, which saves memory.
            share = side_max / max(picture.size)
            picture.draft(None, (max(1, int(picture.width * share)), max(1, int(picture.height * share))))
            upright = _upright(picture, format)
        upright.thumbnail((side_max, side_max))
    except Image.DecompressionBombError as error:
        raise PictureRefused("picture_too_large") from error
    except _DAMAGED as error:
        raise PictureRefused("picture_broken") from error
    anew: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        upright.save(anew, format, **_QUALITY.get(format, {}))
        anew.seek(0)
    except BaseException:
        anew.close()
        raise
    return anew


def _upright(picture: Image.Image, format: str) -> Image.Image:  # noqa: A002 - Pillow's word
    profile = picture.info.get("icc_profile")
    # Work in place, and convert only if necessary: each copy of a large picture takes a hundred megabytes.
    picture.load()
    with suppress(*_DAMAGED):  # the metadata are damaged, not the picture: they are not kept anyway
        ImageOps.exif_transpose(picture, in_place=True)
    transparent = picture.has_transparency_data and format not in _WITHOUT_TRANSPARENCY
    mode = "RGBA" if transparent else "RGB"
    shown: Image.Image = picture if picture.mode == mode else picture.convert(mode)
    if profile and picture.mode in ("RGB", "RGBA"):
        shown = _in_srgb(shown, profile)
    shown.info = {}
    return shown


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        ImageCms.profileToProfile(picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), _SRGB, inPlace=True)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # the profile is broken: keep the colours unchanged
    return picture


_SRGB = ImageCms.createProfile("sRGB")
