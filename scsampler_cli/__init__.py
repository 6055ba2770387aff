"""scsampler: find the salient clips of a long video, classify only those (SCSampler, Korbar et al., ICCV 2019)."""

__version__ = "0.1.0"
