"""The small disks of `make chaos` are really full when it says so, and gone when it says so."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.native.site import Site
from proof.chaos.disks import FULL_BYTES_MAX, Disks

pytestmark = pytest.mark.skipif(not Disks.possible(), reason="mounting needs root")


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    made = Disks(Site(home=tmp_path))
    made.mount()
    if not made.mounted("postgres"):
        pytest.skip("this system mounts no files as disks")
    yield made
    made.unmount()


def test_a_full_disk_takes_nothing_more_until_it_is_emptied(disks: Disks) -> None:
    file = disks.folder("postgres") / "data"
    disks.fill("postgres")

    assert disks.free_bytes("postgres") < FULL_BYTES_MAX
    with pytest.raises(OSError, match="space") as refused:
        file.write_bytes(b"x" * 1_000_000)
    assert refused.value.errno == errno.ENOSPC

    disks.empty("postgres")
    file.write_bytes(b"x" * 1_000_000)


def test_what_is_to_stay_free_stays_free(disks: Disks) -> None:
    disks.fill("rabbitmq", leave_bytes=10_000_000)

    assert 9_000_000 < disks.free_bytes("rabbitmq") < 11_000_000


def test_each_has_a_disk_of_its_own_which_goes_with_its_files(disks: Disks) -> None:
    disks.fill("postgres")
    assert disks.free_bytes("rabbitmq") > 1_000_000_000
    (disks.folder("rabbitmq") / "data").write_text("x")

    disks.unmount()

    assert not disks.mounted("rabbitmq")
    assert not (disks.folder("rabbitmq") / "data").exists()
