"""The control route: `/sim/...`, which the real venue does not have.

GET    /sim/state          clock, addresses, rules, accounts
GET    /sim/faults         rules with their hits
POST   /sim/faults         a rule -> {"id"}
DELETE /sim/faults[/ID]    one rule, or all
POST   /sim/actions        a deed, by its `action`
POST   /sim/scenario       a scenario, played from now on
POST   /sim/seed           {"seed"}: chance starts anew
"""

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from binance_sim.engine.errors import VenueError
from binance_sim.faults.actions import AnyAction
from binance_sim.faults.rules import Rule
from binance_sim.faults.scenario import Scenario
from binance_sim.wire.deeds import perform, play
from binance_sim.wire.failures import Failure

if TYPE_CHECKING:
    from binance_sim.wire.server import Server

PREFIX: Final = "/sim/"
_encode: Final = msgspec.json.Encoder().encode


class _Seed(msgspec.Struct, forbid_unknown_fields=True):
    seed: int


class Control:
    """Answers the control route of one server."""

    def __init__(self, server: "Server") -> None:
        self._server = server

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Return the answer; faults of the request are told in words."""
        try:
            status, answer = HTTPStatus.OK, self._obey(request, await request.read())
        except (VenueError, Failure) as error:
            status, answer = HTTPStatus.CONFLICT, {"error": f"{error.code} {error.message}"}
        except (msgspec.MsgspecError, ValueError, ArithmeticError, AssertionError) as error:
            status, answer = HTTPStatus.UNPROCESSABLE_ENTITY, {"error": str(error)}
        except LookupError as error:
            status, answer = HTTPStatus.NOT_FOUND, {"error": f"there is no {error}"}
        return web.Response(
            body=_encode(answer), status=status, headers={"Content-Type": "application/json"}
        )

    def _obey(self, request: web.BaseRequest, body: bytes) -> object:
        server, board = self._server, self._server.faults
        what, _, number = request.path.removeprefix(PREFIX).partition("/")
        match request.method, what:
            case "GET", "state":
                return self._state()
            case "GET", "faults":
                return self._rules()
            case "POST", "faults":
                return {"id": board.add(msgspec.json.decode(body, type=Rule))}
            case "DELETE", "faults":
                if number:
                    board.remove(int(number))
                else:
                    board.clear()
            case "POST", "actions":
                perform(server, msgspec.json.decode(body, type=AnyAction))
            case "POST", "scenario":
                scenario = msgspec.json.decode(body, type=Scenario)
                server.tasks.start(play(server, scenario))
            case "POST", "seed":
                board.reseed(msgspec.json.decode(body, type=_Seed).seed)
            case _:
                raise LookupError(f"{request.method} {request.path}")
        return {}

    def _rules(self) -> list[dict[str, object]]:
        rules = self._server.faults.rules
        return [{"id": rule_id, "fault": rule} for rule_id, rule in rules.items()]

    def _state(self) -> dict[str, object]:
        server = self._server
        return {
            "now_us": server.time.now_us(),
            "skew_us": server.time.skew_us,
            "is_down": server.is_down,
            "rest_url": server.rest_url,
            "ws_api_url": server.ws_api_url,
            "stream_url": server.stream_url,
            "sockets": {
                "api": len(server.api.sessions),
                "market": len(server.market_streams.sockets),
            },
            "accounts": sorted(server.exchange.accounts()),
            "symbols": list(server.exchange.markets()),
            "faults": self._rules(),
        }
