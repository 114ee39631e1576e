"""`python -m tests.bench.years --database URL [--scale 0.02]`: see the package's own words."""

import argparse
import asyncio
from datetime import UTC, date, datetime

from tests.bench.years.make import PASSWORD, make


def main() -> None:
    """Fills the database and says who can sign in."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench.years", description=__doc__)
    asked.add_argument("--database", required=True, help="the address of the database")
    asked.add_argument("--scale", type=float, default=1.0)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--purged", type=int, default=1, help="how many of the years are purged")
    asked.add_argument("--today", type=date.fromisoformat, default=datetime.now(UTC).date())
    wanted = asked.parse_args()
    made = asyncio.run(
        make(
            wanted.database,
            scale=wanted.scale,
            seed=wanted.seed,
            today=wanted.today,
            purged=wanted.purged,
        )
    )
    for table, rows in made.rows.items():
        print(f"{table:26} {rows:>9,}")
    print(f"made in {made.seconds:.0f} s; {made.checked} results checked by the product's own rule")
    print("bureau@, coordinator-1@ to coordinator-12@, editor-1@five-years.example sign in with")
    print(f"the password: {PASSWORD}")


main()
