"""What the embedded PostgreSQL is set to: memory by the machine, no rows in its log."""

from pathlib import Path

import pytest

from deploy.native.postgres import SETTINGS, memory_settings

GIB = 2**30


@pytest.mark.parametrize(
    ("memory", "buffers", "cache"),
    [(1 * GIB, "96MB", "512MB"), (16 * GIB, "1024MB", "4096MB"), (256 * GIB, "4096MB", "65536MB")],
)
def test_the_server_takes_a_sixteenth_of_memory_within_bounds(memory: int, buffers: str, cache: str) -> None:
    assert memory_settings(memory) == {"shared_buffers": buffers, "effective_cache_size": cache}


def test_no_server_of_ours_logs_the_rows_of_a_failed_statement() -> None:
    compose = Path(__file__).parents[2] / "docker-compose.yml"
    assert SETTINGS["log_error_verbosity"] == "terse"
    assert "log_error_verbosity=terse" in compose.read_text()
