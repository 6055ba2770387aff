"""s: the lightweight saliency networks (Sec. 3.3)."""
