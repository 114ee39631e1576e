"""purge proofs"""

from server.schema import sql

revision = "0108"
down_revision = "0107"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
