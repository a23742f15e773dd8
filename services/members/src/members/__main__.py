"""``python -m members web worker relay``."""

from members.main import make
from shared.process.app import run

run(make)
