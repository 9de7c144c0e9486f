"""The programs as an operator runs them: sandbox and daemon side by side, a return followed to its restock."""

import json
import signal
from pathlib import Path
from typing import Any

from tests.acceptance.processes import (
    GIVE_UP_SECONDS,
    daemon,
    fetch,
    free_address,
    homeward,
    homeward_json,
    open_folder,
    sandbox,
    until,
)


def given_a_receipt(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "receipts.csv"
    path.write_text("\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n")
    return path


def advance_clock(url: str, days: float) -> None:
    fetch(f"{url}/_sandbox/clock", {"by_seconds": days * 86400})


def test_a_return_is_followed_from_its_start_to_its_restock() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address, "--rate", "120") as (url, config), daemon(config) as process:
        until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon is ready")
        told = fetch(f"{url}/_sandbox/scenario", {"name": "bar_single"})[1]["truth"][0]
        code = told["express_code"]

        def state() -> Any:
            done = homeward("return", "show", code, "-o", "json", config=config, check=None)
            return json.loads(done.stdout)["state"] if done.returncode == 0 else None

        advance_clock(url, 0.01)
        until(lambda: state() == "initiated", "the return is known")
        advance_clock(url, 6)
        until(lambda: state() == "credited", "the credit exists")
        until(lambda: homeward_json("return", "show", code, config=config)["payment"], "the refund is recorded")
        advance_clock(url, 12)
        rows = until(lambda: fetch(f"{url}/_sandbox/receipts")[1], "the goods arrived")
        receipts = given_a_receipt(folder, rows)
        imported = homeward_json("receipt", "import", str(receipts), "--merchant", "acme", config=config)
        until(lambda: state() == "restocked", "the goods are booked")

        shown = homeward_json("return", "show", code, config=config)
        listed = [json.loads(x) for x in homeward("return", "list", "-o", "ndjson", config=config).stdout.splitlines()]
        (verified,) = homeward_json("journal", "verify", config=config)
        moves = homeward("journal", "export", "--since", "2026-01-01", config=config).stdout.splitlines()
        homeward("journal", "export", "--since", "2026-02-01", "--until", "2026-01-01", config=config, check=2)
        homeward("journal", "verify", "--head", "nonsense", config=config, check=2)
        false = homeward("journal", "verify", "--head", f"1:{'0' * 64}", config=config, check=1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(GIVE_UP_SECONDS) == 0

    assert verified["is_whole"]
    assert [json.loads(move)["seq"] for move in moves] == list(range(1, verified["head"] + 1))
    assert json.loads(moves[-1])["link"] == verified["link"]
    assert "position 1" in false.stderr
    assert [row["result"] for row in imported] == ["received"]
    assert {"id", "merchant", "happy_return_id", "express_code", "order_number", "part", "state", "units"} <= set(shown)
    assert {"id", "external_ref", "net", "tax", "currency", "invoice_reference"} <= set(shown["credit"])
    assert shown["credit"]["invoice_reference"].startswith("SC-")
    assert [len(shown["goods_in"]), shown["exception"]] == [1, None]
    walk = [(row["from"], row["to"]) for row in shown["journal"] if row["from"] != row["to"]]
    assert walk == [
        ("new", "initiated"), ("initiated", "scanned"), ("scanned", "credit-pending"), ("credit-pending", "credited"),
        ("credited", "restocked"),
    ]  # fmt: skip
    assert all({"from", "to", "event", "actor", "at"} <= set(row) for row in shown["journal"])
    assert [each["id"] for each in listed] == [shown["id"]]


def test_a_command_on_a_new_installation_of_our_own_finds_it_empty() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address) as (_, config):
        found = homeward_json("doctor", config=config)
        listed = homeward_json("return", "list", config=config)

    assert [each["detail"] for each in found if each["check"] == "database schema"] == [
        "empty; made by the first command or start"
    ]
    assert [each["check"] for each in found if each["result"] != "ok"] == []
    assert listed == []


def test_the_command_answers_in_the_form_and_with_the_code_it_promises() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address) as (_, config):
        homeward("db", "migrate", config=config)

        assert homeward_json("db", "status", config=config)["do"] == "nothing to do"
        for noun, verb in (
            ("return", "list"), ("exception", "list"), ("event", "list"), ("effect", "list"), ("receipt", "list"),
        ):  # fmt: skip
            assert homeward_json(noun, verb, config=config) == []
        assert homeward("return", "list", "-o", "ndjson", config=config).stdout == ""
        assert homeward("return", "list", "-o", "csv", config=config).stdout.startswith("id,merchant,")
        assert homeward_json("merchant", "list", config=config)[0]["merchant"] == "acme"
        assert homeward_json("merchant", "status", config=config)[0]["effects_open"] == 0
        homeward("return", "show", "nobody", config=config, check=5)
        homeward("event", "pull", "HRNOBODY", config=config, check=5)
        homeward("return", "list", "--state", "lost", config=config, check=2)
        homeward("event", "list", "--state", "lost", config=config, check=2)
        homeward("return", "list", "--config", str(folder / "nowhere.toml"), check=2)
        wrong = homeward("return", "show", "nobody", "-o", "json", config=config, check=5)
        assert json.loads(wrong.stderr)["exit_code"] == 5


def test_an_exception_is_shown_with_its_next_step_and_retried_only_when_told_to() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address, "--rate", "120") as (url, config), daemon(config):
        until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon is ready")
        code = fetch(f"{url}/_sandbox/scenario", {"name": "cancelled_order"})[1]["truth"][0]["express_code"]
        advance_clock(url, 0.01)
        until(lambda: homeward_json("return", "list", config=config), "the return is known")
        advance_clock(url, 6)
        until(lambda: homeward_json("exception", "list", config=config), "it is an exception")

        shown = homeward_json("exception", "show", code, config=config)
        grouped = homeward_json("exception", "list", "--group-by", "cause", config=config)
        homeward("exception", "retry", code, "--reason", "looked", config=config, check=2)  # no terminal, no --yes
        dry = homeward_json("exception", "retry", code, "--reason", "looked", "--dry-run", config=config)
        done = homeward_json("exception", "retry", code, "--reason", "looked", "--yes", config=config)
        homeward("return", "receive", "nobody", "--reason", "here", "--yes", config=config, check=5)

        def retried() -> bool:
            journal = homeward_json("return", "show", code, config=config)["journal"]
            return any(row["event"] == "resumed" and row["actor"].startswith("user:") for row in journal)

        until(retried, "the journal names who asked for the retry")

    assert (shown["cause"], shown["owner"]) == ("order-cancelled", "customer-service")
    assert shown["do"]
    assert shown["effect"]
    assert [(row["cause"], row["returns"]) for row in grouped] == [("order-cancelled", 1)]
    assert (dry["changed"], done["changed"]) == (False, True)


def test_commands_and_a_second_daemon_leave_the_first_daemons_database_alone() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address) as (_, config), daemon(config):
        until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon is ready")

        second = homeward("run", config=config, check=2)
        homeward("return", "list", config=config)
        homeward("doctor", config=config)

        assert "cannot listen" in second.stderr
        assert fetch(f"http://{address}/readyz")[0] == 200


def test_a_change_needs_an_identifier_that_means_one_return() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address, "--rate", "120") as (url, config), daemon(config):
        until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon is ready")
        code = fetch(f"{url}/_sandbox/scenario", {"name": "partial_then_expiry"})[1]["truth"][0]["express_code"]
        advance_clock(url, 0.01)
        until(lambda: homeward_json("return", "list", config=config), "the return is known")
        advance_clock(url, 6)
        until(lambda: len(homeward_json("return", "list", config=config)) == 2, "one unit went ahead")

        for blank in ("", "  "):
            homeward("return", "show", blank, config=config, check=2)
            homeward("return", "receive", blank, "--reason", "x", "--dry-run", config=config, check=2)
        split = homeward("return", "receive", code, "--reason", "x", "--yes", config=config, check=6)
        homeward("return", "list", "--cause", "bogus", config=config, check=2)
        homeward("return", "list", "--team", "bogus", config=config, check=2)

        assert "give the id" in split.stderr


def test_text_of_others_is_printed_as_it_is() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address) as (_, config):
        homeward("db", "migrate", config=config)
        item = {"happyReturnsReturnID": "r", "orderNumber": "1", "sku": "S", "happyReturnsExpressCode": "HRBBBBBB"}
        told = {
            "event": "return_status_updated",
            "typeID": "started",
            "items": [{**item, "productName": "[/oops] [b]"}],
        }
        payload = folder / "payload.json"
        payload.write_text(json.dumps({**told, "retailerID": "acme-apparel"}))
        with daemon(config):
            until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon is ready")
            homeward("event", "import", str(payload), config=config)
            until(lambda: homeward_json("return", "list", config=config), "the return is known")

            assert "[/oops] [b]" in homeward("return", "show", "HRBBBBBB", config=config).stdout


def test_an_operator_sees_who_holds_what_the_use_of_the_quota_and_when_the_backlog_is_drained() -> None:
    address = free_address()
    with open_folder() as folder, sandbox(folder, address, "--rate", "120") as (url, config), daemon(config):
        until(lambda: fetch(f"http://{address}/readyz")[0] == 200, "the daemon is ready")
        fetch(f"{url}/_sandbox/scenario", {"name": "bar_single", "times": 20})
        advance_clock(url, 6)
        until(
            lambda: homeward_json("merchant", "status", config=config)[0]["states"].get("credited") == 20,
            "all credited",
        )

        (held,) = homeward_json("merchant", "list", config=config)
        (status,) = homeward_json("merchant", "status", config=config)
        homeward("db", "prune", "--older-than", "400", "--reason", "x", config=config, check=2)  # no terminal, no --yes
        dry = homeward_json("db", "prune", "--older-than", "400", "--reason", "x", "--dry-run", config=config)
        done = homeward_json("db", "prune", "--older-than", "400", "--reason", "x", "--yes", config=config)

    assert held["is_held"]
    assert held["lease_owner"]
    assert status["quota_share"] == 140
    assert status["multi_message_costs"] == "one"
    assert status["refused_calls"] == 0
    assert status["drained_at"]
    assert (dry["changed"], dry["returns"], done["changed"], done["returns"]) == (False, 0, False, 0)
