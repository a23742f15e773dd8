"""Argon2id (RFC 9106) outside the event loop. Unknown and known accounts take the same time.

All passwords of an account are hashed with the salt of its first one. One hash therefore shows whether a new password
equals any of them (MEM-22), however long the history is. Salts still differ between accounts, which is their purpose.
Within one account, equal passwords are refused, so equal hashes reveal nothing.
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
    """Hashes and checks passwords, at most ``threads`` at once, so that a burst cannot use up the memory."""

    def __init__(self, threads: int = 2, *, memory_kib: int = _MEMORY_KIB) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=_PASSES, memory_cost=memory_kib, parallelism=_LANES)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._nobodys = self._argon2.hash("nobody has this password")

    async def hash(self, password: str, *, salt_of: str | None = None) -> str:
        """Return the hash to store. With ``salt_of``, an earlier hash of the same account, use its salt."""
        return await self._away(self._hash, _canonical(password), _salt(salt_of) if salt_of else None)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether ``password`` is correct. Without a hash, compute one anyway to take the same time."""
        right = await self._away(self._right, password_hash or self._nobodys, _canonical(password))
        return right and password_hash is not None

    async def any_of(self, hashes: Collection[str], password: str) -> bool:
        """Return whether ``password`` is one of several. Hashes with one salt cost only one computation."""
        known = set(hashes)
        for one in {password_hash.rpartition("$")[0]: password_hash for password_hash in known}.values():
            if await self._away(self._again, one, _canonical(password)) in known:
                return True
        return False

    def outdated(self, password_hash: str) -> bool:
        """Return whether the hash was made with other parameters than the present ones."""
        return self._argon2.check_needs_rehash(password_hash)

    async def close(self) -> None:
        """Stop the threads."""
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
    """Return the password in Unicode NFC (RFC 8265 §4.2), so that all keyboards give the same characters."""
    return unicodedata.normalize("NFC", password)


def _salt(password_hash: str) -> bytes:
    """Return the salt of an encoded hash: its second last part, base64 without padding."""
    encoded = password_hash.split("$")[-2]
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4))
