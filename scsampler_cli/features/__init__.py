"""phi(i): what the samplers see of a clip (Sec. 3.3). numpy, and torchaudio for the mel filters."""
