"""Wait until health checks answer 200, and say clearly which did not."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from deploy.native.site import CannotRun

READY_SECONDS_MAX = 90
ANSWER_SECONDS_MAX = 3
PAUSE_SECONDS = 0.3


def answers(url: str) -> bool:
    """Whether the address answers with a 2xx status now."""
    return not _complaint(url)


def wait_until_ready(checks: dict[str, str], *, logs: str, seconds_max: float = READY_SECONDS_MAX) -> None:
    """Return when every check (name -> address) answers 2xx; raise CannotRun naming each that is late."""
    deadline = time.monotonic() + seconds_max
    waiting = dict(checks)
    while True:
        with ThreadPoolExecutor(max_workers=len(checks) or 1) as pool:
            complaints = dict(zip(waiting, pool.map(_complaint, waiting.values()), strict=True))
        waiting = {name: url for name, url in waiting.items() if complaints[name]}
        if not waiting:
            return
        if time.monotonic() > deadline:
            reasons = "; ".join(f"{name}: {complaints[name]}" for name in waiting)
            raise CannotRun(f"not ready after {seconds_max:.0f} s: {reasons}. Logs: {logs}")
        time.sleep(PAUSE_SECONDS)


def _complaint(url: str) -> str:
    """Why the address is not ready, or nothing."""
    try:
        # Local addresses only: a proxy of the environment must not be asked about them.
        answer = httpx.get(url, timeout=ANSWER_SECONDS_MAX, trust_env=False)
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return "" if answer.is_success else f"{answer.status_code} {answer.text[:300]}"
