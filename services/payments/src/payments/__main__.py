"""``python -m payments web worker relay``."""

from payments.main import make
from shared.process.app import run

run(make)
