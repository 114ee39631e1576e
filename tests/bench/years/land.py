"""The land: regions, schools and companies with their people and tours, as each year finds them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_OID, uuid5

from rooms.people.codes import ALPHABET
from tests.bench.years.sheets import Book
from tests.bench.years.sizes import REGIONS, Sizes

SLUG = "five-years"
ZONE = "Europe/Amsterdam"
LEVELS = ("po", "vmbo", "havo", "vwo", "mbo")
SECTORS = ("high_tech", "ict", "energy", "health", "building", "agrofood", "logistics", "chemistry")
SUBJECTS = ("technology", "physics", "chemistry", "biology", "geography", "computer science")
PLACES = ("Zuiderveen", "Oosterwolde", "Lindehaven", "Marsdorp", "Kerkhoven", "Waterland", "Dalem")
NAMES = ("Noorder", "Zuider", "Linden", "Delta", "Meridiaan", "Vecht", "Rijn", "Duin", "Ster")
KINDS = ("college", "lyceum", "school", "mavo", "campus")
WORKS = ("Staal", "Zuivel", "Optiek", "Kabel", "Chips", "Scheepsbouw", "Pompen", "Wind", "Zaden")
FIRST = ("Anna", "Bram", "Chris", "Dina", "Emre", "Fatima", "Gijs", "Hanna", "Ilse", "Joris")
LAST = ("Bakker", "de Boer", "Visser", "Smit", "Meijer", "Yilmaz", "Bos", "Vos", "Peters", "Kok")
NETWORKS = tuple(f"Netwerk {name}" for name in ("Noord", "Oost", "Zuid", "West", "Kust", "Maas"))
# What the office wants to reach, by language as it typed them; the last of them until `MOVED_ON`.
OBJECTIVES: tuple[dict[str, str], ...] = (
    {"en": "Get to know work in technology", "nl": "Kennismaken met werk in techniek"},
    {"en": "More girls in technology", "nl": "Meer meisjes in techniek"},
    {"nl": "Van vmbo naar mbo in de regio"},
    {"en": "Climate and energy", "nl": "Klimaat en energie"},
)
# Where a school moved to another region in the middle of it all.
MOVED_ON = date(2024, 8, 1)
LONG_AGO = date(2015, 8, 1)
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class School:
    """A school and the region it was in: until `MOVED_ON`, and from then on."""

    id: str
    number: int
    levels: tuple[str, ...]
    before: str
    since: str

    def region_on(self, day: date) -> str:
        """The region's id on a day."""
        return self.before if day < MOVED_ON else self.since


@dataclass(frozen=True, slots=True)
class Company:
    """A company; its presenter's address is `presenter_email`."""

    id: str
    name: str
    region: str
    editor: str
    presenter: str
    presenter_name: str
    presenter_email: str
    sector: str

    def sectors(self, number: int) -> tuple[list[str], str]:
        """(sectors, main one) of the `number`th that is made: each third is of two, and counts
        under the one that was chosen then; '' where there is nothing to choose."""
        if number % 3:
            return [self.sector], ""
        second = SECTORS[(SECTORS.index(self.sector) + 1) % len(SECTORS)]
        return [self.sector, second], second if number % 2 else self.sector


@dataclass(frozen=True, slots=True)
class Tour:
    """A published tour with its film."""

    id: str
    version: str
    company: Company
    film_ms: int
    published_on: date


@dataclass(slots=True)
class Land:
    """Everything that is there before a lesson takes place."""

    programme: str
    today: date
    rng: random.Random
    book: Book
    sizes: Sizes
    regions: list[str] = field(default_factory=list)
    schools: list[School] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)
    tours: list[Tour] = field(default_factory=list)
    objectives: list[str] = field(default_factory=list)
    bureau: str = ""
    coordinators: list[str] = field(default_factory=list)
    # Of a school, by its number.
    teachers: dict[int, list[str]] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    # (company, class) of requests that wait.
    asked: set[tuple[str, str]] = field(default_factory=set)
    made_visits: int = 0

    def uid(self) -> str:
        """A new id."""
        return f"{self.rng.getrandbits(128):032x}"

    def hash(self) -> str:
        """What stands for a token's hash."""
        return f"\\x{self.rng.getrandbits(256):064x}"

    def code(self) -> str:
        """A class code that no other class has."""
        while True:
            code = "".join(self.rng.choices(ALPHABET, k=6))
            if code not in self.codes:
                self.codes.add(code)
                return code

    def person(self, address: str, *, password_hash: str | None = None) -> str:
        """A new person at an address of the programme's own made-up domain."""
        key = self.uid()
        self.book.persons.add(
            key, f"{address}@five-years.example", self.a_name(), "nl", password_hash, self.begin
        )
        return key

    def a_name(self) -> str:
        """First and last name."""
        return f"{self.rng.choice(FIRST)} {self.rng.choice(LAST)}"

    def role(
        self,
        person: str,
        role: str,
        *,
        region: str | None = None,
        company: str | None = None,
        school: str | None = None,
        is_confirmed: bool = True,
        since: datetime | None = None,
    ) -> None:
        """Gives a person a role."""
        self.book.roles.add(
            self.uid(),
            self.programme,
            person,
            role,
            region,
            company,
            school,
            is_confirmed,
            since or self.begin,
        )

    def objective_on(self, day: date, number: int) -> str | None:
        """What the `number`th that is published that day serves; each fifth serves none of them."""
        known = self.objectives if day < MOVED_ON else self.objectives[:-1]
        return None if number % 5 == 2 else known[number % len(known)]

    @property
    def purged_ms(self) -> int:
        """When retention was there last: the night before."""
        return (self.today - date(1970, 1, 1)).days * 86_400_000 - 22 * 3_600_000

    @property
    def begin(self) -> datetime:
        """Before anything took place."""
        return datetime(2020, 8, 1, tzinfo=UTC)


def settle(land: Land, password_hash: str | None) -> None:
    """Regions, the office, schools, companies and tours; `password_hash`: of the office."""
    land.bureau = land.person("bureau", password_hash=password_hash)
    land.role(land.bureau, "bureau")
    for number, name in enumerate(REGIONS, 1):
        region = land.uid()
        land.book.regions.add(land.programme, region, name)
        land.regions.append(region)
        coordinator = land.person(f"coordinator-{number}", password_hash=password_hash)
        land.role(coordinator, "coordinator", region=region)
        land.coordinators.append(coordinator)
    for number in range(land.sizes.schools):
        land.schools.append(_school(land, number))
    for number in range(land.sizes.companies):
        land.companies.append(_company(land, number, password_hash if number == 0 else None))
    _networks(land)
    _objectives(land)
    for number in range(land.sizes.tours):
        land.tours.append(_tour(land, number))


def _networks(land: Land) -> None:
    """Two of each three schools are in one, some moved to another; a company of five."""
    made = [land.uid() for _ in NETWORKS]
    for network, name in zip(made, NETWORKS, strict=True):
        land.book.networks.add(land.programme, network, name, land.begin)
    for school in land.schools:
        if school.number % 3 == 0:
            continue
        here, next_one = (made[(school.number + step) % len(made)] for step in (0, 1))
        moves = school.number % 20 == 1
        _stay(land, here, school.id, None, LONG_AGO, MOVED_ON if moves else None)
        if moves:
            _stay(land, next_one, school.id, None, MOVED_ON, None)
    for number, company in enumerate(land.companies):
        if number % 5 == 0:
            _stay(land, made[number // 5 % len(made)], None, company.id, LONG_AGO, None)


def _objectives(land: Land) -> None:
    for number, names in enumerate(OBJECTIVES):
        is_last = number == len(OBJECTIVES) - 1
        key = str(uuid5(NAMESPACE_OID, f"{land.programme} {names['nl']}"))
        ended = datetime.combine(MOVED_ON, time(), UTC) if is_last else None
        land.book.objectives.add(
            land.programme, key, names, land.begin + timedelta(minutes=number), ended
        )
        land.objectives.append(key)


def _stay(
    land: Land,
    network: str,
    school: str | None,
    company: str | None,
    since: date,
    until: date | None,
) -> None:
    key = str(uuid5(NAMESPACE_OID, f"{network} {school or company} {since}"))
    land.book.network_members.add(land.programme, key, network, school, company, since, until)


def _school(land: Land, number: int) -> School:
    rng, key = land.rng, land.uid()
    levels = ("po",) if number % 5 == 4 else tuple(rng.sample(LEVELS[1:4], rng.randint(1, 3)))
    before = since = land.regions[number % len(land.regions)]
    if number % 40 == 7:
        since = land.regions[(number + 1) % len(land.regions)]
    name = f"{rng.choice(NAMES)}{rng.choice(KINDS)} {number + 1}"
    land.book.schools.add(
        key,
        "NL",
        "brin",
        f"{number // 676 + 10:02d}{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}00",
        name,
        rng.choice(PLACES),
        list(levels),
        [f"school-{number}.example"],
        land.begin,
    )
    moves = before != since
    land.book.school_regions.add(land.programme, key, before, LONG_AGO, MOVED_ON if moves else None)
    if moves:
        land.book.school_regions.add(land.programme, key, since, MOVED_ON, None)
    return School(key, number, levels, before, since)


def _company(land: Land, number: int, password_hash: str | None) -> Company:
    rng, key = land.rng, land.uid()
    region = land.regions[number % len(land.regions)]
    name = f"{rng.choice(LAST)} {rng.choice(WORKS)} {number + 1}"
    state = "asked" if number % 100 == 99 else "active"
    land.book.companies.add(
        land.programme,
        key,
        f"company-{number + 1}",
        name,
        "A company that opens its doors.",
        rng.choice(PLACES),
        region,
        state,
        land.begin,
    )
    editor = land.person(f"editor-{number + 1}", password_hash=password_hash)
    land.role(editor, "editor", company=key)
    presenter, address = land.uid(), f"presenter-{number + 1}@five-years.example"
    presenter_name = land.a_name()
    land.book.persons.add(presenter, address, presenter_name, "nl", None, land.begin)
    land.role(presenter, "presenter", company=key)
    if number % 20:
        vetted = land.today - timedelta(days=rng.randrange(30, 900))
        land.book.presenter_checks.add(
            land.programme, presenter, vetted if number % 9 else None, land.begin
        )
    return Company(
        key, name, region, editor, presenter, presenter_name, address, rng.choice(SECTORS)
    )


def _tour(land: Land, number: int) -> Tour:
    rng, book = land.rng, land.book
    company = land.companies[number * 7 % len(land.companies)]
    key, video, version, upload = (land.uid() for _ in range(4))
    made = land.begin + timedelta(days=rng.randrange(0, 1500))
    published = (made + timedelta(days=rng.randrange(3, 20))) if number % 25 != 24 else None
    film_ms = rng.randrange(4 * MINUTE_MS, 16 * MINUTE_MS)
    book.uploads.add(
        land.programme, upload, company.id, company.editor, "film.mp4", "used", made, made
    )
    book.videos.add(land.programme, video, company.id, version, made)
    book.versions.add(
        land.programme,
        version,
        video,
        upload,
        "film.mp4",
        "ready",
        f"videos/{version}",
        film_ms,
        film_ms,
        1280,
        720,
        made,
        made,
    )
    sectors, main_sector = company.sectors(number)
    book.tours.add(
        land.programme,
        key,
        company.id,
        video,
        f"tour-{number + 1}",
        "published" if published else "review",
        sectors,
        rng.sample(LEVELS, 2),
        [rng.choice(SUBJECTS)],
        company.editor,
        made,
        land.today + timedelta(days=rng.randrange(5, 800)),
        company.region,
        company.editor,
        made,
        made,
        made if published else land.today - timedelta(days=rng.randrange(0, 9)),
        published,
        land.objective_on(published.date(), number) if published else None,
        main_sector if published else "",
    )
    book.tour_texts.add(
        land.programme, key, "nl", f"Kijk binnen bij {company.name}", "Een dag in het bedrijf."
    )
    return Tour(key, version, company, film_ms, (published or datetime.max).date())
