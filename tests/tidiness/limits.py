"""docs/limits.md from the catalogue of the gate: `python -m tests.tidiness.limits --write` writes it."""

import sys

from opensqt.risk.rule import Rule
from opensqt.risk.rules import RULES
from tests.tidiness.source import ROOT

PAGE = ROOT / "docs" / "limits.md"
HEAD = """# Why risk refuses

Written by `make rows` from `opensqt/risk/rules.py`; not edited by hand. Rules are judged from top to bottom; the first
that is broken is the reason of the refusal. Figures are named as they stand in the verdict (`opensqt events --json`):
`moment` is when it was judged and what was switched off, `grounds` all other figures, `intent` what was wished. An
order *reduces* when it is a close of what its strategy holds and no live close takes off already; it obeys only the
rules that bind exits, too. A cancel is refused only as `expired` or `queue_full`. Limits come from `[risk]` and from
the strategy's own settings ([configuration](configuration.md)).

| code | bounds | refused when | figures | limit | exits, too |
|---|---|---|---|---|---|
"""


def page() -> str:
    """Return docs/limits.md."""
    return HEAD + "".join(map(_line, RULES))


def _line(rule: Rule) -> str:
    figures = ", ".join(f"`{name}`" for name in rule.inputs)
    limit = f"`{rule.limit}`" if rule.limit else ""
    cells = (f"`{rule.code}`", rule.scope, rule.words, figures, limit, "yes" if rule.exits else "")
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/limits.md is not what the catalogue says: run `make rows`")
