"""The venue's file: accounts, keys, limits and symbols, in TOML.

    [limits]                        # what is not said is the real venue's
    orders_10_seconds = 1000
    max_open_orders = 10000         # per symbol; the real venue allows 200

    [[accounts]]
    name = "house"
    balances = { USDT = "1000000", BTC = "10" }
    maker = "0.001"
    taker = "0.001"
    pays_in_bnb = false
    keys = [
      { api_key = "...", secret_file = "hmac.secret" },
      { api_key = "...", public_key_file = "ed25519.pem" },
    ]

Files are looked for beside this one.
"""

import secrets
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs
import msgspec

from binance_sim.engine.commission import CommissionRates, Rate
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import (
    BTCUSDT,
    ETHUSDT,
    MaxNumAlgoOrders,
    SymbolFilter,
    SymbolRules,
    complete,
    with_open_orders,
)
from binance_sim.testing import with_stp_none
from binance_sim.wire.keys import ApiKey, hmac_key, public_key
from binance_sim.wire.limits import LIVE, Limits

_KEY_BYTES: Final = 32


class VenueFileError(Exception):
    """The file does not say what it should; the message names the place."""


class KeyEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One key: a secret in place, a secret in a file, or the public half in a file."""

    api_key: str
    secret: str | None = None
    secret_file: str | None = None
    public_key_file: str | None = None


class AccountEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One account and what it begins with."""

    name: str
    balances: dict[str, str] = {}
    maker: str = "0.001"
    taker: str = "0.001"
    pays_in_bnb: bool = False
    trade_group_id: int = -1
    keys: list[KeyEntry] = []


class LimitEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Limits that differ from the real venue's."""

    request_weight: int = LIVE.request_weight
    raw_requests: int = LIVE.raw_requests
    orders_10_seconds: int = LIVE.orders_10_seconds
    orders_day: int = LIVE.orders_day
    connections: int = LIVE.connections
    max_open_orders: int | None = None
    max_open_stops: int | None = None

    def to_limits(self) -> Limits:
        """Return the limits of requests and orders."""
        return Limits(
            request_weight=self.request_weight,
            raw_requests=self.raw_requests,
            orders_10_seconds=self.orders_10_seconds,
            orders_day=self.orders_day,
            connections=self.connections,
        )


class VenueFile(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Everything that the file may say."""

    limits: LimitEntry = msgspec.field(default_factory=LimitEntry)
    accounts: list[AccountEntry] = []
    bnb_prices: dict[str, str] = {}
    self_trades_allowed: bool = False  #: STP mode NONE, which live pairs do not allow


@attrs.frozen
class Venue:
    """An exchange with its accounts, and the keys to them."""

    exchange: Exchange
    keys: tuple[ApiKey, ...]
    limits: Limits
    has_live_limits: bool


def read_venue_file(path: Path) -> VenueFile:
    """Return what a file says. Raises OSError, VenueFileError."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=VenueFile)
    except msgspec.MsgspecError as error:
        raise VenueFileError(f"{path.name}: {error}") from error


def default_venue_file() -> VenueFile:
    """Return one account, `house`, with money and a key that was made just now."""
    key = KeyEntry(api_key=secrets.token_hex(_KEY_BYTES), secret=secrets.token_hex(_KEY_BYTES))
    balances = {"USDT": "1000000", "BTC": "10", "ETH": "100", "BNB": "100"}
    return VenueFile(accounts=[AccountEntry(name="house", balances=balances, keys=[key])])


def build_venue(content: VenueFile, folder: Path, now_us: int) -> Venue:
    """Return the venue that a file describes. Raises OSError, VenueFileError."""
    symbols = [_rules(rules, content) for rules in (BTCUSDT, ETHUSDT)]
    exchange, keys = Exchange(symbols), list[ApiKey]()
    for asset, price in content.bnb_prices.items():
        exchange.set_bnb_price(asset, Decimal(price))
    for account in content.accounts:
        standard = Rate(maker=Decimal(account.maker), taker=Decimal(account.taker))
        rates = CommissionRates(standard=standard, pays_in_bnb=account.pays_in_bnb)
        exchange.open_account(account.name, rates=rates, trade_group_id=account.trade_group_id)
        for asset, amount in account.balances.items():
            exchange.deposit(account.name, asset, Decimal(amount), now_us)
        keys.extend(_key(entry, account.name, folder) for entry in account.keys)
    is_live = content.limits == LimitEntry()
    return Venue(exchange, tuple(keys), content.limits.to_limits(), is_live)


def _rules(rules: SymbolRules, content: VenueFile) -> SymbolRules:
    limits = content.limits
    if limits.max_open_orders is not None:
        rules = with_open_orders(rules, limits.max_open_orders)
    filters = tuple(_with_limit(each, limits) for each in complete(rules).filters)
    whole = attrs.evolve(complete(rules), filters=filters)
    return with_stp_none(whole) if content.self_trades_allowed else whole


def _with_limit(rule: SymbolFilter, limits: LimitEntry) -> SymbolFilter:
    if isinstance(rule, MaxNumAlgoOrders) and limits.max_open_stops is not None:
        return MaxNumAlgoOrders(limit=limits.max_open_stops)
    return rule


def _key(entry: KeyEntry, account: str, folder: Path) -> ApiKey:
    given = [entry.secret, entry.secret_file, entry.public_key_file]
    if sum(each is not None for each in given) != 1:
        text = "say one of secret, secret_file, public_key_file"
        raise VenueFileError(f"key of {account}: {text}")
    if entry.public_key_file is not None:
        pem = (folder / entry.public_key_file).read_bytes()
        try:
            return public_key(entry.api_key, pem, account)
        except ValueError as error:
            raise VenueFileError(f"{entry.public_key_file}: {error}") from error
    secret = entry.secret
    if entry.secret_file is not None:
        secret = (folder / entry.secret_file).read_text(encoding="utf-8").strip()
    assert secret is not None
    return hmac_key(entry.api_key, secret, account)
