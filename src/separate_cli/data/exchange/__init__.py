"""Lists of mixtures in the forms of other tools: LibriMix' CSV files, WHAM!'s JSON lists, Lhotse's cuts."""
