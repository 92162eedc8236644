"""The check of commands that show no book of their own: all of them are read, and run on a venue that checks itself."""

from collections.abc import Sequence

from exchange import Exchange
from exchange.errors import ExchangeError
from exchange.instrument import Instrument
from exchange.rules import Rules
from exchange.statistics import Statistics
from replay.schedule import blocks_of, merge
from replay.sources import Source
from replay.tape import TapeReader
from replay.verify.findings import Findings, VerifyReport


def verify_commands(source: Source, rules: Rules, instruments: Sequence[Instrument]) -> VerifyReport:
    """Run a source's commands on a venue, and check the venue at the end of every block.

    What a tape's reader passed over because it was asked to salvage is a fault like any other. Raises DataError where
    the source cannot be read.
    """
    exchange = Exchange(instruments, rules)
    statistics = Statistics(exchange.instruments)
    exchange.add_sink(statistics)
    findings = Findings(source.description)
    for run in merge([blocks_of(source)]):
        try:
            exchange.run(run.records)
            exchange.check()
        except ExchangeError as error:
            findings.add(f"commands {run.first_command} to {run.first_command + run.record_count - 1}", str(error))
            break
    statistics.write(exchange.open_block(), exchange.open_block_first_seq())
    findings.counts.update(commands=exchange.command_seq, events=exchange.seq, refused=statistics.rejected_count)
    findings.notes.append(f"run on the venue {exchange.rules.name}")
    if isinstance(source, TapeReader) and source.damage is not None:
        findings.add("the file", str(source.damage))
    return findings.report()
