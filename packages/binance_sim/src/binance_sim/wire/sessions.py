"""Logon and user data subscriptions of one WebSocket API connection.

Source: Binance Spot API, "Session authentication" and "User Data Stream requests".
"""

from collections.abc import Callable, Mapping
from typing import Final

from binance_sim.wire import failures, security
from binance_sim.wire.connections import Connection
from binance_sim.wire.failures import Failure
from binance_sim.wire.gate import Gate
from binance_sim.wire.keys import ApiKey, Keyring, Security
from binance_sim.wire.parameters import Parameters
from binance_sim.wire.user_streams import Subscription, UserStreams
from binance_sim.wire.views.values import Json

_MAX_ACTIVE: Final = 1000
_MAX_EVER: Final = 65_535
WEIGHT: Final = 2


class Session:
    """What one connection has proven and what it listens to."""

    def __init__(
        self, gate: Gate, streams: UserStreams, connection: Connection, *, returns_limits: bool
    ) -> None:
        self.connection = connection
        self.returns_limits = returns_limits
        self.key: ApiKey | None = None
        self._authorized_us = 0
        self._gate = gate
        self._streams = streams
        self._subscriptions: dict[int, Subscription] = {}
        self._next_id = 0

    def log_on(self, values: dict[str, str]) -> Json:
        """Prove a key once for all that follows. Raises Failure; Ed25519 only."""
        keyring: Keyring = self._gate.keyring
        key = security.find_key(keyring, values.get("apiKey"), Security.USER_DATA)
        if not key.may_log_on:
            raise Failure(-4056, "HMAC_SHA256 API key is not supported.")
        self._check(key, values)
        self.key, self._authorized_us = key, self._gate.desk.time.now_us()
        return self.status(values)

    def status(self, _values: Mapping[str, str]) -> Json:
        """Return who is logged on."""
        time = self.connection.time
        is_on = self.key is not None
        return {
            "apiKey": self.key.api_key if self.key else None,
            "authorizedSince": time(self._authorized_us) if is_on else None,
            "connectedSince": time(self.connection.connected_us),
            "returnRateLimits": self.returns_limits,
            "serverTime": time(self._gate.desk.time.now_us()),
            "userDataStream": bool(self._subscriptions),
        }

    def log_out(self, values: Mapping[str, str]) -> Json:
        """Forget the key; the subscription that came with it ends."""
        self.key = None
        self._terminate([each for each in self._subscriptions.values() if each.is_by_logon])
        return self.status(values)

    def subscribe(self, _values: Mapping[str, str]) -> Json:
        """Subscribe the account that is logged on."""
        if self.key is None:
            raise failures.bad_key()
        return self._subscribe(self.key, is_by_logon=True)

    def subscribe_signature(self, values: dict[str, str]) -> Json:
        """Subscribe the account of a key that signs just this."""
        key = security.find_key(self._gate.keyring, values.get("apiKey"), Security.USER_STREAM)
        self._check(key, values)
        return self._subscribe(key, is_by_logon=False)

    def unsubscribe(self, values: dict[str, str]) -> Json:
        """End one subscription, or all. Raises Failure -2036."""
        chosen = Parameters(values).integer("subscriptionId")
        if chosen is None:
            self._terminate(list(self._subscriptions.values()))
        elif chosen in self._subscriptions:
            self._terminate([self._subscriptions[chosen]])
        else:
            text = "User Data Stream subscription not active."
            raise Failure(failures.NOT_SUBSCRIBED, text)
        return {}

    def subscriptions(self, _values: Mapping[str, str]) -> list[Json]:
        """Return what is active."""
        return [{"subscriptionId": each} for each in self._subscriptions]

    def end(self) -> None:
        """Drop everything: the connection is gone."""
        for subscription in self._subscriptions.values():
            self._streams.remove(subscription)
        self._subscriptions.clear()

    def drop_revoked(self, api_key: str) -> None:
        """End what hangs on a key that no longer holds."""
        mine = [each for each in self._subscriptions.values() if each.api_key == api_key]
        self._terminate(mine)

    def _check(self, key: ApiKey, values: dict[str, str]) -> None:
        parameters = Parameters(values)
        security.check_time(parameters, self._gate.desk.time.now_us())
        security.check_websocket_signature(key, values)
        parameters.check_known(security.WEBSOCKET_PARAMETERS)

    def _subscribe(self, key: ApiKey, *, is_by_logon: bool) -> Json:
        if any(each.account == key.account for each in self._subscriptions.values()):
            text = "User Data Stream subscription already active."
            raise Failure(failures.ALREADY_SUBSCRIBED, text)
        if len(self._subscriptions) >= _MAX_ACTIVE or self._next_id >= _MAX_EVER:
            text = "You have reached the maximum number of User Data Stream subscriptions."
            raise Failure(failures.TOO_MANY_SUBSCRIPTIONS, text)
        number, self._next_id = self._next_id, self._next_id + 1
        subscription = Subscription(self.connection, number, key.account, key.api_key, is_by_logon)
        self._subscriptions[number] = subscription
        self._streams.add(subscription)
        return {"subscriptionId": number}

    def _terminate(self, ended: list[Subscription]) -> None:
        for subscription in ended:
            del self._subscriptions[subscription.subscription_id]
            self._streams.terminate(subscription)


def _retired(_session: Session, _values: dict[str, str]) -> object:
    raise Failure(-1020, "This operation is not supported.", status=410)


SessionMethod = Callable[[Session, dict[str, str]], object]
METHODS: Final[Mapping[str, SessionMethod]] = {
    "session.logon": Session.log_on,
    "session.status": Session.status,
    "session.logout": Session.log_out,
    "session.subscriptions": Session.subscriptions,
    "userDataStream.subscribe": Session.subscribe,
    "userDataStream.subscribe.signature": Session.subscribe_signature,
    "userDataStream.unsubscribe": Session.unsubscribe,
    "userDataStream.start": _retired,
    "userDataStream.ping": _retired,
    "userDataStream.stop": _retired,
}
