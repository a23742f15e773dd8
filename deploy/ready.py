"""Wait until everything works, and report what does not."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import httpx

from deploy.native.site import CannotRun

ANSWER_SECONDS_MAX = 3
PAUSE_SECONDS = 0.3


def answers(url: str) -> bool:
    """Whether the address answers with a 2xx status now."""
    return not _complaint(url)


def complaints(checks: Mapping[str, str]) -> dict[str, str]:
    """Name -> what is wrong, of each check (name -> address) that does not answer 2xx now."""
    with ThreadPoolExecutor(max_workers=len(checks) or 1) as pool:
        found = dict(zip(checks, pool.map(_complaint, checks.values()), strict=True))
    return {name: complaint for name, complaint in found.items() if complaint}


def shop_complaints(origin_url: str) -> dict[str, str]:
    """What keeps shoppers from buying: checkout learns only after its start which payment methods there are."""
    try:
        answer = _client().get(f"{origin_url}/api/checkout/methods", params={"total": 1000})
    except httpx.HTTPError as error:
        return {"shop": f"no answer ({type(error).__name__})"}
    if not answer.is_success:
        return {"shop": str(answer.status_code)}
    return {} if answer.json() else {"shop": "no payment method on the menu yet"}


def wait_until_ready(ask: Callable[[], Mapping[str, str]], *, seconds_max: float, logs: str) -> None:
    """Return when `ask` has nothing to complain about; raise CannotRun with its complaints when time is up."""
    deadline = time.monotonic() + seconds_max
    while found := ask():
        if time.monotonic() > deadline:
            reasons = "; ".join(f"{name}: {complaint}" for name, complaint in found.items())
            raise CannotRun(f"not ready after {seconds_max:.0f} s: {reasons}. Logs: {logs}")
        time.sleep(PAUSE_SECONDS)


@cache
def _client() -> httpx.Client:
    """One client for all: making one costs more than a question. Local addresses need no proxy."""
    return httpx.Client(timeout=ANSWER_SECONDS_MAX, trust_env=False)


def _complaint(url: str) -> str:
    """Why the address is not ready, or nothing."""
    try:
        answer = _client().get(url)
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return "" if answer.is_success else f"{answer.status_code} {answer.text[:300]}"
