"""Schemas of a task and of a list of tasks, which clients load whether or not they make any.

Source: openstack/glance:api-ref/source/v2/tasks-schemas.inc.
"""

from calotype.faces.v2.schemas.shapes import UUID, Schema, read_only, text, text_or_null, whole_list

TASK: Schema = {
    "name": "task",
    "properties": {
        "id": text("Names the task.", pattern=UUID),
        "type": text("What it does.", enum=["import", "api_image_import", "location_import"]),
        "status": text("How far it is.", enum=["pending", "processing", "success", "failure"]),
        "input": {"type": ["null", "object"], "description": "What it was given."},
        "result": {"type": ["null", "object"], "description": "What came of it, once it has ended well."},
        "owner": text("The project it works for."),
        "message": text("What people should know, above all why it failed."),
        "image_id": text("The image it works on."),
        "request_id": text("The request that asked for it."),
        "user_id": text("Who asked for it."),
        "expires_at": text_or_null("When it may be forgotten, once it has ended."),
        "created_at": text("When it was asked for, in UTC."),
        "updated_at": text("When it changed last, in UTC."),
        "self": read_only(text("Where this task is.")),
        "schema": read_only(text("What this is.")),
    },
}

#: What a list leaves out of a task.
_ONLY_ALONE = {"input", "result", "message", "image_id", "request_id", "user_id"}

_STUB: Schema = {
    "name": "task",
    "properties": {name: rule for name, rule in TASK["properties"].items() if name not in _ONLY_ALONE},
}

TASKS = whole_list("tasks", _STUB)
