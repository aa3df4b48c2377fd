"""Clients of PyPI against a server, each with its own calls; as node.js beside it. Prints JSON lines."""

import json
import sys
import urllib.request

base, key, model = sys.argv[1:4]
question = "Mia has 4 bags of 7 nuts. How many nuts does Mia have?"
messages = [{"role": "user", "content": question}]


def plain_answer(**more):
    body = json.dumps({"model": model, "messages": messages, **more}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{base}/chat/completions", body, headers)
    return json.load(urllib.request.urlopen(request))["choices"][0]["message"]["content"]


plain = plain_answer()
pushed = plain_answer(aligner={"coefficient": -1})


def same(found, expected):
    assert found == expected, f"got {found!r}, expected {expected!r}"


def failing(work, kind=Exception):
    try:
        work()
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


def openai_client():
    import openai

    client = openai.OpenAI(base_url=base, api_key=key)

    def create(**more):
        return client.chat.completions.create(**{"model": model, "messages": messages, **more})

    def stream():
        chunks = list(create(stream=True, stream_options={"include_usage": True}))
        same("".join(c.choices[0].delta.content or "" for c in chunks if c.choices), plain)
        assert chunks[-1].usage.completion_tokens > 0
        assert any("aligner" in (c.model_extra or {}) for c in chunks)

    def audit():
        assert create().aligner["choices"][0]["rounds"]
        raw = client.chat.completions.with_raw_response.create(model=model, messages=messages)
        assert raw.headers["x-aligner-rounds"]

    def cancel():
        with create(stream=True) as response:
            next(iter(response))

    def error():
        found = failing(lambda: create(model="none"), openai.NotFoundError)
        same((found.code, found.param), ("model_not_found", "model"))

    wrong = openai.OpenAI(base_url=base, api_key="wrong")
    return {
        "models": lambda: same(client.models.list().data[0].id, model),
        "answer": lambda: same(create().choices[0].message.content, plain),
        "stream": stream,
        "strength": lambda: same(create(extra_body={"aligner": {"coefficient": -1}}).choices[0].message.content, pushed),
        "audit": audit,
        "choices": lambda: same(len(create(n=2).choices), 2),
        "error": error,
        "key": lambda: failing(lambda: wrong.models.list(), openai.AuthenticationError),
        "cancel": cancel,
    }


def langchain_client():
    from langchain_openai import ChatOpenAI

    def make(**more):
        return ChatOpenAI(**{"model": model, "api_key": key, "base_url": base, "max_retries": 0, **more})

    def strength():
        same(make(model=f"{model}@-1").invoke(question).content, pushed)
        same(make(extra_body={"aligner": {"coefficient": -1}}).invoke(question).content, pushed)

    def usage():
        assert make().invoke(question).usage_metadata["output_tokens"] > 0

    return {
        "answer": lambda: same(make().invoke(question).content, plain),
        "stream": lambda: same("".join(c.content for c in make().stream(question)), plain),
        "strength": strength,
        "usage": usage,
        "error": lambda: failing(lambda: make(model="none").invoke(question)),
    }


def llama_index_client():
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    asked = [ChatMessage(role="user", content=question)]

    def make(name=model):
        return OpenAILike(model=name, api_base=base, api_key=key, is_chat_model=True, max_retries=0, temperature=0)

    return {
        "answer": lambda: same(make().chat(asked).message.content, plain),
        "stream": lambda: same("".join(c.delta or "" for c in make().stream_chat(asked)), plain),
        "strength": lambda: same(make(f"{model}@-1").chat(asked).message.content, pushed),
        "error": lambda: failing(lambda: make("none").chat(asked)),
    }


def litellm_client():
    import litellm

    def ask(name=model, **more):
        return litellm.completion(f"openai/{name}", messages, api_base=base, api_key=key, num_retries=0, **more)

    def stream():
        same("".join(c.choices[0].delta.content or "" for c in ask(stream=True)), plain)

    def usage():
        assert ask().usage.completion_tokens > 0

    def strength():
        same(ask(f"{model}@-1").choices[0].message.content, pushed)
        same(ask(extra_body={"aligner": {"coefficient": -1}}).choices[0].message.content, pushed)

    return {
        "answer": lambda: same(ask().choices[0].message.content, plain),
        "stream": stream,
        "strength": strength,
        "usage": usage,
        "error": lambda: failing(lambda: ask("none"), litellm.NotFoundError),
    }


clients = {
    "openai (Python)": openai_client,
    "LangChain (Python)": langchain_client,
    "LlamaIndex (Python)": llama_index_client,
    "LiteLLM": litellm_client,
}

for name, opened in clients.items():
    found = {}
    try:
        for feature, work in opened().items():
            try:
                work()
                found[feature] = "ok"
            except Exception as error:
                found[feature] = f"{type(error).__name__}: {error}"[:200]
    except Exception as error:
        found["opens"] = f"{type(error).__name__}: {error}"[:200]
    print(json.dumps({"client": name, "found": found}), flush=True)
