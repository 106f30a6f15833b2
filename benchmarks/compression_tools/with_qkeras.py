"""QKeras: layers whose weights and activations are rounded in training; to TFLite, to ONNX.

pip install tensorflow-cpu tf_keras qkeras tf2onnx; python with_qkeras.py
"""

import os
from functools import partial

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # QKeras knows Keras 2 only

import tf_keras as keras
from keras_nets import converted, keep_file, shape, train
from qkeras import QActivation, QConv2D, QDense
from qkeras.utils import model_save_quantized_weights
from samples import CLASSES

_TOOL = "qkeras"
_BITS = "quantized_bits(8, 0, 1, alpha=1)"


def main() -> None:
    """Write the files of the networks that QKeras has layers for."""
    for net, make in (("cnn", _cnn), ("mlp", _mlp)):
        keras.utils.set_random_seed(0)
        x = keras.Input(shape(net), name="x")
        model = train(keras, keras.Model(x, make(x)), net)
        keep_file(
            _TOOL, f"{net}.plain.tflite", partial(converted, _plain(model), net, quantized=True)
        )


def _plain(model):
    """Return the network in layers of Keras, with the rounded weights: what TFLite is made from."""
    x = y = keras.Input(model.input_shape[1:], name="x")
    kept = model_save_quantized_weights(model)
    for layer in model.layers[1:]:
        config = layer.get_config()
        if isinstance(layer, QActivation):
            y = keras.layers.ReLU(max_value=8 - 2**-5)(y)
        elif isinstance(layer, QConv2D):
            given = {
                name: config[name] for name in ("filters", "kernel_size", "strides", "padding")
            }
            y = _with_weights(keras.layers.Conv2D(**given), y, kept[layer.name]["weights"])
        elif isinstance(layer, QDense):
            y = _with_weights(keras.layers.Dense(layer.units), y, kept[layer.name]["weights"])
        else:
            y = type(layer).from_config(config)(y)
    return keras.Model(x, y)


def _with_weights(layer, x, weights):
    y = layer(x)
    layer.set_weights(weights)
    return y


def _cnn(x):
    rounded = {"kernel_quantizer": _BITS, "bias_quantizer": _BITS}
    y = QActivation("quantized_relu(8, 3)")(QConv2D(8, 3, padding="same", **rounded)(x))
    y = QActivation("quantized_relu(8, 3)")(QConv2D(8, 3, strides=2, padding="same", **rounded)(y))
    return QDense(CLASSES, **rounded)(keras.layers.GlobalAveragePooling2D()(y))


def _mlp(x):
    rounded = {"kernel_quantizer": _BITS, "bias_quantizer": _BITS}
    y = QActivation("quantized_relu(8, 3)")(QDense(24, **rounded)(x))
    return QDense(CLASSES, **rounded)(y)


if __name__ == "__main__":
    main()
