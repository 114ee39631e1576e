"""Python's search for objects that only hold one another: rare where a process serves many."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# After so many objects that came and did not go the young ones are looked through, and of so many
# such rounds one looks at older ones. Every event that a thousand pages are told, and every few
# pictures of a presenter, reaches the interpreter's own 700: a sixth of all CPU of the room's
# process went there, a thirtieth of the live one's.
YOUNG_OBJECTS, ROUNDS = 50_000, 20


@contextmanager
def not_while_loading() -> Iterator[None]:
    """While modules are loaded everything comes and nothing goes: to look for what may be thrown
    away meanwhile takes a quarter of a web process's start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def look_seldom() -> None:
    """To be called when everything is loaded: what is there by now stays, and is looked at never.

    A collection that walks through all of it holds up every page and every picture.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, ROUNDS, ROUNDS)
