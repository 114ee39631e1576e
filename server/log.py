"""One way of logging for every process: one line an event, to standard error."""

import logging
import sys


def set_up(process: str, level: int = logging.INFO) -> None:
    """Sends all logging to standard error, each line named by its process.

    Access lines stay off: they would hold the addresses of pupils' devices.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("uvicorn.error").addFilter(_has_no_address)
    for noisy in ("uvicorn.access", "alembic", "pgqueuer"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _has_no_address(record: logging.LogRecord) -> bool:
    """uvicorn's lines about sockets begin with who came, whatever is said of access lines."""
    return '"WebSocket ' not in str(record.msg)
