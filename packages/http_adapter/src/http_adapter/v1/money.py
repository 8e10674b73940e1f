"""A customer's money: balances, positions, executions, ledger."""

from typing import Final

import msgspec
from litestar import Response, get
from litestar.params import FromQuery

from http_adapter.answers import answer
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.fields import Amount, Instant, instant, optional_text
from http_adapter.guards import account_of
from http_adapter.operations_spec import READ_PROBLEMS, OfAccount
from http_adapter.paging import Cursor, Limit, Sort, SortBy, filled, paging
from http_adapter.parameters import (
    AssetFilter,
    ReferenceFilter,
    SymbolFilter,
    optional_order_id,
)
from http_adapter.services import Services
from tradecore.domain.executions import Execution, Liquidity
from tradecore.domain.instruments import Side
from tradecore.domain.ledger import EntryKind
from tradecore.domain.money import multiply, quotient, subtract, text
from tradecore.domain.positions import Position
from tradecore.domain.wallets import Wallet
from tradecore.ports.queries import LedgerLine


class BalanceMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has of one asset."""

    asset: str
    available: Amount
    reserved: Amount
    total: Amount
    owed: Amount

    @classmethod
    def of(cls, wallet: Wallet) -> "BalanceMessage":
        """Return the wallet as told to its owner."""
        return cls(
            asset=wallet.asset,
            available=text(wallet.available),
            reserved=text(wallet.reserved),
            total=text(wallet.total),
            owed=text(wallet.owed),
        )


class BalanceList(msgspec.Struct, frozen=True, kw_only=True):
    """Every balance of an account."""

    items: tuple[BalanceMessage, ...]
    next_cursor: str | None = None


class PositionMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A holding, what it cost, and what it would bring now. Costs are in `quote_asset`."""

    asset: str
    quote_asset: str
    quantity: Amount
    cost: Amount
    average_cost: Amount | None
    realised_profit: Amount
    mark_price: Amount | None
    market_value: Amount | None
    unrealised_profit: Amount | None

    @classmethod
    def of(cls, position: Position, services: Services) -> "PositionMessage":
        """Return the position, marked at the best bid: what a sale would bring now."""
        rules = services.rules
        price = services.prices.find(f"{position.asset}{rules.quote_asset}")
        value = None if price is None else multiply(position.quantity, price.bid)
        return cls(
            asset=position.asset,
            quote_asset=rules.quote_asset,
            quantity=text(position.quantity),
            cost=text(position.cost),
            average_cost=(
                text(quotient(position.cost, position.quantity, rules.quote_scale))
                if position.quantity
                else None
            ),
            realised_profit=text(position.realised_profit),
            mark_price=None if price is None else text(price.bid),
            market_value=optional_text(value),
            unrealised_profit=None if value is None else text(subtract(value, position.cost)),
        )


class PositionList(msgspec.Struct, frozen=True, kw_only=True):
    """Every position of an account."""

    items: tuple[PositionMessage, ...]
    next_cursor: str | None = None


class ExecutionMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A fill of an own order."""

    trade_id: int
    order_id: str | None
    symbol: str
    side: Side
    quantity: Amount
    price: Amount
    notional: Amount
    commission: Amount
    commission_asset: str
    fee: Amount
    fee_asset: str
    liquidity: Liquidity
    late: bool
    journal_entry_id: str
    transacted_at: Instant
    recorded_at: Instant

    @classmethod
    def of(cls, execution: Execution) -> "ExecutionMessage":
        """Return the fill as told to its owner."""
        return cls(
            trade_id=execution.trade_id,
            order_id=execution.order_id,
            symbol=execution.symbol,
            side=execution.side,
            quantity=text(execution.quantity),
            price=text(execution.price),
            notional=text(execution.notional),
            commission=text(execution.commission),
            commission_asset=execution.commission_asset,
            fee=text(execution.fee),
            fee_asset=execution.fee_asset,
            liquidity=execution.liquidity,
            late=execution.late,
            journal_entry_id=execution.journal_entry_id,
            transacted_at=instant(execution.transacted_at),
            recorded_at=instant(execution.recorded_at),
        )


class ExecutionList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of fills."""

    items: tuple[ExecutionMessage, ...]
    next_cursor: str | None


class LedgerLineMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One posting on an own ledger account."""

    journal_entry_id: str
    kind: EntryKind
    reference: str
    ledger_account: str
    asset: str
    amount: Amount
    recorded_at: Instant

    @classmethod
    def of(cls, line: LedgerLine) -> "LedgerLineMessage":
        """Return the posting as told to its owner."""
        return cls(
            journal_entry_id=line.journal_entry_id,
            kind=line.kind,
            reference=line.reference,
            ledger_account=line.account,
            asset=line.asset,
            amount=text(line.amount),
            recorded_at=instant(line.recorded_at),
        )


class LedgerList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of postings."""

    items: tuple[LedgerLineMessage, ...]
    next_cursor: str | None


@get("/balances", operation_id="ListBalances", operation_class=OfAccount, responses=READ_PROBLEMS)
async def list_balances(request: ApiRequest) -> Response[BalanceList]:
    """List own balances by asset."""
    wallets = await exchange_of(request).services.queries.list_wallets(account_of(request))
    return answer(BalanceList(items=tuple(map(BalanceMessage.of, wallets))))


@get("/positions", operation_id="ListPositions", operation_class=OfAccount, responses=READ_PROBLEMS)
async def list_positions(request: ApiRequest) -> Response[PositionList]:
    """List own positions by asset. Unrealised profit is at the best bid; null without a price."""
    services = exchange_of(request).services
    positions = await services.queries.list_positions(account_of(request))
    return answer(PositionList(items=tuple(PositionMessage.of(one, services) for one in positions)))


@get(
    "/executions", operation_id="ListExecutions", operation_class=OfAccount, responses=READ_PROBLEMS
)
async def list_executions(
    request: ApiRequest,
    order_id: FromQuery[str | None] = None,
    symbol: SymbolFilter = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: SortBy = Sort.NEWEST,
) -> Response[ExecutionList]:
    """List own fills by when they were recorded."""
    page = await exchange_of(request).services.queries.list_executions(
        account_of(request),
        paging(limit, cursor, sort),
        order_id=optional_order_id(order_id),
        symbol=symbol,
    )
    return answer(filled(ExecutionList, page, ExecutionMessage.of))


@get("/ledger", operation_id="ListLedger", operation_class=OfAccount, responses=READ_PROBLEMS)
async def list_ledger(
    request: ApiRequest,
    asset: AssetFilter = None,
    reference: ReferenceFilter = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: SortBy = Sort.NEWEST,
) -> Response[LedgerList]:
    """List the postings on the own ledger accounts."""
    page = await exchange_of(request).services.queries.list_ledger(
        account_of(request), paging(limit, cursor, sort), asset=asset, reference=reference
    )
    return answer(filled(LedgerList, page, LedgerLineMessage.of))


HANDLERS: Final = (list_balances, list_positions, list_executions, list_ledger)
