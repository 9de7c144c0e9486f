"""`make bench`: what a daemon does, measured on real parts. Markdown tables on stdout, bench-results.json beside.

(a) full lifecycles with the vendors' limits lifted, (b) the same rows by hand and pgbench, in the same run, as ratios,
(c) calls a return and the share of the quota used while a backlog drains, (d) latency from webhook to verified credit,
(e) cost of an idle minute and of a cold start by stored returns, (f) pages with few and with many returns behind them,
and what open live views cost, (g) matching the books: time and memory by returns, (h) many accounts on one daemon, each
with more to do than its quota lets it, (i) processor seconds of one decision by its rows and units.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from tests.bench import books, full_quota, handwritten, large, latency, pages, storage
from tests.bench.decisions import decisions_per_second
from tests.bench.lifecycles import LIFTED, backlog, quota_rig

SHARE = 140
PUBLISHED = {"bucket_rate": 1e9, "bucket_size": 1e9, "requests_per_minute": 200, "close_sticks_share": 0.0}
"""Brightpearl's quota as published; Happy Returns' bucket is lifted, since it would hide what is measured here."""
CALLS_LEAST = {"one": 0.45, "each": 4.05}
"""The theoretical minimum a return: four writes, and reads of 200 ids. Source: Brightpearl sheet section 14."""


def in_folder(run: Callable[[Path], Awaitable[Any]]) -> Any:
    with tempfile.TemporaryDirectory(prefix="homeward-bench-", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o755)  # noqa: S103 - as root the server runs as another account, which must pass through
        return anyio.run(run, Path(name))


async def lifted(folder: Path, returns: int) -> dict[str, Any]:
    rig = quota_rig(folder, requests_per_minute=1_000_000)
    async with rig.running():
        told = await backlog(rig, returns, assumptions=LIFTED, rate=1.0)
        for number in list(rig.processes):
            rig.kill(number)
        told["by_hand"] = await handwritten.by_hand(rig.server, max(returns * 5, 2000))
        told["pgbench"] = await anyio.to_thread.run_sync(handwritten.pgbench, rig.server, 5)
        return told


async def drained(folder: Path, returns: int, *, costs_each: bool) -> dict[str, Any]:
    """Drain a backlog at the published quota; the clock runs as fast as leaves the quota the limit."""
    rig = quota_rig(folder, requests_per_minute=SHARE)
    async with rig.running():
        assumptions = {**PUBLISHED, "multi_message_costs_each": costs_each}
        return await backlog(rig, returns, assumptions=assumptions, rate=6.0 if costs_each else 3.0, share=SHARE)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--returns", type=int, default=2000, help="lifecycles with the limits lifted")
    parser.add_argument("--drain", type=int, default=5000, help="backlog drained at the published quota")
    parser.add_argument("--stored", default="10000,100000,1000000", help="returns at rest, comma-separated")
    parser.add_argument("--merchants", default="1,10,100", help="merchants on one daemon, comma-separated")
    parser.add_argument("--pages", default="100,100000", help="returns behind the pages, comma-separated")
    parser.add_argument("--books", default="10000,100000", help="returns whose legs are matched, comma-separated")
    parser.add_argument("--accounts", default="10,40,80", help="accounts at full quota on one daemon, comma-separated")
    parser.add_argument("--only", default="a,c,d,e,f,g,h,i", help="parts to run, comma-separated")
    options = parser.parse_args()
    parts = options.only.split(",")
    results: dict[str, Any] = {}
    if "a" in parts:
        _say("(a) (b) lifecycles with the limits lifted")
        results |= _of_lifecycles(in_folder(partial(lifted, returns=options.returns)))
        results["decisions_per_second"] = decisions_per_second()
        _keep(results)
    if "c" in parts:
        for name, costs_each, returns in (("one", False, options.drain), ("each", True, max(options.drain // 4, 1))):
            _say(f"(c) draining {returns} returns, a multi-message costs {name}")
            told = in_folder(partial(drained, returns=returns, costs_each=costs_each))
            results[f"api_calls_per_return_multi_{name}"] = round(told["units_used"] / returns, 3)
            results[f"quota_share_used_multi_{name}"] = told["quota_share_used"]
            results[f"avoidable_503_multi_{name}"] = told["throttled"]
            results[f"drained_multi_{name}"] = told
        results["quota_share_used"] = results["quota_share_used_multi_one"]
        results["avoidable_503"] = results["avoidable_503_multi_one"] + results["avoidable_503_multi_each"]
        _keep(results)
    if "d" in parts:
        results["latency_seconds"] = {}
        for count in (int(each) for each in options.merchants.split(",")):
            _say(f"(d) latency with {count} merchants")
            results["latency_seconds"][str(count)] = in_folder(partial(latency.measure, merchants=count))
        _keep(results)
    if "e" in parts:
        _say("(e) idle minute and cold start by stored returns")
        curve = in_folder(partial(storage.curve, sizes=[int(each) for each in options.stored.split(",")]))
        results["idle_cost"] = {size: told["idle_cpu_seconds_a_minute"] for size, told in curve.items()}
        results["idle_pages"] = {size: told["idle_pages_a_minute"] for size, told in curve.items()}
        results["cold_start_seconds"] = {size: told["cold_start_seconds"] for size, told in curve.items()}
        _keep(results)
    if "f" in parts:
        _say("(f) pages and live views")
        results |= in_folder(partial(pages.measured, sizes=[int(each) for each in options.pages.split(",")]))
        _keep(results)
    if "g" in parts:
        _say("(g) matching the books")
        results |= books.curve([int(each) for each in options.books.split(",")])
    if "h" in parts:
        results["full_quota"] = {}
        for count in (int(each) for each in options.accounts.split(",")):
            _say(f"(h) {count} accounts at full quota")
            results["full_quota"][str(count)] = in_folder(partial(full_quota.measure, merchants=count))
    if "i" in parts:
        _say("(i) large decisions")
        results["large_decision_seconds"] = {
            shape: {size: decision for size, (decision, _) in by_size.items()}
            for shape, by_size in large.processor_seconds().items()
        }
    _keep(results)
    _print(results)


def _of_lifecycles(told: dict[str, Any]) -> dict[str, Any]:
    rate = told["returns_per_second"]
    return {
        "returns_per_second": rate,
        "commits_per_return": told["commits_per_return"],
        "wal_bytes_per_return": told["wal_bytes_per_return"],
        **{name: told[name] for name in told if name.endswith("cpu_seconds_per_return")},
        "peak_rss_mib": told["peak_rss_mib"],
        "by_hand_returns_per_second": told["by_hand"],
        "against_by_hand": handwritten.against(rate, told["by_hand"]),
        "pgbench_tps": told["pgbench"],
        "against_pgbench": handwritten.against(rate, told["pgbench"]),
        "lifecycles": told,
    }


def _keep(results: dict[str, Any]) -> None:
    """What was measured so far: a run takes half an hour."""
    Path("bench-results.json").write_text(json.dumps(results, indent=2) + "\n")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _print(results: dict[str, Any]) -> None:
    print("| measure | value |\n| --- | ---: |")
    for name, value in results.items():
        if not isinstance(value, dict):
            print(f"| {name} | {value} |")
    for name, told in results.items():
        if isinstance(told, dict) and name not in ("lifecycles", "drained_multi_one", "drained_multi_each"):
            print(f"\n| {name} | |\n| --- | ---: |")
            for key, value in told.items():
                shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
                print(f"| {key} | {shown} |")
    if "api_calls_per_return_multi_one" in results:
        print(f"\nTheoretical minimum of calls a return: {CALLS_LEAST}")


if __name__ == "__main__":
    main()
