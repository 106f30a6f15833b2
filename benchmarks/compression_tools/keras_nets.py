"""The four networks in Keras, trained for a second each, and their conversion to TFLite.

``layers`` is the module of one Keras: tf_keras for TensorFlow Model Optimization, keras else.
"""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf
from samples import CALIBRATION, CLASSES, SHAPES, Array, samples, written
from tflite_answers import keep_tflite

_EPOCHS = 12


def shape(net: str) -> tuple[int, ...]:
    """Return the shape of a sample: images have their channels last here."""
    given = SHAPES[net]
    return (*given[1:], given[0]) if net == "cnn" else given


def rows(net: str) -> Array:
    """Return all samples, in Keras' layout."""
    x = samples(net)[0]
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)) if net == "cnn" else x


def calibration(net: str) -> Array:
    return rows(net)[:CALIBRATION]


def test_samples(net: str) -> Array:
    """Return the samples that are kept beside each file."""
    return rows(net)[CALIBRATION:]


def built(keras: ModuleType, net: str, batch: int | None = None) -> Any:
    """Return a network that is not trained yet."""
    x = keras.Input(shape(net), batch_size=batch, name="x")
    return keras.Model(x, _BUILDERS[net](keras.layers, x))


def _cnn(layers: ModuleType, x: Any) -> Any:
    y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(x)))
    y = layers.DepthwiseConv2D(3, strides=2, padding="same")(y)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    z = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 1)(y)))
    y = layers.Add()([y, z])
    return layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(y))


def _mlp(layers: ModuleType, x: Any) -> Any:
    y = layers.Dense(16, activation="relu")(layers.Dense(24, activation="relu")(x))
    return layers.Dense(CLASSES)(y)


def _lstm(layers: ModuleType, x: Any) -> Any:
    return layers.Dense(CLASSES)(layers.LSTM(8)(x))


def _attention(layers: ModuleType, x: Any) -> Any:
    y = layers.MultiHeadAttention(num_heads=1, key_dim=16)(x, x)
    return layers.Dense(CLASSES)(layers.GlobalAveragePooling1D()(layers.Add()([x, y])))


_BUILDERS = {"cnn": _cnn, "mlp": _mlp, "lstm": _lstm, "attention": _attention}


def train(keras: ModuleType, model: Any, net: str, callbacks: Any = ()) -> Any:
    """Train a network for a moment and return it."""
    labels = samples(net)[1][:CALIBRATION]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(calibration(net), labels, 8, epochs=_EPOCHS, verbose=0, callbacks=list(callbacks))
    return model


def trained(keras: ModuleType, net: str) -> Any:
    keras.utils.set_random_seed(0)
    return train(keras, built(keras, net), net)


def converted(
    model: Any, net: str, *, quantized: bool, wide: bool = False, inputs: Any = tf.int8
) -> bytes:
    """Return a network as TFLite, for one sample at a time; integers are full integers."""
    function = tf.function(
        lambda x: model(x, training=False),
        input_signature=[tf.TensorSpec((1, *shape(net)), tf.float32, name="x")],
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], model
    )
    if quantized:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: _represented(net)
        kinds = tf.lite.OpsSet
        sixteen = kinds.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [sixteen if wide else kinds.TFLITE_BUILTINS_INT8]
        ends = tf.int16 if wide else inputs
        converter.inference_input_type = converter.inference_output_type = ends
    return bytes(converter.convert())


def converted_floats(keras: ModuleType, model: Any, net: str) -> bytes:
    """Return a float network as TFLite by way of the model, which keeps its names for others."""
    single = built(keras, net, batch=1)
    single.set_weights(model.get_weights())
    return bytes(tf.lite.TFLiteConverter.from_keras_model(single).convert())


def _represented(net: str) -> Iterator[list[Array]]:
    for row in calibration(net):
        yield [row[np.newaxis]]


def keep_file(tool: str, name: str, make: Callable[[], bytes]) -> None:
    """Keep the TFLite file that a tool makes of the network that its name begins with."""
    x = test_samples(name.split(".", maxsplit=1)[0])
    keep_tflite(tool, name, written(tool, name, make), x)
