"""How Litestar gets its `data`: through our own strict decoder, for every handler at once."""

from collections.abc import Generator
from typing import Any, Final

import msgspec
from litestar.connection import ASGIConnection
from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.exceptions import ImproperlyConfiguredException
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from http_adapter import bodies
from http_adapter.problems import ApiProblem

_JSON: Final = "application/json"


class StrictBody(AbstractDTO[Any]):
    """Decodes a handler's `data` with `bodies.decode`. Given to the application, it serves all."""

    def __init__(self, asgi_connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Serve one request."""
        super().__init__(asgi_connection)
        self._sent_as = asgi_connection.scope["state"]["exchange"].header(b"content-type")
        handler: Any = asgi_connection.route_handler
        self._kind: type[msgspec.Struct] = handler.parsed_data_field.annotation

    def decode_bytes(self, value: bytes) -> Any:
        """Return the body as the handler's struct. Raises ApiProblem."""
        sent_as = (self._sent_as or _JSON).partition(";")[0].strip().lower()
        if sent_as != _JSON:
            raise ApiProblem("unsupported-media-type", "the body must be application/json")
        return bodies.decode(value, self._kind)

    @classmethod
    def create_for_field_definition(
        cls,
        field_definition: FieldDefinition,
        handler_id: str,
        backend_cls: Any = None,  # noqa: ARG003 - Litestar's signature
    ) -> None:
        """Refuse at start what `bodies` cannot decode; there is no model of our own to make."""
        if not field_definition.is_subclass_of(msgspec.Struct):
            raise ImproperlyConfiguredException(f"{handler_id} takes no msgspec struct")

    @classmethod
    def create_openapi_schema(
        cls,
        field_definition: FieldDefinition,
        handler_id: str,  # noqa: ARG003 - Litestar's signature
        schema_creator: Any,
    ) -> Reference | Schema:
        """Document the struct itself."""
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    @classmethod
    def generate_field_definitions(
        cls,
        model_type: type[Any],  # noqa: ARG003 - Litestar's signature
    ) -> Generator[DTOFieldDefinition, None, None]:
        """Yield nothing: fields are msgspec's own."""
        yield from ()

    @classmethod
    def detect_nested_field(
        cls,
        field_definition: FieldDefinition,  # noqa: ARG003 - Litestar's signature
    ) -> bool:
        """Tell that no field is treated as nested."""
        return False
