"""Metrics by their definitions, in loops: slow, obvious, and the oracle of the fast ones."""

from collections.abc import Sequence

from edgec.ir import Array

Box = Sequence[float]


def top_k(scores: Array, labels: Array, k: int) -> float:
    """Return how often the label is among the k best; of equal scores the first is better."""
    right = 0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        ranked = sorted((-score, place) for place, score in enumerate(row))
        right += label in [place for _, place in ranked[:k]]
    return right / len(labels)


def area_under_roc(scores: Array, labels: Array) -> float:
    """Return the share of pairs (positive, negative) in the right order, ties counting half."""
    pairs = [
        1.0 if p > n else 0.5 if p == n else 0.0
        for p, is_positive in zip(scores.tolist(), labels.tolist(), strict=True)
        for n, is_other in zip(scores.tolist(), labels.tolist(), strict=True)
        if is_positive and not is_other
    ]
    return sum(pairs) / len(pairs)


def f1_of_labels(said: Array, there: Array) -> dict[int, float]:
    """Return F1 = 2 TP / (2 TP + FP + FN) of every label that occurs or is said to."""
    found = {}
    for label in range(said.shape[1]):
        hits = alarms = missed = 0
        for one, other in zip(said[:, label].tolist(), there[:, label].tolist(), strict=True):
            hits += bool(one and other)
            alarms += bool(one and not other)
            missed += bool(other and not one)
        if hits + alarms + missed:
            found[label] = 2 * hits / (2 * hits + alarms + missed)
    return found


def intersections_over_unions(said: Array, there: Array, void: int) -> dict[int, float]:
    """Return the IoU of every class that occurs in either map, where labels are not void."""
    kept = [
        (one, other)
        for one, other in zip(said.ravel().tolist(), there.ravel().tolist(), strict=True)
        if other != void
    ]
    found = {}
    for number in {each for pair in kept for each in pair}:
        both = sum(one == other == number for one, other in kept)
        either = sum(number in pair for pair in kept)
        found[number] = both / either
    return found


def errors(said: Array, there: Array) -> tuple[float, float, float | None]:
    """Return MAE, RMSE and R2 of [samples, elements]; no R2 where no label differs."""
    absolute = squares = spread = 0.0
    for column in range(there.shape[1]):
        labels, values = there[:, column].tolist(), said[:, column].tolist()
        mean = sum(labels) / len(labels)
        for one, other in zip(values, labels, strict=True):
            absolute += abs(one - other)
            squares += (one - other) ** 2
            spread += (other - mean) ** 2 if len({*labels}) > 1 else 0.0
    r2 = 1 - squares / spread if spread else None
    return absolute / there.size, (squares / there.size) ** 0.5, r2


def iou(one: Box, other: Box) -> float:
    """Return the IoU of two boxes, each by two corners."""
    sides = [max(0.0, min(one[i + 2], other[i + 2]) - max(one[i], other[i])) for i in (0, 1)]
    both = sides[0] * sides[1]
    areas = [max(0.0, b[2] - b[0]) * max(0.0, b[3] - b[1]) for b in (one, other)]
    union = sum(areas) - both
    return both / union if union > 0 else 0.0


def mean_best_iou(boxes: Array, wanted: Sequence[Array]) -> float | None:
    """Return the mean over all labelled boxes of the best IoU with a box of their sample."""
    best = [
        max(iou(each, other) for other in found.tolist())
        for there, found in zip(wanted, boxes, strict=True)
        for each in there.tolist()
    ]
    return sum(best) / len(best) if best else None


def average_precision(boxes: Array, scores: Array, wanted: Sequence[Array]) -> float:
    """Return the AP at IoU 0.5 of one class.

    By sample: the 100 best are gone through, those that overlap a kept one by more than 0.5 are
    dropped; a kept one finds the labelled box, not found before, that it overlaps most, from 0.5.
    Then the area under the curve of the best precision at each recall or beyond.
    """
    kept: list[tuple[float, bool]] = []
    for found, rated, there in zip(boxes.tolist(), scores.tolist(), wanted, strict=True):
        order = sorted((-score, number) for number, score in enumerate(rated))[:100]
        before: list[Box] = []
        left = there.tolist()
        for _, number in order:
            if any(iou(found[number], other) > 0.5 for other in before):
                continue
            before.append(found[number])
            overlaps = [iou(each, found[number]) for each in left]
            hit = max(overlaps, default=0.0) >= 0.5
            if hit:
                left.pop(overlaps.index(max(overlaps)))
            kept.append((rated[number], hit))
    kept.sort(key=lambda each: -each[0])
    total = sum(len(each) for each in wanted)
    curve, right = [], 0
    for place, (_, hit) in enumerate(kept, 1):
        right += hit
        curve.append((right / total, right / place))
    area = reached = 0.0
    for recall, _ in curve:
        if recall > reached:
            best = max(precision for other, precision in curve if other >= recall)
            area += (recall - reached) * best
            reached = recall
    return area
