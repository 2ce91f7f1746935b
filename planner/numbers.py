"""How a number is written for people, once for terminal, workbook and map."""

from decimal import ROUND_HALF_UP, Decimal

_STEP = Decimal("0.01")


def share_text(share: float) -> str:
    """Return a share in per cent with two decimals, half up; "" where it is unknown.

    All is never said of less than all, nor nothing of more than nothing.

    >>> share_text(0.86265)
    '86.27%'
    >>> share_text(0.999999), share_text(1.0)
    ('99.99%', '100.00%')
    >>> share_text(0.000001), share_text(0.0)
    ('0.01%', '0.00%')
    >>> share_text(float("nan"))
    ''
    """
    exact = Decimal(repr(float(share))) * 100
    if exact.is_nan():
        return ""
    rounded = exact.quantize(_STEP, ROUND_HALF_UP)
    if rounded == 100 and exact < 100:
        rounded -= _STEP
    elif rounded == 0 and exact > 0:
        rounded = _STEP
    return f"{rounded}%"
