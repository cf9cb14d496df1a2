"""Every named step of the services whose effects lie between two of them, as a page for people.

`python -m tests.tidiness.steps --write` writes docs/steps.md; without it the file is only compared.
"""

import sys

from tests.crash.steps import STEPS, unreachable
from tests.tidiness.source import ROOT

PAGE = ROOT / "docs" / "steps.md"
HEAD = """# Named steps

Written by `make rows` from the ports of the services (`tests/crash/steps.py`); not edited by hand.

Every effect of executor, risk, relay, and of the kill switch in the executor (`latches`, `venue.cancel`), lies
between two named steps, `<service>.<effect>.before` and `<service>.<effect>.after`. `OPENSQT_CRASH_AT=step[:n]` kills
the process at the n-th time it gets there, in paper and tests only. `make crash-matrix` dies at each of them in every
scenario that reaches it. An effect that lies between none fails `tests/unit/tidiness/test_tidy_effects.py`.
"""


def current_page() -> str:
    """Return what docs/steps.md must hold now."""
    lines = [HEAD]
    for service, steps in STEPS.items():
        lines += [
            f"## {service}: {len(steps)} steps",
            "",
            "| effect | why no scenario reaches it |",
            "|---|---|",
        ]
        effects = dict.fromkeys(step.rpartition(".")[0] for step in steps)
        for effect in effects:
            lines.append(f"| `{effect}` | {unreachable(f'{effect}.before')} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or say that it is not current."""
    text = current_page()
    if "--write" in arguments:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write("docs/steps.md is not current: make rows\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
