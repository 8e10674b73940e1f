"""Where the venue answers. Source: Binance Spot API, "General information", "Testnet", "Demo"."""

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Endpoints:
    """The three addresses of one venue, without a slash at the end."""

    rest: str  #: e.g. "https://api.binance.com"; paths begin with /api/v3
    websocket_api: str  #: e.g. "wss://ws-api.binance.com/ws-api/v3"
    streams: str  #: e.g. "wss://stream.binance.com"; /ws and /stream are added


LIVE: Final = Endpoints(
    rest="https://api.binance.com",
    websocket_api="wss://ws-api.binance.com/ws-api/v3",
    streams="wss://stream.binance.com",
)
TESTNET: Final = Endpoints(
    rest="https://testnet.binance.vision",
    websocket_api="wss://ws-api.testnet.binance.vision/ws-api/v3",
    streams="wss://stream.testnet.binance.vision",
)
DEMO: Final = Endpoints(
    rest="https://demo-api.binance.com",
    websocket_api="wss://demo-ws-api.binance.com/ws-api/v3",
    streams="wss://demo-stream.binance.com",
)
