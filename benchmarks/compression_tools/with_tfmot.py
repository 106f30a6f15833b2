"""TensorFlow Model Optimization: quantization-aware training, pruning, clustering; to TFLite.

pip install tensorflow-cpu tf_keras tensorflow-model-optimization; python with_tfmot.py
"""

import os
from functools import partial

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # the toolkit knows Keras 2 only

import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras as keras
from keras_nets import converted, keep_file, train, trained
from samples import SHAPES

_TOOL = "tfmot"


def main() -> None:
    """Write every file of every network."""
    for net in SHAPES:
        for variant, make in VARIANTS.items():
            keep_file(_TOOL, f"{net}.{variant}.tflite", partial(make, net))


def _converted(net: str) -> bytes:
    return converted(trained(keras, net), net, quantized=True)


def _converted_16x8(net: str) -> bytes:
    return converted(trained(keras, net), net, quantized=True, wide=True)


def _qat(net: str) -> bytes:
    model = tfmot.quantization.keras.quantize_model(trained(keras, net))
    return converted(train(keras, model, net), net, quantized=True)


def _pruned(net: str) -> bytes:
    api = tfmot.sparsity.keras
    schedule = api.ConstantSparsity(0.5, begin_step=0, frequency=10)
    model = api.prune_low_magnitude(trained(keras, net), pruning_schedule=schedule)
    model = train(keras, model, net, [api.UpdatePruningStep()])
    return converted(api.strip_pruning(model), net, quantized=True)


def _clustered(net: str) -> bytes:
    api = tfmot.clustering.keras
    model = api.cluster_weights(
        trained(keras, net),
        number_of_clusters=8,
        cluster_centroids_init=api.CentroidInitialization.LINEAR,
    )
    return converted(api.strip_clustering(train(keras, model, net)), net, quantized=True)


VARIANTS = {
    "ptq": _converted,
    "ptq16x8": _converted_16x8,
    "qat": _qat,
    "pruned": _pruned,
    "clustered": _clustered,
}

if __name__ == "__main__":
    tf.get_logger().setLevel("ERROR")
    main()
