"""``python -m payments web worker relay``."""

from payments.main import make
from shared.app import run

run(make)
