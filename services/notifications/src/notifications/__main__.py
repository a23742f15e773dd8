"""``python -m notifications web worker relay``."""

from notifications.main import make
from shared.process.app import run

run(make)
