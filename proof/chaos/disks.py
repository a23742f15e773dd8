"""Small file systems under broker and database, so that a disk can be really full without filling anybody's.

Each is a file that Linux mounts as a disk (ext4, with an fsync that is one). Only root may mount.
"""

import os
import shutil
import subprocess
from pathlib import Path

from deploy.native.site import CannotRun, Site

# The files are sparse: they take what is written, not what could be.
MEGABYTES = {"rabbitmq": 4000, "postgres": 3000}
# A page of each: below this, nothing that grows can be written any more.
FULL_BYTES_MAX = 64 * 1024
NEEDED = "needs root, and a system that mounts files as disks"


class Disks:
    """The small disks of one installation; they are there between :meth:`mount` and :meth:`unmount`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @staticmethod
    def possible() -> bool:
        """Tell whether disks can be mounted here."""
        tools = all(shutil.which(name) for name in ("mount", "umount", "mkfs.ext4"))
        return tools and hasattr(os, "geteuid") and os.geteuid() == 0 and Path("/dev/loop-control").exists()

    def folder(self, name: str) -> Path:
        """Where the disk of ``rabbitmq`` or ``postgres`` is mounted: their folder for data."""
        return self._site.data / name

    def mounted(self, name: str) -> bool:
        """Tell whether the folder is a disk of its own."""
        return self.folder(name).is_mount()

    def mount(self) -> None:
        """Lay an empty disk under each; nothing may run there yet. Where mounting fails, they have none."""
        images = self._site.home / "disks"
        images.mkdir(parents=True, exist_ok=True)
        for name, megabytes in MEGABYTES.items():
            image, folder = images / name, self.folder(name)
            image.unlink(missing_ok=True)
            with image.open("wb") as stream:
                stream.truncate(megabytes * 2**20)
            folder.mkdir(parents=True, exist_ok=True)
            made = _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
            if made and _run("mount", "-o", "loop", str(image), str(folder)):
                # PostgreSQL wants an empty folder that nobody else can read.
                (folder / "lost+found").rmdir()
                folder.chmod(0o700)

    def unmount(self) -> None:
        """Take the disks away with all that is on them; nothing may run there any more. Raises CannotRun."""
        for name in MEGABYTES:
            if self.mounted(name) and not _run("umount", "-l", str(self.folder(name))):
                raise CannotRun(f"{self.folder(name)} cannot be unmounted")
        shutil.rmtree(self._site.home / "disks", ignore_errors=True)

    def free_bytes(self, name: str) -> int:
        """How much can still be written."""
        told = os.statvfs(self.folder(name))
        return told.f_bavail * told.f_frsize

    def fill(self, name: str, *, leave_bytes: int = 0) -> None:
        """Take what is free on a disk, but for so many bytes."""
        wanted = self.free_bytes(name) - leave_bytes
        taken = sum(file.stat().st_size for file in self._fillers(name))
        filler = self.folder(name) / f"filler-{taken}"
        with filler.open("wb") as stream:
            while wanted > 0:
                try:
                    os.posix_fallocate(stream.fileno(), 0, wanted)
                    break
                except OSError:
                    # The disk keeps some for its own tables, or somebody wrote meanwhile.
                    wanted = min(wanted - 4096, self.free_bytes(name) - leave_bytes)

    def empty(self, name: str) -> None:
        """Give back what :meth:`fill` took."""
        for file in self._fillers(name):
            file.unlink()

    def _fillers(self, name: str) -> list[Path]:
        return list(self.folder(name).glob("filler-*"))


def _run(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
