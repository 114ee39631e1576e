"""Writes the demo's people down, as often as one likes: what is there already stays."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from rooms.agenda import objectives
from rooms.errors import NotThere
from rooms.people import (
    api_tokens,
    classes,
    companies,
    networks,
    persons,
    programmes,
    regions,
    registry,
    roles,
    schools,
)
from rooms.people.networks import Kind
from rooms.people.programmes import Programme
from rooms.scope import Grant, Scope
from server import passwords
from server.database import Connection
from server.demo import cast, keys
from server.demo.cast import Cast, Part
from server.demo.told import ClassTold, CompanyTold, Named, PersonTold, ProgrammeTold, SchoolTold

# Any number: it only has to be ours. Two runs at once take turns.
PEOPLE_LOCK = 0x0F0F_7069
KEY_NAME = "demo"
PLACED_SINCE = date(2020, 8, 1)


@dataclass(slots=True)
class _Stage:
    """One programme while its people are written down; `places` leads from names to ids."""

    conn: Connection
    secret: bytes
    programme: Programme
    now: datetime
    places: dict[str, UUID] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """What the bureau sees."""
        return Scope(self.programme.id, None, (Grant("bureau"),))


async def seed(
    conn: Connection, secret: bytes, now: datetime, *, resets: bool = True
) -> tuple[ProgrammeTold, ProgrammeTold]:
    """Both programmes with everybody in them. The caller owns the transaction.

    `resets`: a password that was changed is set back, which costs a check of each; without it
    only new people, and all after a change of the secret, get their passwords.
    """
    await conn.execute("select pg_advisory_xact_lock($1)", PEOPLE_LOCK)
    main, apart = [await _programme(conn, secret, each, now, resets) for each in cast.CASTS]
    await registry.note(conn, now, "demo")
    return main, apart


async def _programme(
    conn: Connection, secret: bytes, play: Cast, now: datetime, resets: bool
) -> ProgrammeTold:
    programme = await _find_or_create(conn, play)
    stage = _Stage(conn, secret, programme, now)
    await _objectives(stage, play)
    places = tuple([await _region(stage, name) for name in play.regions])
    schools_told = tuple([await _school(stage, school) for school in play.schools])
    companies_told = tuple([await _company(stage, company) for company in play.companies])
    await _networks(stage, play)
    return ProgrammeTold(
        programme=Named(programme.id, programme.name, programme.slug),
        regions=places,
        schools=schools_told,
        companies=companies_told,
        persons=tuple([await _person(stage, part, resets) for part in play.parts]),
        classes=tuple([await _class(stage, play, each) for each in play.classes]),
    )


async def _find_or_create(conn: Connection, play: Cast) -> Programme:
    try:
        return await programmes.by_slug(conn, play.slug)
    except NotThere:
        return await programmes.create(
            conn, slug=play.slug, name=play.name, is_public=play.is_public
        )


async def _objectives(stage: _Stage, play: Cast) -> None:
    """Those of the play, unless the office has written any down already."""
    if await objectives.every(stage.conn, stage.scope):
        return
    for number, names in enumerate(play.objectives):
        made_at = stage.now + timedelta(microseconds=number)  # they stand in this order
        await objectives.create(stage.conn, stage.scope, names, made_at)


async def _region(stage: _Stage, name: str) -> Named:
    region = await regions.find_or_create(stage.conn, stage.scope, name)
    stage.places[name] = region.id
    return Named(region.id, name)


async def _school(stage: _Stage, school: cast.School) -> SchoolTold:
    school_id = await schools.put(
        stage.conn,
        country="NL",
        scheme="brin",
        code=school.code,
        name=school.name,
        place=school.place,
        levels=school.levels,
        mail_domains=[school.domain],
    )
    region_id = stage.places[school.region]
    await schools.place(stage.conn, stage.scope, school_id, region_id, PLACED_SINCE)
    stage.places[school.code] = school_id
    return SchoolTold(
        school_id,
        "NL",
        "brin",
        school.code,
        school.name,
        school.place,
        school.region,
        school.domain,
    )


async def _company(stage: _Stage, company: cast.Company) -> CompanyTold:
    there = {each.name: each for each in await companies.every(stage.conn, stage.scope)}
    found = there.get(company.name) or await companies.create(
        stage.conn,
        stage.scope,
        name=company.name,
        about=company.about,
        place=company.place,
        region_id=stage.places[company.region],
    )
    stage.places[company.name] = found.id
    return CompanyTold(found.id, found.slug, found.name, company.region)


async def _networks(stage: _Stage, play: Cast) -> None:
    """Those of the play, unless the office has made any already."""
    if await networks.every(stage.conn, stage.scope, stage.now.date()):
        return
    for wanted in play.networks:
        made = await networks.create(stage.conn, stage.scope, wanted.name, stage.now)
        for kind, names in ((Kind.SCHOOL, wanted.schools), (Kind.COMPANY, wanted.companies)):
            ids = [stage.places[name] for name in names]
            await networks.join(stage.conn, stage.scope, made.id, kind, ids, PLACED_SINCE)


async def _person(stage: _Stage, part: Part, resets: bool) -> PersonTold:
    person = await persons.find_or_create(stage.conn, part.email, part.name, part.language)
    stage.places[part.email] = person.id
    await _give_role(stage, part, person.id)
    password, token = keys.password(stage.secret, part.email), keys.token(stage.secret, part.email)
    is_new = await api_tokens.put(stage.conn, stage.scope, person.id, token, KEY_NAME)
    if is_new or (resets and not await _fits(stage.conn, part.email, password)):
        hashed = await passwords.hashed(password)
        await persons.set_password_hash(stage.conn, person.id, hashed)
    return PersonTold(
        person.id, part.role, person.name, part.email, password, token, part.at, part.try_this
    )


async def _fits(conn: Connection, email: str, password: str) -> bool:
    found = await persons.credentials(conn, email)
    return found is not None and await passwords.fits(found.password_hash, password)


async def _give_role(stage: _Stage, part: Part, person_id: UUID) -> None:
    at = stage.places.get(part.at)
    is_school, is_company = part.role == "teacher", part.role in {"editor", "presenter"}
    await roles.give(
        stage.conn,
        stage.scope,
        person_id,
        part.role,
        school_id=at if is_school else None,
        company_id=at if is_company else None,
        region_id=None if is_school or is_company else at,
    )


async def _class(stage: _Stage, play: Cast, wanted: cast.Class) -> ClassTold:
    part = next(part for part in play.parts if part.email == wanted.teacher)
    school_id = stage.places[part.at]
    teacher = Scope(
        stage.programme.id,
        stage.places[part.email],
        (Grant("teacher", school_id=school_id),),
    )
    found = next(
        (each for each in await _this_year(stage, teacher) if each.name == wanted.name), None
    ) or await classes.create(
        stage.conn,
        teacher,
        school_id,
        wanted.name,
        wanted.level,
        wanted.grade,
        wanted.subject,
        wanted.pupils,
        stage.now,
    )
    return ClassTold(
        found.id,
        found.name,
        found.level,
        found.code,
        f"/j/{found.link_token}",
        part.at,
        part.email,
        wanted.pupils,
    )


async def _this_year(stage: _Stage, teacher: Scope) -> list[classes.Class]:
    """Her classes whose code still works: next school year the demo has new ones."""
    today = stage.now.date()
    return [each for each in await classes.mine(stage.conn, teacher) if each.code_until >= today]
