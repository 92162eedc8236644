"""The heap of thresholds against a sorted list."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.packed.threshold_heap import ThresholdHeap

THRESHOLDS = st.one_of(st.integers(-3, 12), st.sampled_from([1 << 61, -(1 << 61), (1 << 40) - 1]))
STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12), THRESHOLDS), max_size=60)


@pytest.mark.parametrize("sign", [1, -1], ids=["falling", "rising"])
def test_agrees_with_a_sorted_list(sign: int) -> None:
    """put (new or moved), remove (there or not), pop, and what a mark reaches."""

    @given(STEPS)
    @settings(max_examples=300)
    def check(steps: list[tuple[int, int, int]]) -> None:
        heap, model = ThresholdHeap(sign), {}
        for action, leg, threshold in steps:
            if action <= 1:
                heap.put(leg, threshold)
                model[leg] = threshold
            elif action == 2:
                heap.remove(leg)
                model.pop(leg, None)
            elif model:
                found = heap.pop()
                assert model[found] * sign == max(value * sign for value in model.values())
                del model[found]
            assert heap.count == len(model)
            for mark in (threshold - 1, threshold, threshold + 1):
                reached = any(mark <= value if sign == 1 else mark >= value for value in model.values())
                assert heap.is_reached(mark) == reached

    check()


@pytest.mark.parametrize("sign", [1, -1])
def test_ten_thousand_legs_come_out_in_order(sign: int) -> None:
    """Beyond the first capacity, moved once, and a third removed."""
    heap = ThresholdHeap(sign)
    count = 10_000
    for leg in range(1, count + 1):
        heap.put(leg, leg)
    thresholds = {leg: leg * 7_919 % 5_003 for leg in range(1, count + 1)}
    for leg, threshold in thresholds.items():
        heap.put(leg, threshold)
    for leg in range(1, count + 1, 3):
        heap.remove(leg)
        del thresholds[leg]
    out = [thresholds[heap.pop()] for _ in range(heap.count)]
    assert out == sorted(thresholds.values(), reverse=sign == 1)
    assert not heap.is_reached(0)


def test_a_leg_that_was_never_put_can_be_removed() -> None:
    """Clearing bands does not ask first."""
    heap = ThresholdHeap(1)
    heap.remove(5)
    heap.remove(1_000_000)
    heap.put(1, 5)
    heap.remove(2)
    assert heap.count == 1
