"""Models that an exporter wrote as many small operators, recognized as what they are.

skl2onnx spells nearest neighbours, clusters and naive Bayes in operators of the standard. Each
module finds the numbers of one such model, and takes it for that only where onnxruntime computes
the same from the exporter's operators on probes. What is not recognized stays as it is.
"""
