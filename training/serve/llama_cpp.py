"""Serves a GGUF file with llama.cpp's own server (PyPI `xllamacpp`) until its input is closed.

    python llama_cpp.py model.gguf [slots]

prints the address once it answers. One thread: on busy cores llama.cpp's threads wait for each
other, and two took 18 s a token where one took milliseconds.
"""

import sys

import xllamacpp


def main() -> None:
    """Command line."""
    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = int(sys.argv[2]) if len(sys.argv) > 2 else 4  # noqa: PLR2004
    params.n_ctx = 768 * params.n_parallel
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.warmup = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
