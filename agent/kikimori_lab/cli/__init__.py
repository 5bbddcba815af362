"""Commands of `kikimori` that measure, train or show: `bench`, `evaluate`, `train-words`, `demo`."""
