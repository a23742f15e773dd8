"""``python -m notifications web worker relay``."""

from notifications.main import make
from shared.app import run

run(make)
