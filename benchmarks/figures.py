"""The page of figures, docs/figures.md, from the reports of the last run. No number on it is typed by hand.

`--write` writes the page; without it the page is printed. A report that is missing is named, never invented.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import recovery
from benchmarks.stand import tables

PAGE = Path("docs") / "figures.md"
REPORTS = Path("reports")
HEAD = """# Figures

Written by `make bench` from the reports of its last run; not edited by hand. A figure of another machine differs, the
ratios less so. Each section says when and on what it was measured. All servers and processes run on that one machine.
"""
HOT_PATH = """
An intent is *published* when the author hands it to NATS; it is *on the wire* when the last byte of its request has
been given to the socket of the venue. The *floor* does the same beside it, in turn with the desk in the same run: two
processes hear the same bytes on the same kinds of streams, publish the command, commit the same rows with the same
append function (what waits goes together) and send the same request to the same venue, with no decision, no check and
no encoding in between. Places and cancels alternate. Risk, executor and relay are the shipped processes; every call is
stamped at its port.
"""
SUSTAINED = """
The rate rises until intents wait: a step holds when all of its intents reached the wire, p99 stayed below the bound and
no queue was left. A new order is one intent, its cancel another. What kept the processors busy says what saturates.
"""
RECOVERY = """
A process is killed with SIGKILL and started again on the same journal: until it answers, until the journal is folded,
until it works. The executor takes no command before the longest request of a predecessor has passed (its fence,
2 s here). Median of the starts after the first; at its first start the reconciler also builds its tables.
"""
REPLAY = """
Read, checked against its hash, decoded and folded into the books of the desk, by one process:
"""

BACKTEST = """
A grid of five levels a side over best quotes, by the second of processor time: passing over the rows at which nothing
can change (skipping), and looking at each (stepping). Both ways made the same trades over the rows that both walked.
"""


def page(folder: Path) -> str:
    """Return the page from the reports of a folder."""
    parts = [HEAD]
    for name, section in SECTIONS.items():
        path = folder / f"{name}.json"
        if path.exists():
            parts.append("\n".join(section(json.loads(path.read_text()))))
        else:
            parts.append(f"\n## {name}\n\nNot measured yet: `make bench`.")
    return "\n".join(parts).rstrip() + "\n"


def hot_path(report: dict[str, Any]) -> Iterator[str]:
    """Say how long an intent takes to the wire and how many go."""
    yield from _title("From an intent to the wire", "hot_path", report)
    yield HOT_PATH
    yield from _table(tables.ways(report))
    for rate in report["rates"]:
        yield f"\nHop by hop at {rate['per_s']:g} intents/s, places only, ms:\n"
        yield from _table(tables.parts(rate))
    highest = report["ramp"]["highest"]
    yield "\n### Sustained through the whole gate"
    yield SUSTAINED
    if highest is not None:
        told = f"{highest['said_per_s']:g} intents/s, of them {highest['orders_per_s']:g} orders/s"
        yield f"**{told}**, at p99 below {report['ramp']['p99_ms_max']:g} ms.\n"
    yield from _table(tables.steps(report["ramp"]))


def journal(report: dict[str, Any]) -> Iterator[str]:
    """Say how fast the journal is."""
    yield from _title("The journal", "journal", report)
    one = report["single_ms"]
    yield ""
    rows = [("what", "figure")]
    rows.append(("append, one at a time", f"p50 {one['p50']:.2f} ms, p99 {one['p99']:.2f} ms"))
    for waiting, rate in report["together"].items():
        rows.append((f"append, {waiting} waiting", f"{rate} events/s"))
    rows.append(("read", f"{report['read_per_s']} rows/s"))
    yield from _table(rows)


def restart(report: dict[str, Any]) -> Iterator[str]:
    """Say how long a restart takes."""
    yield from _title("Coming back after kill -9", "recovery", report)
    yield RECOVERY
    yield from _table(list(recovery.lines(report)))
    yield "\n### Folding the whole journal again"
    yield REPLAY
    yield from _table(list(recovery.replays(report)))


def backtests(report: dict[str, Any]) -> Iterator[str]:
    """Say how fast a backtest walks."""
    yield from _title("A backtest", "backtest", report)
    yield BACKTEST
    rows = [("way", "rows/s", "rows", "trades")]
    for way in ("skipping", "stepping"):
        found = report[way]
        rows.append((way, str(found["rows_per_s"]), str(found["rows"]), str(found["trades"])))
    yield from _table(rows)
    yield f"\nAt most {report['peak_mb']} MB of memory."


SECTIONS: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "hot_path": hot_path,
    "journal": journal,
    "recovery": restart,
    "backtest": backtests,
}


def _title(words: str, name: str, report: dict[str, Any]) -> Iterator[str]:
    facts = report["machine"]
    load = ", ".join(f"{value:.2f}" for value in facts["load_before"])
    versions = ", ".join(f"{one} {version}" for one, version in facts["versions"].items())
    yield f"\n## {words}\n"
    yield f"Measured {facts['measured_at']} by `python benchmarks/{name}.py` on {facts['cpus']} processors"
    yield f"({facts['cpu']}), load before {load}, Linux {facts['kernel']}, Python {facts['python']};"
    yield f"{versions}."
    if report.get("short"):
        yield "\n**A short run: it shows that the measurement works, its figures mean little.**"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(rows[0])} |"
    yield "|" + "---|" * len(rows[0])
    for row in rows[1:]:
        yield f"| {' | '.join(row)} |"


def main() -> None:
    """Print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    parser.add_argument("--reports", type=Path, default=REPORTS)
    words = parser.parse_args()
    text = page(words.reports)
    if words.write:
        PAGE.write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
