"""seats of sign-ins"""

from server.schema import sql

revision = "0130"
down_revision = "0129"


def upgrade() -> None:
    """Runs the SQL beside this file."""
    sql.run(__file__)
