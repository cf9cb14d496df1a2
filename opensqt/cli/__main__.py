"""`python -m opensqt.cli`. Nothing else."""

import sys

from opensqt.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
