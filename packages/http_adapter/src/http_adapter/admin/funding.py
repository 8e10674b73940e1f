"""Simulated funding: credit, debit, and the house's inventory that backs them."""

from typing import Final

import msgspec
from litestar import Response, post
from litestar.params import FromPath, JSONBody

from http_adapter import parameters
from http_adapter.answers import execute
from http_adapter.exchange import ApiRequest
from http_adapter.fields import Amount, AmountText, AssetName, Instant, Sentence, amount, instant
from http_adapter.idempotency import origin
from http_adapter.operations_spec import WRITE_PROBLEMS, Keyed
from http_adapter.v1.money import BalanceMessage
from tradecore.application.commands.fund_account import BookOpening, CreditAccount, DebitAccount
from tradecore.domain.ledger import EntryKind, JournalEntry, Posting
from tradecore.domain.money import text


class Funding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much of what, and why."""

    asset: AssetName
    amount: AmountText
    reason: Sentence


class PostingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a journal entry."""

    ledger_account: str
    asset: str
    amount: Amount

    @classmethod
    def of(cls, posting: Posting) -> "PostingMessage":
        """Return the line."""
        return cls(ledger_account=posting.account, asset=posting.asset, amount=text(posting.amount))


class JournalEntryMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A journal entry."""

    journal_entry_id: str
    kind: EntryKind
    reference: str
    postings: tuple[PostingMessage, ...]
    recorded_at: Instant

    @classmethod
    def of(cls, entry: JournalEntry) -> "JournalEntryMessage":
        """Return the entry."""
        return cls(
            journal_entry_id=entry.journal_entry_id,
            kind=entry.kind,
            reference=entry.reference,
            postings=tuple(map(PostingMessage.of, entry.postings)),
            recorded_at=instant(entry.recorded_at),
        )


@post(
    "/accounts/{account_id:str}/credit",
    status_code=201,
    operation_id="CreditAccount",
    operation_class=Keyed,
    responses=WRITE_PROBLEMS,
)
async def credit_account(
    request: ApiRequest, account_id: FromPath[str], data: JSONBody[Funding]
) -> Response[BalanceMessage]:
    """Deposit, out of the treasury. Answers the balance after it."""
    command = CreditAccount(
        **await origin(request),
        account_id=parameters.account_id(account_id),
        asset=data.asset,
        amount=amount(data.amount, "amount"),
        reason=data.reason,
    )
    return await execute(request, command, BalanceMessage.of, status=201)


@post(
    "/accounts/{account_id:str}/debit",
    status_code=201,
    operation_id="DebitAccount",
    operation_class=Keyed,
    responses=WRITE_PROBLEMS,
)
async def debit_account(
    request: ApiRequest, account_id: FromPath[str], data: JSONBody[Funding]
) -> Response[BalanceMessage]:
    """Withdraw, back into the treasury. Answers the balance after it."""
    command = DebitAccount(
        **await origin(request),
        account_id=parameters.account_id(account_id),
        asset=data.asset,
        amount=amount(data.amount, "amount"),
        reason=data.reason,
    )
    return await execute(request, command, BalanceMessage.of, status=201)


@post(
    "/treasury/openings",
    status_code=201,
    operation_id="BookOpening",
    operation_class=Keyed,
    responses=WRITE_PROBLEMS,
)
async def book_opening(
    request: ApiRequest, data: JSONBody[Funding]
) -> Response[JournalEntryMessage]:
    """Book what the house holds at the venue as its own inventory: it backs the credits."""
    command = BookOpening(
        **await origin(request),
        asset=data.asset,
        amount=amount(data.amount, "amount"),
        reason=data.reason,
    )
    return await execute(request, command, JournalEntryMessage.of, status=201)


HANDLERS: Final = (credit_account, debit_account, book_opening)
