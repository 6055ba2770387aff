"""Devices, preparation for inference, and ResNet-18, for samplers and classifiers alike."""
