"""What is generated from the code is what is checked in, and events keep their promises."""

import copy
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tradecore.messages import schemas
from tradecore.messages.topics import TOPICS

GENERATOR = Path(__file__).parents[2] / "docs" / "generate.py"
PAGES: dict[Path, str] = runpy.run_path(str(GENERATOR))["pages"]()

Schema = dict[str, Any]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_generated_file_is_up_to_date(page: Path) -> None:
    message = "run `.venv/bin/python docs/generate.py` and look at the difference"
    assert page.exists(), message
    assert page.read_text("utf-8") == PAGES[page], message


def test_no_schema_file_is_left_over(root: Path) -> None:
    assert set((root / "docs/schemas").glob("*.v1.json")) == {
        path for path in PAGES if path.suffix == ".json"
    }


def payload(schema: Schema) -> Schema:
    found: Schema = schema["$defs"]["OrderPayload"]
    return found


def remove(schema: Schema) -> None:
    del payload(schema)["properties"]["reason"]


def retype(schema: Schema) -> None:
    payload(schema)["properties"]["order_version"] = {"type": "string"}


def demand(schema: Schema) -> None:
    payload(schema)["properties"]["strategy"] = {"type": "string"}
    payload(schema)["required"].append("strategy")


def make_optional(schema: Schema) -> None:
    payload(schema)["required"].remove("status")


def close(schema: Schema) -> None:
    payload(schema)["additionalProperties"] = False


def rename_in_the_envelope(schema: Schema) -> None:
    envelope = schema["$defs"]["Envelope_OrderPayload_"]["properties"]
    envelope["number"] = envelope.pop("sequence")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (remove, "event.payload.reason is gone"),
        (retype, "event.payload.order_version is another type"),
        (demand, "event.payload.strategy is required and was not"),
        (make_optional, "event.payload.status may be missing now"),
        (close, "event.payload is bound by other rules"),
        (rename_in_the_envelope, "event.sequence is gone"),
    ],
)
def test_an_incompatible_change_is_refused(change: Callable[[Schema], None], told: str) -> None:
    old = schemas.generate("orders.updated")
    new = copy.deepcopy(old)
    change(new)

    assert told in schemas.incompatibilities(old, new)


def add_optional(schema: Schema) -> None:
    payload(schema)["properties"]["strategy"] = {"type": "string"}


def describe(schema: Schema) -> None:
    payload(schema)["description"] = "Said better."
    payload(schema)["properties"]["reason"]["title"] = "Why"


def rename_the_type(schema: Schema) -> None:
    schema["$defs"]["OrderBody"] = schema["$defs"].pop("OrderPayload")
    envelope = schema["$defs"]["Envelope_OrderPayload_"]["properties"]
    envelope["payload"] = {"$ref": "#/$defs/OrderBody"}


@pytest.mark.parametrize("change", [add_optional, describe, rename_the_type])
def test_a_compatible_change_is_allowed(change: Callable[[Schema], None]) -> None:
    old = schemas.generate("orders.updated")
    new = copy.deepcopy(old)
    change(new)

    assert schemas.incompatibilities(old, new) == []


def test_every_field_of_an_event_is_in_its_schema() -> None:
    for name, topic in TOPICS.items():
        properties = schemas.generate(name)["$defs"][topic.payload.__name__]["properties"]
        assert set(properties) == set(topic.payload.__struct_fields__), name
