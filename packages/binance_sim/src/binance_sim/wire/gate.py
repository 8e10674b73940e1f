"""From a request to an answer: limits, key, signature, time, then the method itself."""

import attrs

from binance_sim.engine.errors import VenueError
from binance_sim.wire import failures, security
from binance_sim.wire.calls.method import Call, Desk, Method
from binance_sim.wire.failures import Failure
from binance_sim.wire.keys import ApiKey, Keyring, Security
from binance_sim.wire.limits import Visitor
from binance_sim.wire.parameters import Parameters
from binance_sim.wire.views.values import Time

_FOREVER_US = 2**63


@attrs.define(kw_only=True, eq=False)
class Admitted:
    """A request that may go to the engine until its time is over."""

    method: Method
    call: Call
    visitor: Visitor
    deadline_us: int = _FOREVER_US


class Gate:
    """Lets requests in and executes them; both steps are synchronous."""

    def __init__(self, desk: Desk, keyring: Keyring) -> None:
        self.desk = desk
        self.keyring = keyring

    def admit_rest(
        self,
        method: Method,
        parts: tuple[str, ...],
        values: dict[str, str],
        api_key: str | None,
        visitor: Visitor,
        time: Time,
    ) -> Admitted:
        """Check a REST request. `parts` are query and body as transmitted."""
        now_us = self.desk.time.now_us()
        parameters = Parameters(values)
        charge(method, parameters, visitor, now_us)
        call = Call(desk=self.desk, parameters=parameters, now_us=now_us, time=time)
        admitted = Admitted(method=method, call=call, visitor=visitor)
        if method.security is Security.NONE:
            parameters.check_known(method.parameters)
            return admitted
        key = security.find_key(self.keyring, api_key, method.security)
        deadline_us = security.check_time(parameters, now_us)
        security.check_rest_signature(key, parts, parameters)
        parameters.check_known(method.parameters | security.REST_PARAMETERS)
        admitted.deadline_us = deadline_us
        call.account_key = key.account
        return admitted

    def admit_websocket(
        self,
        method: Method,
        values: dict[str, str],
        logged_on: ApiKey | None,
        visitor: Visitor,
        time: Time,
    ) -> Admitted:
        """Check a request of the WebSocket API; after a logon it needs no key and signature."""
        now_us = self.desk.time.now_us()
        parameters = Parameters(values)
        charge(method, parameters, visitor, now_us)
        call = Call(desk=self.desk, parameters=parameters, now_us=now_us, time=time)
        admitted = Admitted(method=method, call=call, visitor=visitor)
        if method.security is Security.NONE:
            parameters.check_known(method.parameters | {"returnRateLimits"})
            return admitted
        key = self.authenticate(values, logged_on, method.security)
        admitted.deadline_us = security.check_time(parameters, now_us)
        if logged_on is None or "apiKey" in values:
            security.check_websocket_signature(key, values)
        parameters.check_known(method.parameters | security.WEBSOCKET_PARAMETERS)
        call.account_key = key.account
        return admitted

    def authenticate(
        self, values: dict[str, str], logged_on: ApiKey | None, needed: Security
    ) -> ApiKey:
        """Return the key of a request: its own, else the session's. Raises Failure."""
        if "apiKey" in values or logged_on is None:
            return security.find_key(self.keyring, values.get("apiKey"), needed)
        return security.find_key(self.keyring, logged_on.api_key, needed)

    def execute(self, admitted: Admitted) -> object:
        """Call the method; a refused one that is free on success weighs after all.

        Raises Failure. A request whose time ran out on the way is refused, and counts.
        """
        method, call = admitted.method, admitted.call
        call.now_us = self.desk.time.now_us()
        orders = self.desk.orders(call.account_key) if method.orders else None
        try:
            if orders is not None and method.checks_orders:
                orders.check(method.orders, call.now_us)
            if call.now_us > admitted.deadline_us:
                if orders is not None:
                    orders.add(method.orders, call.now_us)
                raise failures.too_old()
            return method.handler(call)
        except (VenueError, Failure) as refusal:
            if method.is_free_on_success:
                admitted.visitor.weight.add(method.weight_of(call.parameters), call.now_us)
            raise failures.of(refusal) if isinstance(refusal, VenueError) else refusal from None


def charge(method: Method, parameters: Parameters, visitor: Visitor, now_us: int) -> None:
    """Count a request and its weight. Raises Failure -1003."""
    visitor.arrive(now_us)
    visitor.charge(0 if method.is_free_on_success else method.weight_of(parameters), now_us)
