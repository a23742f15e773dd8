"""`python -m checkout web worker relay`, `python -m checkout migrate`."""

from checkout.main import make
from shared.app import run

run(make)
