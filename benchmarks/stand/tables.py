"""The report of the hot path as plain text for people. Computes ratios, nothing else."""

from typing import Any

Row = tuple[str, ...]


def show(report: dict[str, Any]) -> None:
    """Print the whole report."""
    for line in lines(report):
        print(line)


def lines(report: dict[str, Any]) -> list[str]:
    """Return the report, line by line."""
    facts = report["machine"]
    found = [
        f"{facts['measured_at']}  {facts['cpus']} x {facts['cpu']}  load before {facts['load_before']}",
        "",
        "intent published -> request on the wire, ms",
    ]
    found += table(ways(report))
    for rate in report["rates"]:
        found += [
            "",
            f"hop by hop at {rate['per_s']:g} intents/s (places), ms",
            *table(parts(rate)),
        ]
    ramp = report["ramp"]
    found += ["", f"sustained (p99 <= {ramp['p99_ms_max']:g} ms)", *table(steps(ramp))]
    return found


def ways(report: dict[str, Any]) -> list[Row]:
    """Return the whole way of desk and floor at every rate, and their ratio."""
    rows: list[Row] = [
        ("intents/s", "lane", "n", "missing", "p50", "p99", "p99.9", "place p50", "cancel p50")
    ]
    for rate in report["rates"]:
        for lane in ("floor", "desk"):
            one = rate[lane]
            way, kinds = one["wire_ms"], one["by_kind_ms"]
            cells = _cells(way)
            halves = tuple(_number(kinds.get(kind, {}).get("p50")) for kind in ("place", "cancel"))
            rows.append(
                (f"{rate['per_s']:g}", lane, str(one["said"]), str(one["missing"]), *cells, *halves)
            )
        rows.append((f"{rate['per_s']:g}", "ratio", "", "", *ratios(rate), "", ""))
    return rows


def ratios(rate: dict[str, Any]) -> tuple[str, str, str]:
    """Return desk / floor of p50, p99 and p99.9."""
    desk, floor = rate["desk"]["wire_ms"], rate["floor"]["wire_ms"]

    def ratio(name: str) -> str:
        if not desk or not floor or desk[name] is None or not floor[name]:
            return "-"
        return f"{desk[name] / floor[name]:.1f}"

    return ratio("p50"), ratio("p99"), ratio("p999")


def parts(rate: dict[str, Any]) -> list[Row]:
    """Return the hops of the desk and of the floor at one rate."""
    rows: list[Row] = [("lane", "hop", "p50", "p99", "p99.9")]
    for lane in ("desk", "floor"):
        rows += [(lane, name, *_cells(hop)) for name, hop in rate[lane]["hops_ms"].items()]
    return rows


def steps(ramp: dict[str, Any]) -> list[Row]:
    """Return the steps of the rising rate and what kept the processors busy."""
    rows: list[Row] = [
        ("intents/s", "orders/s", "p50", "p99", "waiting", "missing", "holds", "busy processors")
    ]
    for step in ramp["steps"]:
        way = step["wire_ms"] or {}
        rows.append(
            (
                f"{step['said_per_s']:g}",
                f"{step['orders_per_s']:g}",
                _number(way.get("p50")),
                _number(way.get("p99")),
                str(step["waiting_at_end"]),
                str(step["missing"]),
                "yes" if step["holds"] else "no",
                busy(step["cores"]),
            )
        )
    return rows


def busy(cores: dict[str, float]) -> str:
    """Say which processes used the processors, the busiest first."""
    used = sorted(cores.items(), key=lambda pair: -pair[1])
    named = [f"{name} {share:.2f}" for name, share in used if share >= 0.05]
    return f"{sum(cores.values()):.2f} = " + " + ".join(named)


def table(rows: list[Row]) -> list[str]:
    """Align columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _cells(way: dict[str, Any] | None) -> tuple[str, str, str]:
    found = way or {}
    return _number(found.get("p50")), _number(found.get("p99")), _number(found.get("p999"))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
