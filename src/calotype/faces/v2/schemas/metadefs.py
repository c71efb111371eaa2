"""Schemas of metadata definitions, which clients load whether or not anything is defined.

Words: a *namespace* holds *objects*, *properties* and *tags*, and is associated with *resource types*.
Source: openstack/glance:api-ref/source/v2/metadefs-schemas.inc.
"""

from collections.abc import Sequence

from calotype.faces.v2.schemas.shapes import Schema, array, flag, page, read_only, text

_LONGEST_NAME = 80

#: Named so that the pieces can mention each other; those of JSON Schema's own definition have its names.
_NUMBERS_AND_LISTS: Schema = {
    "positiveInteger": {"type": "integer", "minimum": 0},
    "positiveIntegerDefault0": {"allOf": [{"$ref": "#/definitions/positiveInteger"}, {"default": 0}]},
    "stringArray": array({"type": "string"}, uniqueItems=True),
}

_COUNT: Schema = {"$ref": "#/definitions/positiveInteger"}
_COUNT_FROM_0: Schema = {"$ref": "#/definitions/positiveIntegerDefault0"}
_TEXTS: Schema = {"$ref": "#/definitions/stringArray"}
_PROPERTIES: Schema = {"$ref": "#/definitions/property"}

_TYPE = text("The type of its values.", enum=["array", "boolean", "integer", "number", "object", "string", None])

_RULES: Schema = {
    "title": text("What people read."),
    "type": _TYPE,
    "description": text("What it means."),
    "operators": array({"type": "string"}, "How its values may be compared."),
    "required": _TEXTS,
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "minLength": _COUNT_FROM_0,
    "maxLength": _COUNT,
    "pattern": text("A regular expression that its values match.", format="regex"),
    "enum": {"type": "array"},
    "readonly": flag("Whether only services set it."),
    "default": {},
    "items": {"type": "object", "properties": {"type": _TYPE, "enum": {"type": "array"}}},
    "minItems": _COUNT_FROM_0,
    "maxItems": _COUNT,
    "uniqueItems": flag("Whether no item may come twice.", default=False),
    "additionalItems": flag("Whether there may be items that nothing is said of."),
}

_DEFINITIONS: Schema = {
    **_NUMBERS_AND_LISTS,
    "property": {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["title", "type"],
            "properties": {"name": text("Its key.", maxLength=_LONGEST_NAME), **_RULES},
        },
    },
}

_TIMES: Schema = {
    "created_at": read_only(text("When it was made.", format="date-time")),
    "updated_at": read_only(text("When it was changed last.", format="date-time")),
}

_ADDRESSES: Schema = {
    "self": read_only(text("Where this is.")),
    "schema": read_only(text("What this is.")),
}


def _one(name: str, required: Sequence[str], properties: Schema, definitions: Schema | None = None) -> Schema:
    """One thing called *name*, which has nothing but *properties*."""
    named = {"definitions": definitions} if definitions else {}
    return {
        "name": name, "additionalProperties": False, "required": list(required), "properties": properties, **named
    }  # fmt: skip


def _listed(name: str, item: Schema) -> Schema:
    """A page of *item*; what its pieces mention is defined where the whole begins."""
    definitions = {"definitions": item["definitions"]} if "definitions" in item else {}
    alone = {key: value for key, value in item.items() if key != "definitions"}
    return {**page(name, alone), **definitions}


_NAME = text("Its name.", maxLength=_LONGEST_NAME)
_RESOURCE_TYPE: Schema = {
    "name": _NAME,
    "prefix": text("What stands before the keys there, with the separator.", maxLength=_LONGEST_NAME),
    "properties_target": text("Which of its metadata are meant, where it has several.", maxLength=_LONGEST_NAME),
}
_OBJECT: Schema = {
    "name": _NAME,
    "description": text("What it means."),
    "required": _TEXTS,
    "properties": _PROPERTIES,
}
_TAG: Schema = {"name": _NAME}

_namespace = _one(
    "namespace",
    ["namespace"],
    {
        "namespace": text("Its name, of which there is no other.", maxLength=_LONGEST_NAME),
        "display_name": text("What people read.", maxLength=_LONGEST_NAME),
        "description": text("What it is for.", maxLength=500),
        "visibility": text("Who may see it.", enum=["public", "private"]),
        "protected": flag("While true, it cannot be deleted."),
        "owner": text("The project it belongs to.", maxLength=255),
        "resource_type_associations": array({"type": "object", "properties": _RESOURCE_TYPE}),
        "properties": _PROPERTIES,
        "objects": array({"type": "object", "properties": _OBJECT}),
        "tags": array({"type": "object", "properties": _TAG}),
        **_TIMES,
        **_ADDRESSES,
    },
    _DEFINITIONS,
)
_resource_type = _one("resource_type_association", ["name"], {**_RESOURCE_TYPE, **_TIMES})
_property = _one("property", ["type", "title", "name"], {"name": _NAME, **_RULES}, _NUMBERS_AND_LISTS)
_object = _one("object", ["name"], {**_OBJECT, **_TIMES, **_ADDRESSES}, _DEFINITIONS)
_tag = _one("tag", ["name"], {**_TAG, **_TIMES})


def _by_name(item: Schema) -> Schema:
    """The list of properties, an object in which each stands under its name."""
    listed = _listed("properties", item)
    alone = listed["properties"]["properties"]["items"]
    alone["required"] = [name for name in alone["required"] if name != "name"]
    listed["properties"]["properties"] = {"type": "object", "additionalProperties": alone}
    return listed


#: By the last part of their paths.
SCHEMAS: dict[str, Schema] = {
    "namespace": _namespace,
    "namespaces": _listed("namespaces", _namespace),
    "resource_type": _resource_type,
    "resource_types": _listed("resource_type_associations", _resource_type),
    "property": _property,
    "properties": _by_name(_property),
    "object": _object,
    "objects": _listed("objects", _object),
    "tag": _tag,
    "tags": _listed("tags", _tag),
}
