"""Adapters of the conformance vectors: other people's arithmetic, put to the functions that the venue itself calls.

One module per area of the engine (`pricing`, `margin`, `spot`, `liquidation`, `waterfall`), each with

    ADAPTERS: dict[str, Adapter]      op -> function(given) -> what was found, under the keys of the vector's `then`
    SEQUENCES: dict[str, Sequence]    op -> function(given of the vector, givens of its cases) -> one found each

`given` is a case's, laid over its vector's. An adapter branches on the keys that are present, since one op can come in
several shapes, and raises `Unsupported` for a shape that no rule of the venue covers. What has to be refused is refused
by the function under test (ValueError or an error of the engine); in a sequence the exception stands for its outputs.
Two areas may adapt one op: the first that supports the shape answers.

No adapter holds a formula. It turns decimal text into integers (`amounts`), calls a function that a command can reach
through some venue's rules, and turns the result back.
"""

from collections.abc import Callable
from typing import Any

Given = dict[str, Any]
Found = dict[str, Any]
Adapter = Callable[[Given], Found]
Sequence = Callable[[Given, list[Given]], list[Found | Exception]]


class Unsupported(Exception):  # noqa: N818 - it says that there is nothing to run, not that something went wrong
    """No rule of the venue covers this shape of an op; the message says why. The vector is skipped."""
