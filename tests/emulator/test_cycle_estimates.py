"""Estimated times of CMSIS-NN on a real board against those published with MLPerf Tiny."""

from pathlib import Path

import pytest

from edgec.driver import BuildOptions, build
from edgec.driver.run.profile import profile

MODELS = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"
PUBLISHED_MS = {
    "kws_ref_model": 99.81,
    "vww_96_int8": 301.20,
    "pretrainedResnet_quant": 389.56,
    "ad01_int8": 8.60,
}
LAYERS = {  # instructions of CMSIS-NN 12.5.1 on an M4, counted apart from this project
    "kws_ref_model": {0: 1_114_595, 1: 599_610, 2: 1_068_920, 9: 51_000},
    "vww_96_int8": {0: 3_053_805, 1: 1_651_110, 2: 1_954_930, 26: 1_164_215},
    "pretrainedResnet_quant": {0: 2_129_665, 1: 5_483_025, 8: 2_188_270, 9: 4_154_875},
    "ad01_int8": {0: 160_040, 5: 8_295, 9: 185_415},
}


@pytest.mark.qemu
@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("model", PUBLISHED_MS)
def test_estimates_and_counts_are_near_what_others_measured(model: str, tmp_path: Path) -> None:
    options = BuildOptions(
        model=str(MODELS / f"{model}.tflite"),
        board="nucleo-l4r5zi",
        kernels="cmsis-nn",
        output=str(tmp_path / "out"),
    )
    report = build(options).report
    result = profile(tmp_path / "out")
    assert result.milliseconds == pytest.approx(PUBLISHED_MS[model], rel=0.25)
    estimates = [layer["cycles_estimate"] for layer in report["layers"]]
    assert estimates == [layer.cycles_estimate for layer in result.layers]
    counts = [layer.instructions for layer in result.layers]
    assert sum(counts) == pytest.approx(result.instructions_total, rel=0.01)
    assert sum(each.instructions for each in result.functions) == pytest.approx(
        result.instructions_total, rel=0.01
    )
    for number, expected in LAYERS[model].items():
        assert counts[number] == pytest.approx(expected, rel=0.05), number
