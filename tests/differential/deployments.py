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
    environment={"CALOTYPE_V1_ENABLED": "false"},
)

#: Where Glance with several stores keeps what is under way.
RESERVED = {
    f"os_glance_{what}_store": {"filesystem_store_datadir": f"{{folder}}/{what}"} for what in ("staging", "tasks")
}

#: Ours; it is shown.
STEPS = {"filesystem_store_chunk_size": "1048576"}

TWO_STORES = Deployment(
    "two-stores",
    {
        "DEFAULT": {"enabled_backends": "one:file, two:file"},
        "glance_store": {"default_backend": "one"},
        "one": {"filesystem_store_datadir": "{folder}/one", "store_description": "the first", "weight": "1", **STEPS},
        "two": {"filesystem_store_datadir": "{folder}/two", **STEPS},
        **RESERVED,
    },
    ("--store", "one=file:one?description=the first&weight=1", "--store", "two=file:two"),
    {"CALOTYPE_V1_ENABLED": "false"},
)

#: Data at URLs are a store, so that there are two.
SHOWN_LOCATIONS = Deployment(
    "shown-locations",
    {
        "DEFAULT": {"show_multiple_locations": "true", "enabled_backends": "local:file, http:http"},
        "glance_store": {"default_backend": "local"},
        "local": {"filesystem_store_datadir": "{folder}/images"},
        **RESERVED,
    },
    ("--show-multiple-locations", "--http-locations"),
    {"CALOTYPE_V1_ENABLED": "false"},
)

DEPLOYMENTS = (ONE_STORE, TWO_STORES, SHOWN_LOCATIONS)
