"""Argon2id (RFC 9106) away from the event loop, and the same time for a stranger as for a member."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's recommendation: 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
T = TypeVar("T")


class PasswordHasher:
    """Hashes and checks passwords, at most ``threads`` at once, so that a burst cannot take all memory."""

    def __init__(self, threads: int = 2, *, memory_kib: int = _MEMORY_KIB) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=_PASSES, memory_cost=memory_kib, parallelism=_LANES)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._nobodys = self._argon2.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """Return the hash to store."""
        return await self._away(self._argon2.hash, _canonical(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether ``password`` is the one. Without a hash the work is done all the same, for nothing."""
        right = await self._away(self._right, password_hash or self._nobodys, _canonical(password))
        return right and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(password_hash)

    async def close(self) -> None:
        """Let the threads go."""
        await asyncio.to_thread(self._threads.shutdown)

    def _right(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _away(self, work: Callable[..., T], *values: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *values)


def _canonical(password: str) -> str:
    """The same characters from every keyboard (Unicode NFC, as RFC 8265 §4.2 asks)."""
    return unicodedata.normalize("NFC", password)
