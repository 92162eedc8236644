"""The id table against a dict: removals that shift runs, colliding keys, growth."""

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.packed.id_table import MULTIPLIER, IdTable

EDGES = [0, 1, -1, (1 << 63) - 1, -(1 << 63), 1 << 62]


def home(key: int, mask: int) -> int:
    """Where a key wants to stand."""
    return (key * MULTIPLIER >> 32) & mask


def colliding(count: int, bits: int, place: int) -> list[int]:
    """Keys that all want the same place of a table of 2**bits."""
    keys: list[int] = []
    key = 0
    while len(keys) < count:
        if home(key, (1 << bits) - 1) == place:
            keys.append(key)
        key += 1
    return keys


# In a table of 8 places: keys that want its last place, and so wrap round, and keys that stand in their way.
TIGHT = colliding(4, 3, 7) + colliding(4, 3, 6) + colliding(4, 3, 0)


def agree(table: IdTable, model: dict[int, int], keys: list[int]) -> None:
    """The table holds what the model holds."""
    assert table.count == len(model)
    for key in keys:
        assert table.find(key) == model.get(key, 0)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(TIGHT + EDGES)), max_size=60), st.sampled_from([1, 3, 10]))
@settings(max_examples=300)
def test_agrees_with_a_dict(steps: list[tuple[bool, int]], bits: int) -> None:
    """Whatever is put and removed, in whatever order, and however the runs collide."""
    table, model = IdTable(bits), {}
    for number, (is_put, key) in enumerate(steps, 1):
        if is_put and key not in model:
            table.put(key, number)
            model[key] = number
        elif not is_put and key in model:
            table.remove(key)
            del model[key]
        agree(table, model, TIGHT + EDGES)


def test_grows_beyond_its_first_size() -> None:
    """50,000 keys in a table that starts with 1,024 places; then every second one leaves."""
    table = IdTable()
    keys = [(number * 0x9E3779B97F4A7C15) % (1 << 64) - (1 << 63) for number in range(50_000)]
    for number, key in enumerate(keys, 1):
        table.put(key, number)
    for key in keys[::2]:
        table.remove(key)
    assert table.count == 25_000
    for number, key in enumerate(keys, 1):
        assert table.find(key) == (0 if number % 2 else number)


def test_sequential_ids_and_a_long_run_of_adds_and_cancels() -> None:
    """Removing leaves no tombstones: the table does not grow while few keys live in it."""
    table = IdTable(4)
    for key in range(20_000):
        table.put(key, key + 1)
        if key >= 5:
            table.remove(key - 5)
    assert table.count == 5
    assert len(table.entries) == 2 * 16
    assert [table.find(key) for key in range(19_990, 20_000)] == [0] * 5 + list(range(19_996, 20_001))


def test_a_run_that_wraps_round_the_end_is_closed() -> None:
    """Keys that want the last place stand at the start of the table; removing the first of them moves them back."""
    first, second, third = colliding(3, 3, 7)
    table = IdTable(3)
    for value, key in enumerate((first, second, third), 1):
        table.put(key, value)
    table.remove(first)
    assert [table.find(key) for key in (first, second, third)] == [0, 2, 3]
    table.remove(second)
    assert [table.find(key) for key in (first, second, third)] == [0, 0, 3]


def test_values_keep_all_their_bits() -> None:
    """A value is any positive 64-bit number, a key any pattern."""
    table = IdTable()
    for key in EDGES:
        table.put(key, (1 << 63) - 1)
        assert table.find(key) == (1 << 63) - 1
    assert table.find(2) == 0
