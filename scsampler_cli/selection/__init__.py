"""S(v; K): which clips the classifier sees, and what becomes of their probabilities (Sec. 3.1). numpy only."""
