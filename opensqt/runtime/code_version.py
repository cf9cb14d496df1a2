"""Which code this is: its version and a digest of its source, for what must be decided again by the same code."""

import functools
import hashlib
from pathlib import Path

import opensqt

GENERATED = "v1"
DIGITS = 12


@functools.cache
def code_version() -> str:
    """Return version and digest of the package, like `0.3.0+5f1c0a9be2d4`; it reads each file once a process."""
    root = Path(opensqt.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).parts[0] != GENERATED:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return f"{opensqt.__version__}+{digest.hexdigest()[:DIGITS]}"
