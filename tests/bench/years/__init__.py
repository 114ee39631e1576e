"""Five school years of a national programme, made up: to see the pages and measure them with.

1,500 schools in 12 regions, 2,000 companies, 60,000 pupils and 3,000 sessions a year, two million
visits, with what goes wrong in practice: no-shows, networks that let nothing through, corrections,
lessons nobody confirmed. The oldest year is as retention leaves it. Everything follows from the
seed, the scale and the day it is made for.

    python -m tests.bench.years --database URL --scale 0.02

fills the database of an installation (of `make run` while it runs: the address in the file
`database-url` of PORTHOLE_HOME; its user has to be a superuser, as ours is) with a programme
`five-years` of a fiftieth of that, in some seconds; scale 1 takes minutes. It says at the end who
can sign in. Never on data that matters: the programme is not taken away again.
"""
