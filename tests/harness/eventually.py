"""Waiting for what happens elsewhere: an assertion is tried again until it holds or the time is up."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def eventually(check: Callable[[], Any], *, seconds: float = 10, every: float = 0.05) -> Any:
    """Run ``check`` (plain or async) until it neither fails nor returns False; return what it returned.

    After ``seconds`` the last failure is raised as it is.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            result = check()
            if inspect.isawaitable(result):
                result = await result
            if result is False:
                raise AssertionError(f"{check} is still false after {seconds} s")
            return result
        except Exception:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(every)
