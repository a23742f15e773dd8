"""``python -m members web worker relay``."""

from members.main import make
from shared.app import run

run(make)
