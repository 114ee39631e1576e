"""One verb for every migration: run the plain SQL file that stands beside the stub."""

from pathlib import Path

from alembic import op


def run(stub: str) -> None:
    """Runs `NNNN_what.sql` beside the stub `NNNN_what.py`, several statements at once.

    SQLAlchemy's asyncpg dialect prepares statements and so takes one at a time; the raw
    connection's simple protocol takes the whole file.
    """
    text = Path(stub).with_suffix(".sql").read_text(encoding="utf-8")
    raw = op.get_bind().connection.dbapi_connection
    raw.run_async(lambda connection: connection.execute(text))  # type: ignore[union-attr]
