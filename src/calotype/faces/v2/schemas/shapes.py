"""The pieces that schemas are made of."""

from typing import Any

Schema = dict[str, Any]
"""A JSON schema, or a part of one, as it is sent."""

#: How the reference writes an id.
UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

#: v1 takes ids without hyphens too, and its images are v2's all the same.
IMAGE_ID = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32})$"


def text(description: str, **rules: Any) -> Schema:
    return {"type": "string", "description": description, **rules}


def text_or_null(description: str, **rules: Any) -> Schema:
    return {"type": ["null", "string"], "description": description, **rules}


def number(description: str, **rules: Any) -> Schema:
    return {"type": "integer", "description": description, **rules}


def flag(description: str, **rules: Any) -> Schema:
    return {"type": "boolean", "description": description, **rules}


def array(items: Schema, description: str = "", **rules: Any) -> Schema:
    described = {"description": description} if description else {}
    return {"type": "array", **described, "items": items, **rules}


def read_only(schema: Schema) -> Schema:
    """*schema*, of what only the service says."""
    return {**schema, "readOnly": True}


def links(**targets: str) -> list[dict[str, str]]:
    """Each relation, and the property that holds its address."""
    return [{"rel": relation, "href": f"{{{name}}}"} for relation, name in targets.items()]


def page(name: str, item: Schema) -> Schema:
    """A list of *item* in pages, under *name*."""
    properties = {
        name: array(item),
        "first": text("The first page."),
        "next": text("The page after this one, if this one is full."),
        "schema": text("What this is."),
    }
    return {"name": name, "properties": properties, "links": links(first="first", next="next", describedby="schema")}


def whole_list(name: str, item: Schema) -> Schema:
    """A list of *item* that comes whole, under *name*."""
    properties = {name: array(item), "schema": text("What this is.")}
    return {"name": name, "properties": properties, "links": links(describedby="schema")}
