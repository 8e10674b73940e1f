"""No sequence of fills within the limit costs more than was reserved."""

from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradecore.domain import fees, ledger, reservations, wallets
from tradecore.domain.executions import Liquidity
from tradecore.domain.fees import FeePolicy
from tradecore.domain.instruments import Instrument, OrderType, Side
from tradecore.domain.ledger import FillAmounts
from tradecore.domain.money import ZERO, multiply, require_scale, round_down
from tradecore.domain.orders import Order
from tradecore.testing import strategies
from tradecore.testing.builders import (
    ALICE,
    build_instrument,
    build_order,
    build_reservation,
    build_wallet,
)

D = Decimal


@pytest.mark.parametrize(
    ("order", "asset", "amount"),
    [
        (build_order(), "USDT", "100"),
        (build_order(quantity=D("0.00001"), price=D("99.999")), "USDT", "0.001"),
        (build_order(side=Side.SELL), "BTC", "1"),
        (build_order(side=Side.SELL, type=OrderType.MARKET, price=None), "BTC", "1"),
        (
            build_order(type=OrderType.MARKET, quantity=None, quote_quantity=D(50), price=None),
            "USDT",
            "50",
        ),
        (build_order(type=OrderType.MARKET, price=D(105)), "USDT", "105"),
    ],
)
def test_an_order_reserves_the_most_that_it_can_cost(order: Order, asset: str, amount: str) -> None:
    reservation = reservations.reservation_for(order, build_instrument(quote_scale=4))
    assert (reservation.asset, reservation.amount) == (asset, D(amount))
    assert reservation.order_id == order.order_id


def test_consuming_more_than_is_open_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        reservations.consume(build_reservation(consumed=D(40), released=D(60)), D(1))


def test_closing_releases_the_rest_and_a_repeat_releases_nothing() -> None:
    closed, rest = reservations.close(build_reservation(consumed=D(40)))
    assert (rest, closed.released, closed.open) == (D(60), D(60), ZERO)
    assert reservations.close(closed) == (closed, ZERO)


@given(st.data(), strategies.instruments(), strategies.fee_policies())
def test_f28_f29_no_fills_within_the_limit_cost_more_than_was_reserved(
    data: st.DataObject, offered: Instrument, policy: FeePolicy
) -> None:
    order = data.draw(strategies.limit_orders(offered))
    reservation = reservations.reservation_for(order, offered)
    require_scale(reservation.amount, 8, field="amount")
    paying = wallets.reserve(
        build_wallet(asset=reservation.asset, available=reservation.amount), reservation.amount
    )
    receiving = build_wallet(available=ZERO)
    client_sums = {reservation.asset: reservation.amount}
    left = order.quantity
    assert left is not None
    while left:
        step = offered.lot_size.step_size
        quantity = data.draw(strategies.multiples(step, minimum=step, maximum=left))
        left -= quantity
        amounts = _fill(data, order, quantity, offered.quote_scale, policy)
        paying, payment = wallets.pay(paying, amounts.paid, reservation.open)
        assert payment == (amounts.paid, ZERO, ZERO)
        reservation = reservations.consume(reservation, payment.from_reservation)
        assert amounts.net_received >= 0
        receiving, _ = wallets.credit(receiving, amounts.net_received)
        for posting in ledger.fill(ledger.client(ALICE), amounts, "binance"):
            if posting.account == ledger.client(ALICE):
                held = client_sums.get(posting.asset, ZERO)
                client_sums[posting.asset] = held + posting.amount
        if data.draw(st.integers(0, 2)) == 0:
            break
    reservation, rest = reservations.close(reservation)
    paying, _ = wallets.release(paying, rest)
    assert reservation.open == 0
    assert (paying.reserved, paying.owed) == (0, 0)
    assert paying.available == client_sums[reservation.asset]
    received_asset = "BTC" if order.side is Side.BUY else "USDT"
    assert receiving.available == client_sums.get(received_asset, ZERO)


def _fill(
    data: st.DataObject, order: Order, quantity: Decimal, quote_scale: int, policy: FeePolicy
) -> FillAmounts:
    """Return a fill at the limit or better; the venue cuts its quote amount to the asset's scale."""
    assert order.price is not None
    price = order.price
    if order.side is Side.BUY:
        price = data.draw(strategies.amounts(8, minimum=D("0.00000001"), maximum=price))
    notional = round_down(multiply(price, quantity), quote_scale)
    amounts = FillAmounts(
        side=order.side,
        base_asset="BTC",
        quote_asset="USDT",
        quantity=quantity,
        notional=notional,
        commission=ZERO,
        commission_asset=data.draw(st.sampled_from(("BTC", "USDT", "BNB"))),
        fee=ZERO,
    )
    scale = 8 if order.side is Side.BUY else quote_scale
    commission = round_down(multiply(amounts.received, D("0.001")), scale)
    amounts = attrs.evolve(amounts, commission=commission)
    fee = fees.platform_fee(
        policy,
        data.draw(st.sampled_from(Liquidity)),
        amounts.received,
        amounts.client_commission,
        scale,
    )
    return attrs.evolve(amounts, fee=fee)
