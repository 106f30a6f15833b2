"""ai-edge-quantizer (LiteRT): a float TFLite file with integers of the recipe that is asked for.

pip install tensorflow-cpu ai-edge-quantizer; python with_ai_edge_quantizer.py
"""

from functools import partial

import keras
import numpy as np
from ai_edge_quantizer import quantizer, recipe
from keras_nets import calibration, converted_floats, keep_file, trained
from samples import SHAPES

_TOOL = "ai_edge_quantizer"
RECIPES = {
    "static_8": recipe.static_wi8_ai8,
    "static_16x8": recipe.static_wi8_ai16,
    "dynamic_8": recipe.dynamic_wi8_afp32,
    "weights_8": recipe.weight_only_wi8_afp32,
    "weights_4": recipe.weight_only_wi4_afp32,
}


def main() -> None:
    """Write every file of every network."""
    for net in SHAPES:
        floats = converted_floats(keras, trained(keras, net), net)
        for variant, recipe_of in RECIPES.items():
            keep_file(
                _TOOL, f"{net}.{variant}.tflite", partial(_quantized, floats, net, recipe_of())
            )


def _quantized(floats: bytes, net: str, chosen) -> bytes:
    tool = quantizer.Quantizer(floats)
    tool.load_quantization_recipe(chosen)
    if not tool.need_calibration:
        return bytes(tool.quantize().quantized_model)
    rows = {"serving_default": [{"x": row[np.newaxis]} for row in calibration(net)]}
    return bytes(tool.quantize(tool.calibrate(rows)).quantized_model)


if __name__ == "__main__":
    main()
