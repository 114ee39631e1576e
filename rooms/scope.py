"""Whose eyes a query sees with: one programme, and what its person may do there."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Grant:
    """One role a person holds in one programme, with the part of it that it covers.

    `region_id`, `company_id`, `school_id`: what the role is limited to; a coordinator without a
    region has the whole programme. `is_confirmed` is False for a teacher whose school has not
    yet said that she is theirs.
    """

    role: str
    region_id: UUID | None = None
    company_id: UUID | None = None
    school_id: UUID | None = None
    is_confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Scope:
    """The second argument of every query of programme data.

    A query filters on `programme_id` always, and on the ids below as far as its verb asks:
    what is outside the scope is not there.
    """

    programme_id: UUID
    person_id: UUID | None = None
    grants: tuple[Grant, ...] = ()

    def has(self, *roles: str) -> bool:
        """Whether the person holds one of `roles` in this programme."""
        return any(grant.role in roles for grant in self.grants)

    @property
    def sees_all(self) -> bool:
        """Whether the whole programme is this person's to see."""
        return self.has("bureau", "operator") or any(
            grant.role == "coordinator" and grant.region_id is None for grant in self.grants
        )

    @property
    def company_ids(self) -> list[UUID]:
        """Companies she works for."""
        return [grant.company_id for grant in self.grants if grant.company_id is not None]

    @property
    def region_ids(self) -> list[UUID]:
        """Regions she coordinates."""
        return [
            grant.region_id
            for grant in self.grants
            if grant.role == "coordinator" and grant.region_id is not None
        ]

    @property
    def school_ids(self) -> list[UUID]:
        """Schools she teaches at, confirmed or not."""
        return [grant.school_id for grant in self.grants if grant.school_id is not None]
