"""The corpus: stories by subject, made from the tables of what v2 answers."""

from stories import Story

from . import (
    actions,
    creation,
    data,
    discovery,
    errors,
    filters,
    locations,
    members,
    pages,
    patch_syntax,
    patching,
    showing,
    stores,
    tags,
    versions,
)

#: By the name of the deployment that they are for.
STORIES: dict[str, list[Story]] = {
    "one-store": [
        *versions.STORIES,
        *creation.STORIES,
        *showing.STORIES,
        *filters.STORIES,
        *pages.STORIES,
        *patching.STORIES,
        *patch_syntax.STORIES,
        *data.STORIES,
        *actions.STORIES,
        *members.STORIES,
        *tags.STORIES,
        *discovery.STORIES,
        *errors.STORIES,
        *locations.POSTED,
    ],
    "two-stores": stores.STORIES,
    "shown-locations": locations.SHOWN,
}
