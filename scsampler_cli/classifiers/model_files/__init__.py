"""Model files that contain their network: torch.export (.pt2), ONNX, TorchScript.

Not handled here: the spec of a model (`model_spec`), and weight files without a network
(`network`).
"""
