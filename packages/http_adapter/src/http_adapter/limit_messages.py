"""Limits and fee policies on the wire, for whoever reads or writes them."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import msgspec

from http_adapter.fields import (
    Amount,
    AmountText,
    Count,
    Symbol,
    fraction,
    optional_amount,
    optional_text,
)
from tradecore.domain.fees import FeePolicy
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.domain.money import text
from tradecore.domain.risk import Limits
from tradecore.ports.queries import Queries

WindowSeconds = Annotated[
    int,
    msgspec.Meta(
        ge=1, le=86_400, extra={"expects": "must be a whole number of seconds from 1 to 86400"}
    ),
]


class Source(StrEnum):
    """Where a rule comes from."""

    ACCOUNT = "ACCOUNT"
    DEFAULT = "DEFAULT"
    BUILT_IN = "BUILT_IN"

    @classmethod
    def of(cls, account_id: AccountId) -> "Source":
        """Return where a rule of this owner comes from; the house's are the default."""
        return cls.DEFAULT if account_id == HOUSE else cls.ACCOUNT


class LimitsDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an account may do. Null, or left out, switches a rule off; the price band stays on."""

    max_order_notional: AmountText | None = None
    max_open_orders: Count | None = None
    max_daily_notional: AmountText | None = None
    max_orders_per_second: Count | None = None
    price_band: AmountText | None = "0.1"
    allowed_symbols: Annotated[tuple[Symbol, ...], msgspec.Meta(max_length=500)] | None = None
    duplicate_window_seconds: WindowSeconds | None = None

    def to_domain(self) -> Limits:
        """Return the limits. Raises InvalidAmount."""
        window = self.duplicate_window_seconds
        return Limits(
            max_order_notional=optional_amount(self.max_order_notional, "max_order_notional"),
            max_open_orders=self.max_open_orders,
            max_daily_notional=optional_amount(self.max_daily_notional, "max_daily_notional"),
            max_orders_per_second=self.max_orders_per_second,
            price_band=None if self.price_band is None else fraction(self.price_band, "price_band"),
            allowed_symbols=self.allowed_symbols,
            duplicate_window=None if window is None else timedelta(seconds=window),
        )


class LimitsMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The limits that hold. Null: no such limit."""

    source: Source
    max_order_notional: Amount | None
    max_open_orders: int | None
    max_daily_notional: Amount | None
    max_orders_per_second: int | None
    price_band: Amount | None
    allowed_symbols: tuple[str, ...] | None
    duplicate_window_seconds: int | None

    @classmethod
    def of(cls, limits: Limits, source: Source) -> "LimitsMessage":
        """Return the limits and where they come from."""
        window = limits.duplicate_window
        return cls(
            source=source,
            max_order_notional=optional_text(limits.max_order_notional),
            max_open_orders=limits.max_open_orders,
            max_daily_notional=optional_text(limits.max_daily_notional),
            max_orders_per_second=limits.max_orders_per_second,
            price_band=optional_text(limits.price_band),
            allowed_symbols=limits.allowed_symbols,
            duplicate_window_seconds=None if window is None else int(window.total_seconds()),
        )


class FeesDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Total rates as fractions of what is received; the venue's commission is inside."""

    maker: AmountText
    taker: AmountText

    def to_domain(self) -> FeePolicy:
        """Return the policy. Raises InvalidAmount."""
        return FeePolicy(maker=fraction(self.maker, "maker"), taker=fraction(self.taker, "taker"))


class FeesMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The fee policy that holds."""

    source: Source
    maker: Amount
    taker: Amount

    @classmethod
    def of(cls, policy: FeePolicy, source: Source) -> "FeesMessage":
        """Return the policy and where it comes from."""
        return cls(source=source, maker=text(policy.maker), taker=text(policy.taker))


async def effective_limits(queries: Queries, account_id: AccountId) -> tuple[Limits, Source]:
    """Return what holds for the account: its own limits, the house's default, or the built-in."""
    for owner, source in ((account_id, Source.of(account_id)), (HOUSE, Source.DEFAULT)):
        found = await queries.find_limits(owner)
        if found is not None:
            return found.limits, source
    return Limits(), Source.BUILT_IN


async def effective_fees(queries: Queries, account_id: AccountId) -> tuple[FeePolicy, Source]:
    """Return what the account pays by: its own policy, the house's default, or none."""
    for owner, source in ((account_id, Source.of(account_id)), (HOUSE, Source.DEFAULT)):
        found = await queries.find_fees(owner)
        if found is not None:
            return found.policy, source
    return FeePolicy(), Source.BUILT_IN
