"""Where a live process is asked. Apart, so that who asks need not load what forwards pictures."""

import hashlib
import os
import tempfile
from pathlib import Path

# The kernel's limit for the path of a unix socket.
LONGEST_PATH_BYTES = 107


def address_for(home: Path, port: int) -> Path:
    """Where the live process on this port is asked; a short path under the temporary folder when
    `home` lies too deep for the kernel."""
    path = home / f"live-{port}.sock"
    if len(os.fsencode(path)) <= LONGEST_PATH_BYTES:
        return path
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"porthole-{os.getuid()}-{mark}" / path.name
