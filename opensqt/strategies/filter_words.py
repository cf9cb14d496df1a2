"""A venue's filter that an order would break, in words: what was asked for and what is allowed. Pure."""

from decimal import Decimal

from opensqt.domain.decimals import EXACT, canonical
from opensqt.domain.instruments import InstrumentRules


def filter_words(rules: InstrumentRules, code: str, price: Decimal, quantity: Decimal) -> str:
    """Say what `InstrumentRules.refusal` found; what is not one of its codes is returned as it is."""
    base, quote = rules.base, rules.quote
    size, notional = f"{_plain(quantity)} {base}", f"{_plain(price * quantity)} {quote}"
    words = {
        "below_quantity_min": (f"quantity {size}", "below", "minimum", rules.quantity_min),
        "above_quantity_max": (f"quantity {size}", "above", "maximum", rules.quantity_max),
        "off_quantity_step": (f"quantity {size}", "off", "step", rules.quantity_step),
        "below_notional_min": (f"notional {notional}", "below", "minimum", rules.notional_min),
        "above_notional_max": (f"notional {notional}", "above", "maximum", rules.notional_max),
        "off_tick_size": (f"price {_plain(price)}", "off", "tick", rules.tick_size),
        "below_price_min": (f"price {_plain(price)}", "below", "minimum", rules.price_min),
        "above_price_max": (f"price {_plain(price)}", "above", "maximum", rules.price_max),
    }
    if code not in words:
        return code
    asked, how, what, bound = words[code]
    # Without a least quantity of its own the step is the least.
    what, bound = (what, bound) if bound > 0 else ("step", rules.quantity_step)
    return f"order {asked} is {how} the venue's {what} of {_plain(bound)}"


def _plain(number: Decimal) -> str:
    return canonical(number.normalize(EXACT))
