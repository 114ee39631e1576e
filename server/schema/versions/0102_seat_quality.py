"""seat quality"""

from server.schema import sql

revision = "0102"
down_revision = "0101"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
