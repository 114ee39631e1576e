"""The document of `demo --json`. Outside checks read it: fields are added, never changed."""

from uuid import UUID

import msgspec


class Named(msgspec.Struct, frozen=True):
    """A programme or a region; `slug` only where there is one."""

    id: UUID
    name: str
    slug: str = ""


class SchoolTold(msgspec.Struct, frozen=True):
    """A school with its region today."""

    id: UUID
    country: str
    scheme: str
    code: str
    name: str
    place: str
    region: str
    mail_domain: str


class ClassTold(msgspec.Struct, frozen=True):
    """A class with its code; `link` is the path behind its QR."""

    id: UUID
    name: str
    level: str
    code: str
    link: str
    school: str
    teacher: str
    pupils: int


class CompanyTold(msgspec.Struct, frozen=True):
    """A company of the programme."""

    id: UUID
    slug: str
    name: str
    region: str


class PersonTold(msgspec.Struct, frozen=True):
    """A person with what she signs in with. `at`: region, company or school code of the role."""

    id: UUID
    role: str
    name: str
    email: str
    password: str
    token: str
    at: str
    try_this: str


class ProgrammeTold(msgspec.Struct, frozen=True):
    """One programme with everybody in it."""

    programme: Named
    regions: tuple[Named, ...]
    schools: tuple[SchoolTold, ...]
    companies: tuple[CompanyTold, ...]
    classes: tuple[ClassTold, ...]
    persons: tuple[PersonTold, ...]


class TourTold(msgspec.Struct, frozen=True):
    """The published tour: its page and its film, as paths under `base_url`."""

    id: UUID
    slug: str
    title: str
    path: str
    video: UUID
    master: str


class Document(msgspec.Struct, frozen=True):
    """All of it."""

    base_url: str
    programme: Named
    regions: tuple[Named, ...]
    schools: tuple[SchoolTold, ...]
    companies: tuple[CompanyTold, ...]
    classes: tuple[ClassTold, ...]
    persons: tuple[PersonTold, ...]
    tour: TourTold
    second_programme: ProgrammeTold
    room: str
    """The path of a live room that is open."""

    webinar: str = ""
    """The path of a webinar that is still to come."""

    invitation: str = ""
    """The path of a teacher's invitation that waits for a company's answer."""
