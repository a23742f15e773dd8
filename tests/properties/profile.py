"""How long property tests run: a moment in `make test`, always the same stories; long in `make properties`.

The long profile draws new stories each time and keeps those that failed, so that they are tried first the
next time. ``PROPERTIES=long`` chooses it.
"""

import os

from hypothesis import HealthCheck, Phase, settings

LONG = os.environ.get("PROPERTIES") == "long"
_SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def stories(*, short: int, steps: int = 30, long: int = 2_000) -> settings:
    """Return settings for ``short`` stories of ``steps`` steps, or ``long`` of 60 in the long profile."""
    if LONG:
        return settings(
            max_examples=long,
            stateful_step_count=60,
            deadline=None,
            print_blob=True,
            suppress_health_check=_SLOW_IS_FINE,
        )
    return settings(
        max_examples=short,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=_SLOW_IS_FINE,
    )
