"""How much a project may have, and has."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holding:
    """*used* of *most* units; *most* None: there is no limit."""

    used: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """What counts against a project's quotas. Source: docs/design/0007-quotas.md."""

    bytes: Holding
    images: Holding
