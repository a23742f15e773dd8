"""Argon2id (RFC 9106) away from the event loop, and the same time for a stranger as for a member.

All passwords that an account ever had are hashed with the salt of its first one. So one hash tells whether a
new password is any of them (MEM-22), however long the history is. Salts still differ from account to account,
which is what they are for; that within one account equal passwords would have equal hashes tells nobody anything,
because they are refused.
"""

import asyncio
import base64
import unicodedata
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret

# OWASP's recommendation: 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
T = TypeVar("T")


class PasswordHasher:
    """Hashes and checks passwords, at most ``threads`` at once, so that a burst cannot take all memory."""

    def __init__(self, threads: int = 2, *, memory_kib: int = _MEMORY_KIB) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=_PASSES, memory_cost=memory_kib, parallelism=_LANES)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._nobodys = self._argon2.hash("nobody has this password")

    async def hash(self, password: str, *, salt_of: str | None = None) -> str:
        """Return the hash to store; with the salt of ``salt_of``, an earlier hash of the same account."""
        return await self._away(self._hash, _canonical(password), _salt(salt_of) if salt_of else None)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether ``password`` is the one. Without a hash the work is done all the same, for nothing."""
        right = await self._away(self._right, password_hash or self._nobodys, _canonical(password))
        return right and password_hash is not None

    async def any_of(self, hashes: Collection[str], password: str) -> bool:
        """Tell whether ``password`` is one of several; hashes with one salt cost no more than one hash."""
        known = set(hashes)
        for one in {password_hash.rpartition("$")[0]: password_hash for password_hash in known}.values():
            if await self._away(self._again, one, _canonical(password)) in known:
                return True
        return False

    def outdated(self, password_hash: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(password_hash)

    async def close(self) -> None:
        """Let the threads go."""
        await asyncio.to_thread(self._threads.shutdown)

    def _hash(self, password: str, salt: bytes | None) -> str:
        return self._argon2.hash(password, salt=salt)

    def _again(self, like: str, password: str) -> str:
        """Return the hash of ``password`` with salt and parameters of ``like``."""
        made = argon2.extract_parameters(like)
        return hash_secret(
            password.encode(),
            _salt(like),
            time_cost=made.time_cost,
            memory_cost=made.memory_cost,
            parallelism=made.parallelism,
            hash_len=made.hash_len,
            type=made.type,
            version=made.version,
        ).decode()

    def _right(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _away(self, work: Callable[..., T], *values: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *values)


def _canonical(password: str) -> str:
    """The same characters from every keyboard (Unicode NFC, as RFC 8265 §4.2 asks)."""
    return unicodedata.normalize("NFC", password)


def _salt(password_hash: str) -> bytes:
    """Return the salt of an encoded hash: base64 without padding, the last but one of its parts."""
    encoded = password_hash.split("$")[-2]
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4))
