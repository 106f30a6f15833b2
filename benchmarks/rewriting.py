"""Seconds that optimization takes as graphs grow: twice the nodes should take about twice as long.

    python benchmarks/rewriting.py [NODES ...]

The models have blocks that exporters write (tests/long_models.py): convolutions with batch norms,
residuals, functions in parts, reshapes, transposes. Shown are CPU seconds of this process, for each
family of passes (``edgec/passes/<family>``) those of ``optimize_float`` and, once the graph is
quantized, ``optimize_integer``, with the verification of each result; ``all`` has both pipelines.
"""

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from long_models import long_graph

from edgec.ir import Graph
from edgec.passes.pipeline import Fixpoint, Pass
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.samples import Samples

NODES = [150, 300, 600, 1200, 2400]
FAMILIES = ("cleanup", "folding", "fusion", "layout")


class Stopwatch:
    """An observer of pipelines that adds up the time since it was asked last, by family."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._last = time.process_time()

    def start(self) -> None:
        self._last = time.process_time()

    def __call__(self, each: Pass, before: Graph, after: Graph) -> None:
        now = time.process_time()
        self.seconds[family(each)] += now - self._last
        self._last = now


def main() -> None:
    """Optimize a model of each size and print a line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("nodes", nargs="*", type=int, default=NODES, help="default: %(default)s")
    sizes = parser.parse_args().nodes
    measured(20)  # what is loaded and computed once
    print("".join(f"{head:>10}" for head in ("nodes", *FAMILIES, "all")))
    for nodes in sizes:
        seconds = measured(nodes)
        shown = [*(seconds[each] for each in FAMILIES), sum(seconds.values())]
        print(f"{nodes:>10}" + "".join(f"{each:>10.2f}" for each in shown))


def measured(nodes: int) -> defaultdict[str, float]:
    """Return the seconds that each family of passes takes for both pipelines."""
    graph, watch = long_graph(nodes), Stopwatch()
    watch.start()
    graph = optimize_float(graph, [watch])
    rng = np.random.default_rng(0)
    arrays = {
        name: rng.standard_normal((2, *graph.types[name].shape)).astype(np.float32)
        for name in graph.inputs
    }
    integers = quantize(graph, calibrate(graph, Samples(arrays)))
    watch.start()
    optimize_integer(integers, [watch])
    return watch.seconds


def family(each: Pass) -> str:
    """Return the folder that a pass is in; of several, that of the first."""
    first = each.passes[0] if isinstance(each, Fixpoint) else each
    return type(first).__module__.split(".")[2]


if __name__ == "__main__":
    main()
