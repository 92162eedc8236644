"""The public matching-engine challenge, run by the production engine.

    python -m benchmarks.challenge FILE [--json] [--repeat N] [--clearing]
    python -m benchmarks.challenge --all DIR [--json]

FILE is a workload of flash1-dev/matching-engine-benchmark (MIT; paper arXiv 2606.01183), as written by its generator or
compressed with zstd. Its messages are first converted to command records, which is not timed; nothing here matches
orders. `seconds` runs from the first command decoded to the last event appended, on a fresh venue per repetition, with
the garbage collector as Python starts it, and with a sink that keeps the whole event stream. The report text is then
built from that stream, untimed, and its SHA-256 compared with the published one where FILE is a published workload.

--clearing puts the same messages through a venue with margin: 10,000 accounts (order id modulo 10,000, plus 1), with
deposits, also untimed, that are large enough for nothing to be refused, and a mark price that is the last trade's, so
that every trade moves positions, balances, the mark and the liquidation thresholds. The report must be the same.

Memory is measured in processes of their own: `peak_memory_bytes` is how far resident memory rises from before the venue
is opened, the commands being in memory, to its highest during the run, without the sink; `bytes_per_resting_order` is
that of `benchmarks.memory`.
"""

import argparse
import gc
import hashlib
import json
import statistics
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.harness import Blocks
from benchmarks.memory import growth_of, in_own_process
from exchange import Exchange
from exchange.build import build_info
from exchange.commands import CommandType
from exchange.errors import DataError
from exchange.events import EventType
from exchange.instrument import FeeSchedule, Instrument
from exchange.layout import event_layouts
from exchange.rules import OrderRules, Rules
from replay.packing import amend_order, cancel_order, deposit, place_order

HEADER: Final = struct.Struct("<QII")  # magic, version, count
MESSAGE: Final = struct.Struct("<BBBBIQQqq")  # type, side, ioc, -, quantity, sequence, order id, price, -
MAGIC: Final = 5567929457340067889
NEW: Final = 0
CANCEL: Final = 1
MODIFY: Final = 2

# SHA-256 of the report text, by scenario and orders, seed 23. The 1,000,000 are those that the benchmark publishes; the
# 100,000 are its generator's and reference engine's for a tenth of the orders.
REPORT_SHA256: Final = {
    ("static", 100_000): "b91bcf3715063a88cf7422df43766feee36593a18ea50e7e47fe7733d906732b",
    ("normal", 100_000): "d5fa1fcda1903969ae0d40910452f33b714e7e8ca0bff938739901f4d2026f1b",
    ("swing-25", 100_000): "3d20eb3d3c34aec84e80d630cd987a4e639539afc1142b11e7db5fe337b706ba",
    ("swing-40", 100_000): "741bc71404d1fc4dc0d0d01e9444e4b9ebcaf27c158d0353a328537fe6b6cad0",
    ("flash-crash", 100_000): "a38bf7d565e6ed5e5d252a8f2c590de2376151a79f3fe4c3a78bf133cf6abcc0",
    ("static", 1_000_000): "9803843ee404fc29c9a0aa5614f8f0d5a58b5c44fcac9ef89067886fcaaa30d1",
    ("normal", 1_000_000): "e9b2e3926854410b01a035aeb25dd05f1e597c233be8263de9eb49b6713d367e",
    ("swing-25", 1_000_000): "61a84be9469661bd039e00dbc9a7c011e70b6ace37aadfe60045ea083b05f4df",
    ("swing-40", 1_000_000): "3cb0175e7982ff09ea220d1feaee3844cf9116a5ce455757879dea1d880b9b9f",
    ("flash-crash", 1_000_000): "cff8d3f94b709fc64a8b2058a6ca4fb6920364904796e46906895e362d2bb16b",
}
SCENARIOS: Final = ("static", "normal", "swing-25", "swing-40", "flash-crash")

INSTRUMENT: Final = 1
ACCOUNTS: Final = 10_000
DEPOSIT: Final = 100_000_000_000_000  # the sum over all accounts stays within the venue's limit of 2**60
ORDER_RULES: Final = OrderRules(amend_qty_down="lose_priority", self_trade="allow")


# --- input -------------------------------------------------------------------------------------------------------


def read_messages(path: Path) -> bytes:
    """Return the message records of a workload file. Raises DataError for any other file."""
    content = path.read_bytes()
    if path.suffix == ".zst":
        import zstandard

        content = zstandard.ZstdDecompressor().stream_reader(content).read()
    if len(content) < HEADER.size:
        raise DataError(f"{path.name}: expected a header of {HEADER.size} bytes, found {len(content)}")
    magic, version, count = HEADER.unpack_from(content)
    if (magic, version) != (MAGIC, 1):
        raise DataError(f"{path.name}: expected magic {MAGIC} and version 1, found {magic} and {version}")
    if len(content) != HEADER.size + count * MESSAGE.size:
        raise DataError(f"{path.name}: expected {count} messages of {MESSAGE.size} bytes, found {len(content)} bytes")
    return content[HEADER.size :]


def to_commands(messages: bytes, accounts: int = 1) -> bytes:
    """Return the messages as command records: ts_ns is the sequence number, the account the order id modulo accounts.

    Raises DataError for a message of no known type.
    """
    records: list[bytes] = []
    append = records.append
    for kind, side, ioc, _, qty, sequence, order_id, price, _ in MESSAGE.iter_unpack(messages):
        account = order_id % accounts + 1
        if kind == NEW:
            append(place_order(sequence, INSTRUMENT, account, order_id, side, qty, price, time_in_force=ioc))
        elif kind == CANCEL:
            append(cancel_order(sequence, INSTRUMENT, account, order_id))
        elif kind == MODIFY:
            append(amend_order(sequence, INSTRUMENT, account, order_id, qty, price))
        else:
            raise DataError(f"message {len(records)}: expected a type of 0, 1 or 2, found {kind}")
    return b"".join(records)


# --- the venue ---------------------------------------------------------------------------------------------------


def open_venue(has_clearing: bool) -> Exchange:
    """Return a venue, with its accounts funded where it clears."""
    if not has_clearing:
        return Exchange([Instrument(INSTRUMENT, "CHALLENGE")], Rules("challenge", "none", ORDER_RULES))
    instrument = Instrument(
        INSTRUMENT,
        "CHALLENGE",
        default_leverage=10,
        mark_source="last",
        fees=FeeSchedule(maker_ppm=100, taker_ppm=400, liquidation_ppm=1_000),
    )
    venue = Exchange([instrument], Rules("challenge", "margin", ORDER_RULES))
    venue.run(b"".join(deposit(0, account, DEPOSIT) for account in range(1, ACCOUNTS + 1)))
    return venue


def timed_run(records: bytes, has_clearing: bool) -> tuple[float, list[bytes]]:
    """Return the seconds that a fresh venue takes for the commands, and its event records."""
    venue = open_venue(has_clearing)
    sink = Blocks()
    venue.add_sink(sink)
    gc.collect()
    start = time.perf_counter_ns()
    venue.run(records)
    seconds = (time.perf_counter_ns() - start) / 1e9
    return seconds, [*sink.blocks, venue.open_block()]


# --- the report --------------------------------------------------------------------------------------------------


def _words_of(event: EventType, *names: str) -> list[int]:
    layout = next(layout for layout in event_layouts() if layout.type_id == event)
    words = {place.name: place.word for place in layout.places}
    return [words[name] for name in names]


def report_lines(blocks: list[bytes]) -> Iterator[str]:
    """Yield the report's lines in the order of (sequence number, type) from event records.

    Only ModifyAck has to be moved: the venue says that an order is amended before it trades. Raises DataError where a
    new order was refused, for which the challenge has no report.
    """
    accepted, rejected, trade = int(EventType.ORDER_ACCEPTED), int(EventType.ORDER_REJECTED), int(EventType.TRADE)
    canceled, amended = int(EventType.ORDER_CANCELED), int(EventType.ORDER_AMENDED)
    # The layout rule gives these events the same places for time, id, price, quantity and side; `_words_of` checks it.
    common = ("ts_ns", "order_id", "price_ticks", "qty_lots", "side")
    at_ts, at_id, at_price, at_qty, at_side = _words_of(EventType.ORDER_ACCEPTED, *common)
    for event in (EventType.ORDER_CANCELED, EventType.ORDER_AMENDED):
        if _words_of(event, *common) != [at_ts, at_id, at_price, at_qty, at_side]:
            raise DataError(f"expected {event.name} to have the places of ORDER_ACCEPTED")
    _, at_rejected, at_request = _words_of(EventType.ORDER_REJECTED, "ts_ns", "order_id", "request")
    _, at_maker, at_taker, at_trade_price, at_trade_qty = _words_of(
        EventType.TRADE, "ts_ns", "maker_order_id", "taker_order_id", "price_ticks", "qty_lots"
    )
    cancel_request, amend_request = int(CommandType.CANCEL_ORDER), int(CommandType.AMEND_ORDER)

    modify_ack = ""
    modify_ts = -1
    for block in blocks:
        for words in struct.iter_unpack("<8q", block):
            kind = words[0] & 0xFF
            ts = words[at_ts]
            if modify_ack and ts != modify_ts:
                yield modify_ack
                modify_ack = ""
            if kind == accepted:
                yield f"0,{ts},{words[at_side] & 0xFF},{words[at_id]},{words[at_price]},{words[at_qty]}"
            elif kind == trade:
                makers, takers = words[at_maker], words[at_taker]
                yield f"1,{ts},{words[at_trade_price]},{words[at_trade_qty]},{makers},{takers}"
            elif kind == canceled:
                yield f"2,{ts},{words[at_side] & 0xFF},{words[at_id]},{words[at_price]}"
            elif kind == amended:
                modify_ack = f"3,{ts},{words[at_side] & 0xFF},{words[at_id]},{words[at_price]},{words[at_qty]}"
                modify_ts = ts
            elif kind == rejected:
                request = words[at_request] & 0xFF
                if request not in (cancel_request, amend_request):
                    raise DataError(f"expected new orders to be accepted, found order {words[at_rejected]} refused")
                yield f"{4 if request == cancel_request else 5},{ts},{words[at_rejected]}"
    if modify_ack:
        yield modify_ack


def report_sha256(blocks: list[bytes]) -> str:
    """Return the SHA-256 of the report text: lines joined by newlines, none at the end."""
    digest = hashlib.sha256()
    pending: list[str] = []
    separator = b""
    for line in report_lines(blocks):
        pending.append(line)
        if len(pending) == 10_000:
            digest.update(separator + "\n".join(pending).encode("ascii"))
            pending.clear()
            separator = b"\n"
    if pending:
        digest.update(separator + "\n".join(pending).encode("ascii"))
    return digest.hexdigest()


def published_sha256(path: Path) -> str | None:
    """Return the published hash of a workload, known by its file's name: orders_SCENARIO_s23_nCOUNT.bin[.zst]."""
    stem = path.name.removesuffix(".zst").removesuffix(".bin")
    for (scenario, orders), sha256 in REPORT_SHA256.items():
        if stem == f"orders_{scenario}_s23_n{orders}":
            return sha256
    return None


# --- the command -------------------------------------------------------------------------------------------------


def run_once(records: bytes, has_clearing: bool) -> Exchange:
    """Return a venue that was opened and given the commands, without a sink: its event records were dropped."""
    venue = open_venue(has_clearing)
    venue.run(records)
    return venue


def peak_memory(records: bytes, has_clearing: bool) -> dict[str, Any]:
    """Return the most that a venue takes while it runs commands that are in memory already."""
    return {"peak_memory_bytes": growth_of(lambda: run_once(records, has_clearing)).peak}


def measure_memory(records: bytes, has_clearing: bool) -> dict[str, Any]:
    """Return the memory figures, each measured in a process of its own, where nothing freed can be used again."""
    clearing = ["--clearing"] if has_clearing else []
    peak = in_own_process("benchmarks.challenge", "--peak-memory", *clearing, given=records)
    resting = in_own_process("benchmarks.memory", "500000" if build_info().compiled else "50000")
    return {**peak, **resting}


def measure(path: Path, repeat: int, has_clearing: bool, has_memory: bool) -> dict[str, Any]:
    """Return what a workload file gives. Raises DataError where repetitions do not give the same events."""
    messages = read_messages(path)
    count = len(messages) // MESSAGE.size
    records = to_commands(messages, ACCOUNTS if has_clearing else 1)
    del messages
    times: list[float] = []
    events_digest, sha256 = b"", ""
    for _ in range(repeat):
        seconds, blocks = timed_run(records, has_clearing)
        times.append(seconds)
        digest = hashlib.sha256(b"".join(blocks)).digest()
        if not sha256:
            events_digest, sha256 = digest, report_sha256(blocks)
        elif digest != events_digest:
            raise DataError(f"{path.name}: expected the same events from every repetition")
    best, median = min(times), statistics.median(times)
    expected = published_sha256(path)
    return {
        "file": path.name,
        "messages": count,
        "seconds": round(best, 6),
        "messages_per_second": round(count / best),
        "median_seconds": round(median, 6),
        "median_messages_per_second": round(count / median),
        "repeat": repeat,
        "sha256": sha256,
        "expected_sha256": expected,
        "matches": None if expected is None else sha256 == expected,
        "compiled": build_info().compiled,
        "clearing": has_clearing,
        "gc": "enabled" if gc.isenabled() else "disabled",
        "python": sys.version.split()[0],
        **(measure_memory(records, has_clearing) if has_memory else {}),
    }


def find_all(folder: Path) -> list[Path]:
    """Return the five published workloads of 100,000 orders. Raises DataError where one is missing."""
    paths: list[Path] = []
    for scenario in SCENARIOS:
        names = [f"orders_{scenario}_s23_n100000.bin{suffix}" for suffix in ("", ".zst")]
        found = [folder / name for name in names if (folder / name).exists()]
        if not found:
            raise DataError(f"expected {names[0]} or {names[1]} in {folder}, found neither")
        paths.append(found[0])
    return paths


def text_of(result: dict[str, Any]) -> str:
    """Return one workload's result for people."""
    verdict = {True: "report as published", False: "REPORT DIFFERS", None: "no published report"}[result["matches"]]
    line = (
        f"{result['file']}: {result['messages_per_second']:,} messages/s best, "
        f"{result['median_messages_per_second']:,} median of {result['repeat']}, "
        f"{result['messages']:,} messages in {result['seconds']:.4f} s; {verdict} ({result['sha256'][:16]}...)"
    )
    if "peak_memory_bytes" in result:
        line += (
            f"; peak memory {result['peak_memory_bytes'] / 1e6:.1f} MB, "
            f"{result['bytes_per_resting_order']:.0f} bytes per resting order"
        )
    return line


def main(arguments: list[str]) -> int:
    """Run the challenge. Return the exit code: 1 where a published report does not come out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.challenge", description=__doc__.split("\n", 1)[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a workload, .bin or .bin.zst")
    what.add_argument("--all", type=Path, metavar="DIR", help="the five published workloads of 100,000 orders in DIR")
    what.add_argument("--peak-memory", action="store_true", help="only that of running the commands on standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--repeat", type=int, metavar="N", help="repetitions (20, or 3 where the engine is interpreted)"
    )
    parser.add_argument("--clearing", action="store_true", help="with margin, positions, marks and thresholds")
    parser.add_argument("--no-memory", action="store_true", help="leave out the memory measurements")
    options = parser.parse_args(arguments)
    if options.peak_memory:
        print(json.dumps(peak_memory(sys.stdin.buffer.read(), options.clearing)))
        return 0
    repeat = options.repeat or (20 if build_info().compiled else 3)

    paths = find_all(options.all) if options.all else [options.file]
    results = [measure(path, repeat, options.clearing, not options.no_memory) for path in paths]
    has_failed = any(result["matches"] is False for result in results)
    if options.json:
        whole = {"files": results, "matches": not has_failed} if options.all else results[0]
        print(json.dumps(whole))
    else:
        state = results[0]
        print(
            f"{'compiled' if state['compiled'] else 'INTERPRETED'}, Python {state['python']}, gc {state['gc']}, "
            f"{'with' if state['clearing'] else 'without'} clearing"
        )
        for result in results:
            print(text_of(result))
    return 1 if has_failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
