"""How PostgreSQL plans statements, chosen for each role or transaction (decision 0010), and limits of sessions.

For short statements that find their rows by an index, planning costs more than running: their plans are kept. For a
statement that reads much of a table, the plan must know the values and the present size of the table.
"""

from dataclasses import dataclass
from typing import Literal

LIMITS = {
    "statement_timeout": "30000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "60000",
    "timezone": "UTC",
}
"""Milliseconds, except for the time zone."""


@dataclass(frozen=True, slots=True)
class Planning:
    """Settings of PostgreSQL's planner.

    ``plans`` says whether a plan is made for the present values or kept for all values. ``whole_tables`` says whether a
    plan may read a whole table in sequence. A kept plan must not do so: a plan from the time when a table was small
    would read all of it after it has grown.
    """

    plans: Literal["force_generic_plan", "force_custom_plan"]
    whole_tables: bool

    def settings(self) -> dict[str, str]:
        """Return the settings of a session."""
        return {
            "plan_cache_mode": self.plans,
            "enable_seqscan": "on" if self.whole_tables else "off",
            # Compiling a plan takes longer than running any of our statements.
            "jit": "off",
        }

    def for_transaction(self) -> str:
        """Return the statement that makes these the settings of the transaction that is open."""
        settings = self.settings().items()
        return "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings)


SHORT = Planning("force_generic_plan", whole_tables=False)
"""For consumers, due work and pages of buyers: short statements, each of which finds its rows by an index."""
SEARCH = Planning("force_custom_plan", whole_tables=False)
"""For a page of search results: the newest rows first if many match, the index of words if few match."""
LONG = Planning("force_custom_plan", whole_tables=True)
"""For exports, reports, counts and tools: a statement that reads much of a table reads it in sequence."""
