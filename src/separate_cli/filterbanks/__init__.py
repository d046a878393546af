"""Encoders and decoders between waves and frames."""
