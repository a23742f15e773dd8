"""``python -m proof.simulation``."""

import sys

from proof.simulation.command import main

if __name__ == "__main__":
    sys.exit(main())
