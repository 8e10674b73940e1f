"""What an order would come to, without placing it: same checks, same figures, nothing kept."""

from decimal import Decimal

import attrs

from tradecore.application import settlement
from tradecore.application.commands import place_order
from tradecore.application.commands.place_order import Assessment, PlaceOrder
from tradecore.application.context import Context, HouseRules
from tradecore.domain import fees
from tradecore.domain.errors import Reason
from tradecore.domain.executions import Liquidity
from tradecore.domain.instruments import Instrument, Side
from tradecore.domain.money import ZERO, quotient
from tradecore.domain.orders import Order
from tradecore.domain.reservations import Reservation
from tradecore.ports.id_factory import IdFactory
from tradecore.ports.reference_prices import ReferencePrices
from tradecore.ports.store import Store
from tradecore.ports.working_set import WorkingSet


@attrs.frozen(kw_only=True)
class OrderPreview:
    """The order as it would be accepted or refused at this moment."""

    order: Order  #: its id was made for this answer and names nothing
    reservation: Reservation | None  #: None where no price is known to reserve at
    notional: Decimal  #: in the quote asset
    fee: Decimal | None  #: if it filled whole as a taker; None where no price is known
    fee_asset: str
    reasons: tuple[Reason, ...]  #: why it would be refused; empty: it would be accepted


async def preview(
    store: Store,
    command: PlaceOrder,
    *,
    prices: ReferencePrices,
    ids: IdFactory,
    rules: HouseRules,
) -> OrderPreview:
    """Return what `command` would come to on the committed books, locking nothing.

    Raises:
        InvalidOrder, InvalidAmount, UnknownAccount, UnknownInstrument, AccountClosed,
        ClientOrderIdReused: as placing it would.
        StoreUnavailable.
    """
    books = await store.read(attrs.evolve(command.footprint(), fees=True))
    context = Context(now=books.recorded_at, new_id=ids.new_id, find_price=prices.find, rules=rules)
    assessment = place_order.assess(command, books, context)
    instrument = books.instruments[command.symbol]
    order = assessment.order
    return OrderPreview(
        order=order,
        reservation=assessment.reservation,
        notional=assessment.notional,
        fee=_fee(assessment, books, instrument, prices),
        fee_asset=order.base_asset if order.side is Side.BUY else order.quote_asset,
        reasons=assessment.reasons,
    )


def _fee(
    assessment: Assessment, books: WorkingSet, instrument: Instrument, prices: ReferencePrices
) -> Decimal | None:
    """Return the taker's fee in the received asset; of a buy by amount, at the market's ask."""
    order = assessment.order
    scale = instrument.base_scale
    if order.side is Side.SELL:
        received, scale = assessment.notional, instrument.quote_scale
    elif order.quantity is not None:
        received = order.quantity
    elif order.quote_quantity is not None and (quote := prices.find(order.symbol)) is not None:
        received = quotient(order.quote_quantity, quote.ask, scale)
    else:
        return None
    policy = settlement.fee_policy(books, order.account_id)
    return fees.platform_fee(policy, Liquidity.TAKER, received, ZERO, scale)
