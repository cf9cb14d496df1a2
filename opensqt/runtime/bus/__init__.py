"""The bus: who should hear about it now. It may lose its tail; nothing here is the truth."""
