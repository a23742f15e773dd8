"""How much memory the embedded PostgreSQL may use follows from the machine."""

import pytest

from deploy.native.postgres import memory_settings

GIB = 2**30


@pytest.mark.parametrize(
    ("memory", "buffers", "cache"),
    [(1 * GIB, "96MB", "512MB"), (16 * GIB, "1024MB", "4096MB"), (256 * GIB, "4096MB", "65536MB")],
)
def test_the_server_takes_a_sixteenth_of_memory_within_bounds(memory: int, buffers: str, cache: str) -> None:
    assert memory_settings(memory) == {"shared_buffers": buffers, "effective_cache_size": cache}
