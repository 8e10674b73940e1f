"""Every refusal that the domain knows.

DomainError
├── InvalidCommand          malformed or impossible as asked; nothing is kept (HTTP 400)
│   └── InvalidAmount, InvalidOrder, InvalidInstrument, InvalidFreeze, AssetMismatch
├── NotFound                (404)
│   └── UnknownAccount, UnknownOrder, UnknownInstrument, UnknownAsset, UnknownJournalEntry,
│       UnknownFreeze
├── Refusal                 an outcome: kept under its key and answered again (422)
│   ├── OrderRefused        filters, risk, freeze, funds: all reasons
│   └── InsufficientFunds, TreasuryExceeded
└── Conflict                the state does not allow it (409)
    ├── IllegalTransition, OrderAlreadyTerminal, OrderNotReplaceable, ClientOrderIdReused,
    │   AccountClosed
    ├── IdempotencyKeyReused    (422, as the draft standard says)
    ├── IdempotencyKeyInFlight
    └── NoReferencePrice, AlreadyReversed, NotReversible
"""

from decimal import Context, Decimal
from typing import ClassVar, Final

import attrs

_WIDE: Final = Context(prec=80)


def _plain(amount: Decimal) -> str:
    """Return plain notation without trailing zeros, as `money.text`, which stands on this module."""
    return f"{amount.normalize(_WIDE):f}"


@attrs.frozen(kw_only=True)
class DomainError(Exception):
    """The root. `code` is stable: it ends the problem type `/problems/{code}`."""

    code: ClassVar[str] = "domain-error"

    def __str__(self) -> str:
        """Return one sentence for a person."""
        return self.message

    @property
    def message(self) -> str:
        """Return what is wrong and, where it helps, what to do."""
        return self.code


@attrs.frozen(kw_only=True)
class Reason:
    """One cause of a refusal: a stable rule name and a sentence with the figures."""

    rule: str
    detail: str
    field: str | None = None


# -- malformed ---------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class InvalidCommand(DomainError):
    """The command makes no sense as written, whatever the state."""

    code: ClassVar[str] = "invalid-request"


@attrs.frozen(kw_only=True)
class InvalidAmount(InvalidCommand):
    """An amount that is not a plain decimal of the allowed size and scale."""

    code: ClassVar[str] = "invalid-amount"
    field: str
    detail: str

    @property
    def message(self) -> str:
        return f"{self.field} {self.detail}"


@attrs.frozen(kw_only=True)
class InvalidOrder(InvalidCommand):
    """Fields that do not go together; all reasons are listed."""

    code: ClassVar[str] = "invalid-order"
    reasons: tuple[Reason, ...]

    @property
    def message(self) -> str:
        return "; ".join(reason.detail for reason in self.reasons)


@attrs.frozen(kw_only=True)
class InvalidInstrument(InvalidCommand):
    """An instrument that the house cannot offer as described."""

    code: ClassVar[str] = "invalid-instrument"
    field: str
    detail: str

    @property
    def message(self) -> str:
        return f"{self.field} {self.detail}"


@attrs.frozen(kw_only=True)
class InvalidFreeze(InvalidCommand):
    """A freeze of the platform has no target; one of a symbol or an account has one."""

    code: ClassVar[str] = "invalid-freeze"
    scope: str

    @property
    def message(self) -> str:
        return f"target: a freeze of scope {self.scope} names exactly what it freezes"


@attrs.frozen(kw_only=True)
class AssetMismatch(InvalidCommand):
    """Two assets in one sum."""

    code: ClassVar[str] = "asset-mismatch"
    asset: str
    other: str

    @property
    def message(self) -> str:
        return f"{self.asset} and {self.other} do not add up"


# -- not found ---------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class NotFound(DomainError):
    """What was named does not exist, or not for this caller."""

    code: ClassVar[str] = "not-found"


@attrs.frozen(kw_only=True)
class UnknownAccount(NotFound):
    """No such account."""

    code: ClassVar[str] = "unknown-account"
    account_id: str

    @property
    def message(self) -> str:
        return f"there is no account {self.account_id}"


@attrs.frozen(kw_only=True)
class UnknownOrder(NotFound):
    """No such order in this account."""

    code: ClassVar[str] = "unknown-order"
    order_id: str

    @property
    def message(self) -> str:
        return f"there is no order {self.order_id}"


@attrs.frozen(kw_only=True)
class UnknownInstrument(NotFound):
    """No such symbol."""

    code: ClassVar[str] = "unknown-instrument"
    symbol: str

    @property
    def message(self) -> str:
        return f"there is no instrument {self.symbol}"


@attrs.frozen(kw_only=True)
class UnknownAsset(NotFound):
    """No such asset."""

    code: ClassVar[str] = "unknown-asset"
    asset: str

    @property
    def message(self) -> str:
        return f"there is no asset {self.asset}"


@attrs.frozen(kw_only=True)
class UnknownJournalEntry(NotFound):
    """No such journal entry."""

    code: ClassVar[str] = "unknown-journal-entry"
    journal_entry_id: str

    @property
    def message(self) -> str:
        return f"there is no journal entry {self.journal_entry_id}"


@attrs.frozen(kw_only=True)
class UnknownFreeze(NotFound):
    """Nothing stands frozen there."""

    code: ClassVar[str] = "unknown-freeze"
    scope: str
    target: str

    @property
    def message(self) -> str:
        return f"{self.scope} {self.target} is not frozen".replace("  ", " ")


# -- refused by a rule -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Refusal(DomainError):
    """A well-formed wish that a rule forbids. It is an outcome and is answered again."""

    code: ClassVar[str] = "refused"


@attrs.frozen(kw_only=True)
class OrderRefused(Refusal):
    """Filters, risk or a freeze say no; every reason is told."""

    code: ClassVar[str] = "order-refused"
    reasons: tuple[Reason, ...]

    @property
    def message(self) -> str:
        return "; ".join(reason.detail for reason in self.reasons)


@attrs.frozen(kw_only=True)
class InsufficientFunds(Refusal):
    """The available balance does not cover what is asked."""

    code: ClassVar[str] = "insufficient-funds"
    asset: str
    required: Decimal
    available: Decimal

    @property
    def message(self) -> str:
        return f"{_plain(self.required)} {self.asset} needed, {_plain(self.available)} available"


@attrs.frozen(kw_only=True)
class TreasuryExceeded(Refusal):
    """A simulated credit beyond what the house holds would break solvency (L17)."""

    code: ClassVar[str] = "treasury-exceeded"
    asset: str
    required: Decimal
    headroom: Decimal

    @property
    def message(self) -> str:
        return (
            f"{_plain(self.required)} {self.asset} asked, the house can back {_plain(self.headroom)};"
            " book an opening of the treasury first"
        )


# -- the state does not allow it ---------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Conflict(DomainError):
    """Right in form, wrong at this moment."""

    code: ClassVar[str] = "conflict"


@attrs.frozen(kw_only=True)
class IllegalTransition(Conflict):
    """The order's state machine has no such step."""

    code: ClassVar[str] = "illegal-transition"
    order_id: str
    status: str
    trigger: str

    @property
    def message(self) -> str:
        return f"order {self.order_id} is {self.status}: {self.trigger} is not possible"


@attrs.frozen(kw_only=True)
class OrderAlreadyTerminal(Conflict):
    """A cancel of an order that has ended."""

    code: ClassVar[str] = "order-already-terminal"
    order_id: str
    status: str

    @property
    def message(self) -> str:
        return f"order {self.order_id} has ended: {self.status}"


@attrs.frozen(kw_only=True)
class OrderNotReplaceable(Conflict):
    """The order is of a kind, or at a point, where it cannot be replaced."""

    code: ClassVar[str] = "order-not-replaceable"
    order_id: str
    why: str

    @property
    def message(self) -> str:
        return f"order {self.order_id} cannot be replaced: {self.why}"


@attrs.frozen(kw_only=True)
class ClientOrderIdReused(Conflict):
    """A client order id names one order of its account for ever."""

    code: ClassVar[str] = "client-order-id-reused"
    client_order_id: str

    @property
    def message(self) -> str:
        return f"client_order_id {self.client_order_id} was used before; choose another"


@attrs.frozen(kw_only=True)
class IdempotencyKeyReused(Conflict):
    """The same key came with another body."""

    code: ClassVar[str] = "idempotency-key-reused"
    key: str

    @property
    def message(self) -> str:
        return f"Idempotency-Key {self.key} was used with another request; choose another"


@attrs.frozen(kw_only=True)
class IdempotencyKeyInFlight(Conflict):
    """The same request is still being done."""

    code: ClassVar[str] = "idempotency-key-in-flight"
    key: str

    @property
    def message(self) -> str:
        return f"the request with the Idempotency-Key {self.key} is still being done"


@attrs.frozen(kw_only=True)
class AccountClosed(Conflict):
    """A closed account neither trades nor is funded."""

    code: ClassVar[str] = "account-closed"
    account_id: str

    @property
    def message(self) -> str:
        return f"account {self.account_id} is closed"


@attrs.frozen(kw_only=True)
class NoReferencePrice(Conflict):
    """A deposit enters a position at the market's price, which is not known now."""

    code: ClassVar[str] = "no-reference-price"
    symbol: str

    @property
    def message(self) -> str:
        return f"there is no price of {self.symbol} now; try again when the market is up"


@attrs.frozen(kw_only=True)
class AlreadyReversed(Conflict):
    """A journal entry is reversed at most once."""

    code: ClassVar[str] = "already-reversed"
    journal_entry_id: str

    @property
    def message(self) -> str:
        return f"journal entry {self.journal_entry_id} was reversed before"


@attrs.frozen(kw_only=True)
class NotReversible(Conflict):
    """Fills are moved on by a journal, reversals are final."""

    code: ClassVar[str] = "not-reversible"
    kind: str

    @property
    def message(self) -> str:
        return f"a journal entry of kind {self.kind} is not reversed"
