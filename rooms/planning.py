"""How the database plans the queries of a transaction, where its own choice takes too long."""

from rooms.connection import Connection


async def anew(conn: Connection) -> None:
    """From here on each query is planned for its own filters, to the transaction's end or
    `as_usual`: a plan for any of them reads five years to show one."""
    await conn.execute("set local plan_cache_mode = force_custom_plan")


async def as_usual(conn: Connection) -> None:
    """What is looked up by ids needs no plan of its own each time."""
    await conn.execute("set local plan_cache_mode = auto")


async def for_few(conn: Connection) -> None:
    """From here on queries are planned once, for few ids: of thousands the planner would read
    whole tables, and to plan many joins takes longer than to look up a page of rows."""
    await conn.execute("set local plan_cache_mode = force_generic_plan")
