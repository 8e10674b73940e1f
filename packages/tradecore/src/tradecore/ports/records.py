"""Rows that are no value of the domain: what a working set keeps of commands, keys and deliveries."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import attrs

from tradecore.domain.fees import FeePolicy
from tradecore.domain.ids import AccountId, CommandId, EventId
from tradecore.domain.risk import Limits, OrderFingerprint


class KeyOwner(NamedTuple):
    """An idempotency key within its scope: an account, or an administrator."""

    owner: str
    key: str


@attrs.frozen(kw_only=True)
class CommandRecord:
    """That a command was done, and what it answered: one row, same transaction."""

    command_id: CommandId
    kind: str
    outcome: bytes  #: JSON of the kept outcome (`application/outcomes.py`)
    recorded_at: datetime


@attrs.frozen(kw_only=True)
class IdempotencyRecord:
    """That a key was used, for what, and by which command."""

    owner: str
    key: str
    request_hash: bytes
    command_id: CommandId
    recorded_at: datetime


@attrs.frozen(kw_only=True)
class OutboxRecord:
    """One event, ready for the bus."""

    event_id: EventId
    topic: str
    account_id: AccountId
    sequence: int
    body: bytes  #: JSON of the envelope
    recorded_at: datetime


@attrs.frozen(kw_only=True)
class AuditRecord:
    """Who did what to what, and why. Written with the effect."""

    audit_id: str
    command_id: CommandId
    actor: str
    action: str
    subject: str
    account_id: AccountId | None
    reason: str | None
    before: bytes | None  #: JSON
    after: bytes | None  #: JSON
    correlation_id: str
    recorded_at: datetime


class Delivery(NamedTuple):
    """One event as handed to one consumer."""

    consumer: str
    event_id: EventId


@attrs.frozen(kw_only=True)
class InboxRecord:
    """That a consumer has handled an event; written with the effect."""

    consumer: str
    event_id: EventId
    command_id: CommandId


@attrs.frozen(kw_only=True)
class AccountLimits:
    """The limits of one account; of the house's id, the default."""

    account_id: AccountId
    limits: Limits


@attrs.frozen(kw_only=True)
class AccountFees:
    """The fee policy of one account; of the house's id, the default."""

    account_id: AccountId
    policy: FeePolicy


@attrs.frozen(kw_only=True)
class RecentOrder:
    """An order accepted within its account's duplicate window."""

    account_id: AccountId
    fingerprint: OrderFingerprint
    created_at: datetime


@attrs.frozen(kw_only=True)
class TradeCursor:
    """How far a symbol's fills at the venue are known: every one up to `trade_id` is posted."""

    venue: str
    symbol: str
    trade_id: int


@attrs.frozen(kw_only=True)
class HouseBalance:
    """What the house's own ledger accounts hold of an asset."""

    asset: str
    treasury: Decimal
    negatives: Decimal  #: sum of every other house account that is below zero
