"""What happened, as told to the account that it happened to."""

from decimal import Decimal
from enum import StrEnum

import attrs

from tradecore.domain.executions import Execution
from tradecore.domain.freezes import Freeze
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.domain.orders import Order
from tradecore.domain.wallets import Wallet


@attrs.frozen(kw_only=True)
class OrderSubmitted:
    """An order was accepted and its funds are reserved: send it to the venue."""

    order: Order

    @property
    def account_id(self) -> AccountId:
        """Return whose event it is."""
        return self.order.account_id


@attrs.frozen(kw_only=True)
class OrderCancelRequested:
    """An order that may stand at the venue is to be cancelled there."""

    order: Order

    @property
    def account_id(self) -> AccountId:
        """Return whose event it is."""
        return self.order.account_id


@attrs.frozen(kw_only=True)
class OrderUpdated:
    """An order moved along its state machine."""

    order: Order

    @property
    def account_id(self) -> AccountId:
        """Return whose event it is."""
        return self.order.account_id


@attrs.frozen(kw_only=True)
class ExecutionRecorded:
    """A fill is in the books."""

    execution: Execution

    @property
    def account_id(self) -> AccountId:
        """Return whose event it is."""
        return self.execution.account_id


@attrs.frozen(kw_only=True)
class BalanceUpdated:
    """A wallet changed; the figures are those after the change."""

    wallet: Wallet

    @property
    def account_id(self) -> AccountId:
        """Return whose event it is."""
        return self.wallet.account_id


@attrs.frozen(kw_only=True)
class TradingControlChanged:
    """A freeze was set or lifted."""

    freeze: Freeze
    lifted: bool

    @property
    def account_id(self) -> AccountId:
        """Return the house: control events concern every process."""
        return HOUSE


class AlertKind(StrEnum):
    """What a person must look at."""

    LATE_FILL = "late_fill"
    SHORTFALL = "shortfall"
    SUSPENSE = "suspense"
    OUTCOME_UNKNOWN = "outcome_unknown"
    ORPHAN = "orphan"  #: it lives at the venue, though it ended here; or under an id of another
    PARKED = "parked"  #: an event that could not be handled, with those of its order after it
    NOT_POSTED = "not_posted"  #: a fill that could not be recorded
    VENUE_AUTH = "venue_auth"  #: the venue refuses our key
    VENUE_TRANSFER = "venue_transfer"  #: money moved there otherwise than by a trade
    VENUE_SYMBOL = "venue_symbol"  #: the venue's status or rules of a symbol want a decision
    STREAM_STALE = "stream_stale"  #: a connected stream did not tell what it should
    CLOCK_OFFSET = "clock_offset"  #: our clock and the venue's are far apart


@attrs.frozen(kw_only=True)
class AlertRaised:
    """Something that the platform cannot settle by itself."""

    kind: AlertKind
    subject: str  #: an order id, an execution key, an asset
    detail: str
    amount: Decimal | None = None

    @property
    def account_id(self) -> AccountId:
        """Return the house: alerts are for its operators."""
        return HOUSE


Event = (
    OrderSubmitted
    | OrderCancelRequested
    | OrderUpdated
    | ExecutionRecorded
    | BalanceUpdated
    | TradingControlChanged
    | AlertRaised
)
