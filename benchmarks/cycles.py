"""Estimated against published times of CMSIS-NN: rewrites the table in docs/cycles.md.

    python benchmarks/cycles.py [--models ../shared/models/mlperf_tiny]

Published: MLPerf Tiny v1.0, closed division, OctoML, microTVM with CMSIS-NN.
"""

import argparse
import tempfile
from pathlib import Path

from edgec.driver import BuildOptions, build
from edgec.driver.run.profile import profile

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "cycles.md"
BEGIN, END = "<!-- table: benchmarks/cycles.py -->", "<!-- end of table -->"
MODELS = {
    "kws": "kws_ref_model.tflite",
    "vww": "vww_96_int8.tflite",
    "ic": "pretrainedResnet_quant.tflite",
    "ad": "ad01_int8.tflite",
}
PUBLISHED_MS = {
    "nucleo-l4r5zi": {"kws": 99.81, "vww": 301.20, "ic": 389.56, "ad": 8.60},
    "nrf5340-dk": {"kws": 76.09, "vww": 232.02, "ic": 316.16, "ad": 6.27},
}


def main() -> None:
    """Build, profile, and write every row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = ROOT.parent / "shared" / "models" / "mlperf_tiny"
    parser.add_argument("--models", type=Path, default=default)
    folder = parser.parse_args().models
    rows = [
        row(board, model, folder, published)
        for board, times in PUBLISHED_MS.items()
        for model, published in times.items()
    ]
    head = "| board | model | instructions | cycles | estimate, ms | published, ms | error |"
    table = "\n".join([head, "|---|---|---:|---:|---:|---:|---:|", *rows])
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def row(board: str, model: str, models: Path, published: float) -> str:
    """Return one line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        options = BuildOptions(
            model=str(models / MODELS[model]),
            board=board,
            kernels="cmsis-nn",
            name=model,
            output=f"{folder}/out",
        )
        result = profile(build(options).folder)
    time = result.milliseconds
    return (
        f"| {board} | {model} | {result.instructions_total:,} | {result.cycles_estimate_total:,} "
        f"| {time:.2f} | {published:.2f} | {100 * (time / published - 1):+.1f} % |"
    )


if __name__ == "__main__":
    main()
