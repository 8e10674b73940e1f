"""What the venue refuses, with its codes and exact texts.

Source: Binance Spot API, "Error codes". Callers branch on the code; where a code has several
texts (-1013, -2010, -2011) the text says which.
"""

from typing import Final

ILLEGAL_CHARACTERS: Final = -1100
MANDATORY_PARAMETER: Final = -1102
PARAMETER_NOT_REQUIRED: Final = -1106
BAD_PRECISION: Final = -1111
BAD_SYMBOL: Final = -1121
BAD_COMBINATION: Final = -1128
INVALID_PARAMETER: Final = -1130
BAD_STRATEGY_TYPE: Final = -1134
LOOKUP_TOO_BIG: Final = -1127
OCO_TYPE_REJECTED: Final = -1158
OTO_TYPE_REJECTED: Final = -1159
BUY_LIMIT_MUST_BE_BELOW: Final = -1165
SELL_LIMIT_MUST_BE_ABOVE: Final = -1166
BOTH_CANNOT_BE_LIMIT: Final = -1168
BUY_STOP_LOSS_MUST_BE_ABOVE: Final = -1196
SELL_STOP_LOSS_MUST_BE_BELOW: Final = -1197
BUY_TAKE_PROFIT_MUST_BE_BELOW: Final = -1198
SELL_TAKE_PROFIT_MUST_BE_ABOVE: Final = -1199
INVALID_MESSAGE: Final = -1013
NEW_ORDER_REJECTED: Final = -2010
CANCEL_REJECTED: Final = -2011
NO_SUCH_ORDER: Final = -2013
BAD_API_KEY: Final = -2015
CANCEL_REPLACE_HALF: Final = -2021
CANCEL_REPLACE_NONE: Final = -2022
AMEND_REJECTED: Final = -2038
IDS_DISAGREE: Final = -2039
NO_REFERENCE_PRICE: Final = -2043

INSUFFICIENT_BALANCE: Final = "Account has insufficient balance for requested action."
DUPLICATE_ORDER: Final = "Duplicate order sent."
MARKET_CLOSED: Final = "Market is closed."
WOULD_TAKE: Final = "Order would immediately match and take."
ACCOUNT_DISABLED: Final = "This account may not place or cancel orders."
ZERO_NOTIONAL: Final = "Price * QTY is zero or less."
THIN_BOOK: Final = "Order book liquidity is less than symbol minimum quantity."
NO_QUOTE_ORDERS: Final = "Quote order qty market orders are not support for this symbol."
UNKNOWN_ORDER: Final = "Unknown order sent."
WOULD_TRIGGER: Final = "Order would trigger immediately."
BAD_COMBINATION_OF_TERMS: Final = "Unsupported order combination"
ICEBERG_TOO_BIG: Final = "IcebergQty exceeds QTY."
BAD_PRICE_RELATION: Final = "The relationship of the prices for the orders is not correct."
NO_ICEBERGS: Final = "Iceberg orders are not supported for this symbol."
NO_TRAILING_STOPS: Final = "Trailing stop orders are not supported for this symbol."
NO_PEGS: Final = "Pegged orders are not supported for this symbol."
PEG_NOT_FOR_TYPE: Final = "This order type may not use pegged price."
PEG_NOT_WITH_TYPE: Final = "This price peg cannot be used with this order type."
PEG_THIN_BOOK: Final = "Order book liquidity is too low for this pegged order."
NO_ORDER_LISTS: Final = "{} orders are not supported for this symbol"
NO_CANCEL_REPLACE: Final = "Order cancel-replace is not supported for this symbol."
NO_AMENDS: Final = "Order amend is not supported for this symbol."
AMEND_INCREASE: Final = "Order amend (quantity increase) is not supported."
AMEND_NOTHING_LEFT: Final = "Order amend (quantity below executed) is not supported."
AMEND_NO_CHANGE: Final = "The requested action would change no state; rejecting."
CANCEL_RESTRICTED: Final = "Order was not canceled due to cancel restrictions."


class VenueError(Exception):
    """The venue's refusal: nothing happened."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


def rejected(message: str) -> VenueError:
    """Return the engine's refusal of a new order (-2010)."""
    return VenueError(NEW_ORDER_REJECTED, message)


def filter_failure(name: str) -> VenueError:
    """Return the refusal of the filter called `name` (-1013)."""
    return VenueError(INVALID_MESSAGE, f"Filter failure: {name}")


def stp_mode_not_allowed() -> VenueError:
    """Return the refusal of a self-trade prevention mode (-1013)."""
    text = "This symbol does not allow the specified self-trade prevention mode."
    return VenueError(INVALID_MESSAGE, text)


def illegal_characters(parameter: str, legal: str) -> VenueError:
    """Return the refusal of a malformed parameter; `legal` is the regular expression (-1100)."""
    text = f"Illegal characters found in parameter '{parameter}'; legal range is '{legal}'."
    return VenueError(ILLEGAL_CHARACTERS, text)


def missing(parameter: str) -> VenueError:
    """Return the refusal of a request without `parameter` (-1102)."""
    text = f"Mandatory parameter '{parameter}' was not sent, was empty/null, or malformed."
    return VenueError(MANDATORY_PARAMETER, text)


def one_of_missing(first: str, second: str) -> VenueError:
    """Return the refusal of a request with neither of two parameters (-1102)."""
    text = f"Param '{first}' or '{second}' must be sent, but both were empty/null!"
    return VenueError(MANDATORY_PARAMETER, text)


def not_required(parameter: str) -> VenueError:
    """Return the refusal of a superfluous parameter (-1106)."""
    return VenueError(PARAMETER_NOT_REQUIRED, f"Parameter '{parameter}' sent when not required.")


def too_precise(parameter: str) -> VenueError:
    """Return the refusal of too many decimals (-1111)."""
    return VenueError(BAD_PRECISION, f"Parameter '{parameter}' has too much precision.")


def invalid_symbol() -> VenueError:
    """Return the refusal of a symbol that is not listed (-1121)."""
    return VenueError(BAD_SYMBOL, "Invalid symbol.")


def no_such_order() -> VenueError:
    """Return the answer to a query that finds nothing (-2013)."""
    return VenueError(NO_SUCH_ORDER, "Order does not exist.")


def unknown_order() -> VenueError:
    """Return the refusal to cancel what is not open (-2011)."""
    return VenueError(CANCEL_REJECTED, UNKNOWN_ORDER)


def amend_rejected(message: str) -> VenueError:
    """Return the refusal of an amendment (-2038)."""
    return VenueError(AMEND_REJECTED, message)


def bad_combination(*parameters: str) -> VenueError:
    """Return the refusal of parameters that come together or not at all (-1128)."""
    fields = ", ".join(parameters)
    return VenueError(
        BAD_COMBINATION, f"Fields [{fields}] must be sent together or omitted entirely."
    )


def invalid_data(parameter: str) -> VenueError:
    """Return the refusal of a value that cannot be (-1130)."""
    return VenueError(INVALID_PARAMETER, f"Data sent for parameter '{parameter}' is not valid.")


def lookup_too_big(hours: int) -> VenueError:
    """Return the refusal of too long a time range (-1127)."""
    return VenueError(LOOKUP_TOO_BIG, f"More than {hours} hours between startTime and endTime.")


def combination_invalid() -> VenueError:
    """Return the refusal of optional parameters that exclude each other (-1128)."""
    return VenueError(BAD_COMBINATION, "Combination of optional parameters invalid.")
