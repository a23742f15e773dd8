"""What may come in: kinds by content, sizes, names; pictures are made anew without their metadata."""

import io
import random
import struct
import zlib
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image, ImageCms

from harness.sample_files import older_word, opened, photo, picture, word, zipped
from shared.errors import Refused
from shared.files.accepts import MEGABYTE, PICTURES, Accepts, Incoming
from shared.files.kinds import BMP, CSV, DOC, DOCX, GIF, JPEG, KINDS, PDF, PNG, TEXT, WEBP
from shared.files.pictures import made_anew

PAPERS = Accepts((TEXT, PDF, DOC, DOCX, replace(JPEG, suffixes=(".jpg",)), GIF, BMP, PNG))
PDF_FILE = b"%PDF-1.7\n1 0 obj\n"


def take(content: bytes, name: str, accepts: Accepts = PAPERS) -> Incoming:
    return accepts.take(io.BytesIO(content), name, len(content), field="attachment", label="添付ファイル")


def refusal(content: bytes, name: str, accepts: Accepts = PAPERS) -> Refused:
    with pytest.raises(Refused) as refused:
        take(content, name, accepts)
    assert refused.value.field == "attachment"
    assert refused.value.message.startswith("添付ファイル")
    return refused.value


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (picture("JPEG"), "写真.jpg", "image/jpeg"),
        (picture("PNG"), "a.PNG", "image/png"),
        (picture("GIF", mode="P"), "a.gif", "image/gif"),
        (picture("BMP"), "a.bmp", "image/bmp"),
        (PDF_FILE, "領収書.pdf", "application/pdf"),
        (word(), "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("髙橋様\r\n\tこんにちは".encode(), "a.txt", "text/plain"),
        ("①お届け先".encode("cp932"), "a.txt", "text/plain"),
        (("x" * 65_535 + "あ").encode(), "split.txt", "text/plain"),
        (older_word("WordDocument"), "a.doc", "application/msword"),
    ],
)
def test_a_file_is_taken_for_what_it_holds(content: bytes, name: str, media_type: str) -> None:
    taken = take(content, name)
    assert (taken.media_type, taken.name) == (media_type, name)
    assert media_type.startswith("image/") or taken.content.read() == content


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"MZ\x90\x00" + b"\0" * 100, "a.exe"),
        (b"MZ\x90\x00" + b"\0" * 100, "a.jpg"),
        (zipped({"a.txt": "a"}), "a.zip"),
        (zipped({"xl/workbook.xml": "<x/>", "[Content_Types].xml": "<x/>"}), "a.docx"),
        (word(**{"word/vbaProject.bin": "macro"}), "a.docx"),
        (b"PK\x03\x04broken", "a.docx"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600, "a.doc"),
        (older_word("Workbook"), "a.doc"),
        (older_word("WordDocument", "Macros"), "a.doc"),
        (picture("JPEG"), "a.jpeg"),
        (picture("JPEG"), "a"),
        (picture("WEBP"), "a.png"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "a.txt"),
        ("\ufeff  <HTML>".encode(), "a.txt"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "a.txt"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a.svg"),
        (b"<html></html>", "a.html"),
        ("text".encode("utf-16"), "a.txt"),
        (b"text\x00", "a.txt"),
        (b"\x81\xff", "a.txt"),
        (b"\x82", "a.txt"),
        (b"a %PDF-1.7", "a.pdf"),
    ],
)
def test_any_other_file_is_refused_with_what_is_allowed(content: bytes, name: str) -> None:
    refused = refusal(content, name)
    assert (refused.code, refused.status) == ("file_kind_refused", 422)
    for allowed in ("テキスト（.txt）", "PDF", "Word（.doc）", "Word（.docx）", "JPEG", "GIF", "BMP", "PNG"):
        assert allowed in refused.message


def test_no_kind_can_run_in_a_browser() -> None:
    assert not [name for name in KINDS if "html" in name or "svg" in name or "xml" in name.split(".")[0]]


def test_ten_megabytes_are_taken_and_a_byte_more_is_not() -> None:
    limit = b"a" * (10 * MEGABYTE)
    assert take(limit, "a.txt").media_type == "text/plain"
    refused = refusal(limit + b"a", "a.txt")
    assert (refused.code, refused.status) == ("file_too_large", 413)
    assert "10MB以内" in refused.message


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"", "a.txt").code == "file_empty"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("C:\\Users\\彩\\写真.jpg", "写真.jpg"),
        ("../../etc/写真.jpg", "写真.jpg"),
        ("  か\u3099.jpg ", "が.jpg"),
        ("a.html.jpg", "a.html.jpg"),
        (f"{'あ' * 96}.jpg", f"{'あ' * 96}.jpg"),
    ],
)
def test_a_name_is_kept_as_text_without_its_folders(sent: str, shown: str) -> None:
    assert take(picture("JPEG"), sent).name == shown


def test_a_name_ends_as_its_content_wants() -> None:
    assert take(picture("PNG"), "a.jpg").name == "a.png"
    assert take(b"a,b\r\n", "a.csv", Accepts((TEXT, CSV))).media_type == "text/csv"
    assert take(b"a,b\r\n", "a.txt", Accepts((CSV, TEXT))).media_type == "text/plain"


@pytest.mark.parametrize(
    "name", ["photo\u202egpj.exe.jpg", "a\x00.jpg", "a\n.jpg", "a\u2066.jpg", "a\ud800.jpg"]
)
def test_a_name_that_deceives_is_refused(name: str) -> None:
    refused = refusal(picture("JPEG"), name)
    assert refused.code == "file_name_refused"
    assert "ファイル名" in refused.message


def test_a_name_without_end_is_refused() -> None:
    assert refusal(picture("JPEG"), f"{'a' * 97}.jpg").code == "file_name_too_long"


def test_a_photo_loses_what_the_camera_wrote_and_stands_upright() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    sent = photo(icc_profile=profile, dpi=(300, 300)) + zipped({"hidden.html": "<script>"})
    kept = take(sent, "a.jpg", PICTURES).content.read()
    made = opened(kept)
    assert made.size == (20, 40)
    assert not dict(made.getexif()) and not {"icc_profile", "comment", "exif"} & made.info.keys()
    for secret in (b"Secret", b"hidden", b"Exif", b"GPS"):
        assert secret not in kept


@pytest.mark.parametrize(
    ("format", "mode"),
    [
        ("PNG", "RGBA"),
        ("PNG", "LA"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("GIF", "P"),
        ("WEBP", "RGBA"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
    ],
)
def test_a_picture_of_any_mode_shows_the_same(format: str, mode: str) -> None:  # noqa: A002
    more: dict[str, Any] = {"lossless": True} if format == "WEBP" else {}
    sent = picture(format, mode=mode, **more)
    kept = take(sent, f"a.{format.lower()}", Accepts((PNG, GIF, WEBP, JPEG)))
    before, after = (opened(each).convert("RGB") for each in (sent, kept.content.read()))
    for place in ((5, 5), (35, 15)):
        was, is_now = before.getpixel(place), after.getpixel(place)
        assert isinstance(was, tuple) and isinstance(is_now, tuple)
        assert max(abs(a - b) for a, b in zip(was, is_now, strict=True)) < 30


def test_transparency_stays_and_text_in_a_picture_goes() -> None:
    see_through, file = Image.new("RGBA", (8, 8), (0, 0, 0, 0)), io.BytesIO()
    see_through.info["comment"] = "Secret"
    see_through.save(file, "PNG")
    made = opened(take(file.getvalue(), "a.png").content.read())
    assert made.getpixel((1, 1)) == (0, 0, 0, 0)


def test_a_moving_picture_keeps_its_first_frame() -> None:
    frames, file = [Image.new("RGB", (8, 8), (n, 0, 0)) for n in range(0, 250, 50)], io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    made = opened(take(file.getvalue(), "a.gif").content.read())
    assert getattr(made, "n_frames", 1) == 1


@pytest.mark.parametrize(
    ("sent", "kept"), [((4000, 2000), (1200, 2400)), ((6000, 4000), (1600, 2400)), ((9000, 1), (1, 2400))]
)
def test_a_large_photo_is_made_smaller(sent: tuple[int, int], kept: tuple[int, int]) -> None:
    assert opened(take(photo(sent), "a.jpg", PICTURES).content.read()).size == kept


def test_a_photo_with_more_pixels_than_cameras_have_is_refused() -> None:
    assert "5,000万画素以内" in refusal(photo((8000, 6300)), "a.jpg").message


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG whose head promises more pixels than it holds."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


@pytest.mark.parametrize("size", [(5001, 2500), (20_000, 626)])
def test_a_picture_with_too_many_pixels_is_refused(size: tuple[int, int]) -> None:
    refused = refusal(png_that_claims(*size), "a.png")
    assert (refused.code, refused.status) == ("picture_too_large", 422)
    assert "1,250万画素以内" in refused.message


def test_a_picture_that_no_library_would_open_is_refused() -> None:
    assert refusal(png_that_claims(60_000, 60_000), "a.png").status == 422


# The turn (90 degrees) and a GPS entry. Each damage makes Pillow fail in another way when it writes the rest.
_EXIF = (
    "45786966 0000 4d4d002a00000008 0003 010f000200000015 00000032 011200030000000100060000 8825000400000001"
    "00000048 00000000 6161616161616161616161616161616161616161 00000002 0001000200000002 4e000000"
    "0002000500000003 00000066 00000000 00000001000000010000000200000001 0000000300000001"
)


@pytest.mark.parametrize("kind", [JPEG, PNG, WEBP], ids=["jpeg", "png", "webp"])
@pytest.mark.parametrize(
    ("whole", "damaged"),
    [
        ("0002000500000003", "0002000100000003"),
        ("010f0002", "01000002"),
        ("00000048 00000000", "00000000 00000000"),
        ("00000002 0001", "000000ff 0001"),
    ],
)
def test_a_photo_with_damaged_metadata_loses_it(kind: Any, whole: str, damaged: str) -> None:
    assert whole in _EXIF
    exif = bytes.fromhex(_EXIF.replace(whole, damaged))
    made = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(made, kind.picture, exif=exif)
    with made_anew(made, kind.picture, pixels_max=1000, side_max=40) as anew, Image.open(anew) as kept:
        assert kept.size == (20, 40)
        assert not kept.getexif()


def test_a_broken_picture_is_refused_and_never_a_failure() -> None:
    dice = random.Random(7)
    samples = [(picture(name), f"a.{name.lower()}") for name in ("JPEG", "PNG", "GIF", "BMP", "WEBP")]
    accepts = Accepts((JPEG, PNG, GIF, BMP, WEBP))
    codes = set()
    for _ in range(400):
        content, name = dice.choice(samples)
        broken = bytearray(content)
        for _ in range(dice.randint(1, 8)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        try:
            take(bytes(broken[: dice.randint(1, len(broken))]), name, accepts)
        except Refused as refused:
            codes.add(refused.code)
    assert {"picture_broken", "file_kind_refused"} <= codes
