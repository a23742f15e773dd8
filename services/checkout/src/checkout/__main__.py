"""`python -m checkout web worker relay`, `python -m checkout migrate`."""

from checkout.main import make
from shared.process.app import run

run(make)
