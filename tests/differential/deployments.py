"""What both services are set up as: the same choices in the words of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Deployment:
    """*glance*: sections of glance-api.conf, in which {folder} is a folder of its own. *calotype*: flags, likewise."""

    name: str
    glance: Mapping[str, Mapping[str, str]]
    calotype: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


ONE_STORE = Deployment(
    "one-store",
    {"glance_store": {"stores": "file", "default_store": "file", "filesystem_store_datadir": "{folder}/images"}},
)

DEPLOYMENTS = (ONE_STORE,)
