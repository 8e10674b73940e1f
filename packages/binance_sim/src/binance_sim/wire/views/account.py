"""Accounts: balances and rates. Source: Binance Spot API, "Account endpoints"."""

from decimal import Decimal

from binance_sim.engine.balances import Account
from binance_sim.engine.commission import CommissionRates, Rate
from binance_sim.wire.views.values import Json, Time, amount

_BASIS_POINTS = 10_000


def account(found: Account, assets: tuple[str, ...], time: Time, *, omit_zero: bool) -> Json:
    """Return `account`; every listed asset shows unless zero balances are left out."""
    rates = found.rates.standard
    held = {each.asset: each for each in found.snapshots()}
    balances = [held.get(asset) or found.snapshot(asset) for asset in sorted({*held, *assets})]
    return {
        "makerCommission": _basis_points(rates.maker),
        "takerCommission": _basis_points(rates.taker),
        "buyerCommission": _basis_points(rates.buyer),
        "sellerCommission": _basis_points(rates.seller),
        "commissionRates": _rate(rates),
        "canTrade": found.can_trade,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": time(found.updated_us),
        "accountType": "SPOT",
        "balances": [
            {"asset": each.asset, "free": amount(each.free), "locked": amount(each.locked)}
            for each in balances
            if not omit_zero or each.free or each.locked
        ],
        "permissions": ["SPOT"],
        "uid": found.uid,
    }


def commission(symbol: str, rates: CommissionRates) -> Json:
    """Return `account/commission`."""
    answer: Json = {"symbol": symbol}
    answer.update(_components(rates, "Commission"))
    return answer


def order_commission(rates: CommissionRates) -> Json:
    """Return the answer to a test order that asks for its rates."""
    answer: Json = {}
    for component, rate in _by_component(rates):
        answer[f"{component}CommissionForOrder"] = {
            "maker": amount(rate.maker),
            "taker": amount(rate.taker),
        }
    answer["discount"] = _discount(rates)
    return answer


def _components(rates: CommissionRates, suffix: str) -> Json:
    answer: Json = {f"{name}{suffix}": _rate(rate) for name, rate in _by_component(rates)}
    answer["discount"] = _discount(rates)
    return answer


def _by_component(rates: CommissionRates) -> tuple[tuple[str, Rate], ...]:
    return ("standard", rates.standard), ("special", rates.special), ("tax", rates.tax)


def _discount(rates: CommissionRates) -> Json:
    return {
        "enabledForAccount": rates.pays_in_bnb,
        "enabledForSymbol": True,
        "discountAsset": "BNB",
        "discount": amount(rates.discount),
    }


def _rate(rate: Rate) -> Json:
    return {
        "maker": amount(rate.maker),
        "taker": amount(rate.taker),
        "buyer": amount(rate.buyer),
        "seller": amount(rate.seller),
    }


def _basis_points(rate: Decimal) -> int:
    return int(rate * _BASIS_POINTS)
