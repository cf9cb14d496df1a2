"""The stand on which the hot path is measured: the desk's processes, the floor beside them, author and figures."""
