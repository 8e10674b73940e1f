"""Every refusal has a stable code of its own and a sentence for a person."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest

from tradecore.domain import accounts, errors
from tradecore.domain.accounts import AccountStatus
from tradecore.domain.errors import DomainError, Reason
from tradecore.testing.builders import build_account

VALUES: dict[Any, Any] = {
    str: "x",
    Decimal: Decimal("1E+3"),
    tuple[Reason, ...]: (Reason(rule="r", detail="one"), Reason(rule="r", detail="two")),
}


def classes(root: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    yield root
    for child in root.__subclasses__():
        yield from classes(child)


def build(kind: type[DomainError]) -> DomainError:
    return kind(**{field.name: VALUES[field.type] for field in attrs.fields(kind)})


@pytest.mark.parametrize("kind", list(classes()))
def test_an_error_says_a_sentence_without_exponents(kind: type[DomainError]) -> None:
    error = build(kind)
    assert str(error) == error.message
    assert error.message
    assert "E+" not in error.message


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in classes()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", list(classes()))
def test_the_tree_in_the_docstring_names_every_error(kind: type[DomainError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")


def test_every_reason_is_told() -> None:
    assert build(errors.OrderRefused).message == "one; two"


def test_a_closed_account_neither_trades_nor_is_funded() -> None:
    accounts.require_active(build_account())
    with pytest.raises(errors.AccountClosed, match="is closed"):
        accounts.require_active(build_account(status=AccountStatus.CLOSED))
