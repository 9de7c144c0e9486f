"""`python -m daemon.sandbox`: the sandbox as a process of its own. `homeward sandbox` is the same."""

import argparse
import functools
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import anyio

from daemon.sandbox.app import Sandbox, serve, write_configuration
from daemon.sandbox.scenarios import plan_season


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or "/" in host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{value!r}: give it as HOST:PORT, for example 127.0.0.1:8600")
    return value


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="homeward sandbox", description="Local Happy Returns and Brightpearl.")
    parser.add_argument(
        "--listen", default="127.0.0.1:8700", type=_host_and_port, help="HOST:PORT; port 0 takes a free one"
    )
    parser.add_argument("--daemon", default="127.0.0.1:8600", type=_host_and_port,
                        help="HOST:PORT where the daemon listens, for webhooks")  # fmt: skip
    parser.add_argument("--directory", type=Path, help="write a daemon configuration and the clock file here")
    parser.add_argument("--returns", type=int, default=0, help="begin a season of this many returns")
    parser.add_argument("--days", type=int, default=21, help="days over which the season's returns begin")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--rate", type=float, default=1.0, help="seconds of sandbox time a real second; needs --directory"
    )
    parser.add_argument("--now", help="sandbox time to begin at, ISO 8601")
    options = parser.parse_args(arguments)
    host, _, port = options.listen.rpartition(":")
    clock_file = None
    if options.directory is not None:
        options.directory.mkdir(parents=True, exist_ok=True)
        clock_file = options.directory.resolve() / "clock.json"
    elif options.rate != 1.0:
        parser.error("--rate needs --directory: the daemon must follow the same clock")
    now = datetime.fromisoformat(options.now).astimezone(UTC) if options.now else None
    sandbox = Sandbox.open(clock_file=clock_file, now=now, rate=options.rate)
    plan_season(sandbox.season, returns=options.returns, seed=options.seed, days=options.days)
    sandbox.happy_returns.webhook_url = f"http://{options.daemon}/webhooks/happy-returns/acme"

    def started(bound: int) -> None:
        url = f"http://{host}:{bound}"
        told = {"sandbox": url, "control": f"{url}/_sandbox/status"}
        if options.directory is not None:
            told["config"] = str(
                write_configuration(options.directory, sandbox_url=url, listen=options.daemon, clock_file=clock_file)
            )
        print(json.dumps(told), flush=True)

    try:
        anyio.run(functools.partial(serve, sandbox, host=host, port=int(port), started=started))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        print(f"cannot listen on {options.listen}: {error.strerror}; name another with --listen", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
