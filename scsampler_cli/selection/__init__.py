"""S(v; K) and aggr (Sec. 3.1): selection of clips, and aggregation of their probabilities."""
