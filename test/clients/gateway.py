"""LiteLLM as a gateway in front of the server: a client asks the gateway. Prints a JSON line as clients.py does."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

import openai

base, key, model = sys.argv[1:4]
messages = [{"role": "user", "content": "Mia has 4 bags of 7 nuts. How many nuts does Mia have?"}]
gateway_key = "sk-of-the-gateway"
port = int(sys.argv[4])

# Names as the server has them, with a strength behind them or without.
config = f"""
model_list:
  - model_name: "{model}*"
    litellm_params: {{model: "openai/{model}*", api_base: "{base}", api_key: "{key}"}}
  - model_name: "none"
    litellm_params: {{model: "openai/none", api_base: "{base}", api_key: "{key}"}}
litellm_settings: {{num_retries: 0}}
"""


def start(folder):
    path = pathlib.Path(folder) / "config.yaml"
    path.write_text(config)
    program = pathlib.Path(sys.executable).parent / "litellm"
    environment = {**os.environ, "LITELLM_MASTER_KEY": gateway_key, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    log = open(pathlib.Path(folder) / "log", "w")
    argv = [program, "--config", path, "--host", "127.0.0.1", "--port", str(port)]
    child = subprocess.Popen(argv, cwd=folder, env=environment, stdout=log, stderr=log)
    for _ in range(240):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness")
            return child
        except OSError:
            if child.poll() is not None:
                break
            time.sleep(0.5)
    child.kill()
    raise AssertionError(pathlib.Path(folder, "log").read_text()[-500:])


def features():
    through = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=gateway_key, max_retries=0)
    direct = openai.OpenAI(base_url=base, api_key=key)

    def create(client=through, **more):
        return client.chat.completions.create(**{"model": model, "messages": messages, **more})

    def content(client=through, **more):
        return create(client, **more).choices[0].message.content

    plain = content(direct)
    pushed = content(direct, extra_body={"aligner": {"coefficient": -1}})

    def same(found, expected):
        assert found == expected, f"got {found!r}, expected {expected!r}"

    def stream():
        chunks = list(create(stream=True, stream_options={"include_usage": True}))
        same("".join(c.choices[0].delta.content or "" for c in chunks if c.choices), plain)
        assert chunks[-1].usage.completion_tokens > 0

    def strength():
        same(content(model=f"{model}@-1"), pushed)
        same(content(extra_body={"aligner": {"coefficient": -1}}), pushed)

    def audit():
        assert create().aligner["choices"][0]["rounds"]

    def usage():
        assert create().usage.completion_tokens > 0

    def failing(work, kind):
        try:
            work()
        except kind:
            return
        raise AssertionError("nothing was raised")

    return {
        "answer": lambda: same(content(), plain),
        "stream": stream,
        "strength": strength,
        "audit": audit,
        "choices": lambda: same(len(create(n=2).choices), 2),
        "error": lambda: failing(lambda: create(model="none"), openai.NotFoundError),
        "usage": usage,
    }


found = {}
with tempfile.TemporaryDirectory() as folder:
    try:
        gateway = start(folder)
        try:
            for feature, work in features().items():
                try:
                    work()
                    found[feature] = "ok"
                except Exception as error:
                    found[feature] = f"{type(error).__name__}: {error}"[:200]
        finally:
            gateway.terminate()
            gateway.wait(30)
    except Exception as error:
        found["opens"] = f"{type(error).__name__}: {error}"[:500]
print(json.dumps({"client": "LiteLLM, gateway", "found": found}), flush=True)
