"""The peers' side: a process that does one piece of work per line of its input, and says what came out.

A line is {"work": name, ...}; the answer {"ms": milliseconds, ...}. Arrays go through files of float32.
The first line is {"work": "open", "model": folder, "threads": n, "stored": "float16"}: the type that
the ONNX file stores its weights in, so that both compute with the same numbers in float32.
"""
import json
import sys
import time

import numpy as np

# repeng 0.4.0 names a type that numpy 2 has under another name only.
np.float_ = np.float64

import torch
import transformers

torch.set_grad_enabled(False)


class Peer:
    def open(self, model, threads, stored):
        torch.set_num_threads(threads)
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(model, padding_side="left")
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.model = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=getattr(torch, stored))
        self.model = self.model.float().eval()
        versions = {"torch": torch.__version__, "transformers": transformers.__version__}
        return {"versions": versions, "layers": self.model.config.num_hidden_layers}

    def batch(self, rows):
        longest = max(map(len, rows))
        ids = torch.tensor([[0] * (longest - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
        return {"input_ids": ids, "attention_mask": mask}

    def states(self, rows, out, size=16):
        """Transformers: hidden states of the last token, rows of like lengths together."""
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        found = [None] * len(rows)
        for start in range(0, len(order), size):
            some = order[start : start + size]
            made = self.model(**self.batch([rows[i] for i in some]), output_hidden_states=True)
            last = torch.stack([h[:, -1] for h in made.hidden_states[1:]], dim=1)
            for place, i in enumerate(some):
                found[i] = last[place]
        return self.keep(torch.stack(found), out)

    def traced(self):
        """The model as nnsight sees it."""
        from nnsight import LanguageModel

        if not hasattr(self, "nnsight"):
            self.nnsight = LanguageModel(self.model, tokenizer=self.tokenizer)
        return self.nnsight

    def nnsight_states(self, rows, out, size=16):
        """nnsight: the blocks' outputs at the last token, saved in a trace of each batch."""
        model = self.traced()
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        found = [None] * len(rows)
        for start in range(0, len(order), size):
            some = order[start : start + size]
            with model.trace(self.batch([rows[i] for i in some])):
                saved = list().save()
                for layer in model.model.layers:
                    hidden = layer.output
                    saved.append((hidden[0] if isinstance(hidden, tuple) else hidden)[:, -1])
            last = torch.stack(list(saved), dim=1)
            for place, i in enumerate(some):
                found[i] = last[place]
        return self.keep(torch.stack(found), out)

    def nnsight_generate(self, rows, tokens, steer):
        """nnsight: greedy, as many tokens as asked for, the vector added to one layer at every step."""
        model = self.traced()
        vector = torch.tensor(steer["vector"], dtype=torch.float32)
        asked = dict(do_sample=False, max_new_tokens=tokens, min_new_tokens=tokens, eos_token_id=None, pad_token_id=0)
        with model.generate(self.batch(rows), **asked) as tracer:
            for step in tracer.iter[0:tokens]:
                hidden = model.model.layers[steer["layer"]].output
                (hidden[0] if isinstance(hidden, tuple) else hidden)[:] += vector
            made = tracer.result.save()
        return {"tokens": made[:, -tokens:].tolist()}

    def repeng(self, texts, out):
        """What repeng does with its training set before PCA: its own function, its batch size."""
        from repeng.extract import batched_get_hiddens

        layers = list(range(self.model.config.num_hidden_layers))
        found = batched_get_hiddens(self.model, self.tokenizer, texts, layers, 32)
        return self.keep(np.stack([found[layer] for layer in layers], axis=1), out)

    def steering_vectors(self, pairs, out):
        """steering-vectors' training call, as it is: a mean difference at the last token."""
        from steering_vectors import train_steering_vector

        made = train_steering_vector(self.model, self.tokenizer, [tuple(pair) for pair in pairs])
        found = [made.layer_activations[layer] for layer in sorted(made.layer_activations)]
        return self.keep(torch.stack(found), out)

    def pca(self, file, layers, pairs, width, out):
        """scikit-learn as repeng and RepE call it: a fit per layer over the differences."""
        from sklearn.decomposition import PCA

        states = np.fromfile(file, np.float32).reshape(layers, pairs, width)
        found = [PCA(n_components=1, whiten=False).fit(layer).components_[0] for layer in states]
        return self.keep(np.stack(found), out)

    def generate(self, rows, tokens, steer):
        """Greedy, as many tokens as asked for, a vector added to one layer by a forward hook."""
        hook = None
        if steer:
            vector = torch.tensor(steer["vector"], dtype=torch.float32)

            def add(module, given, output):
                hidden = output[0] if isinstance(output, tuple) else output
                return (hidden + vector, *output[1:]) if isinstance(output, tuple) else hidden + vector

            hook = self.model.model.layers[steer["layer"]].register_forward_hook(add)
        try:
            made = self.model.generate(
                **self.batch(rows),
                do_sample=False,
                max_new_tokens=tokens,
                min_new_tokens=tokens,
                eos_token_id=None,
                pad_token_id=0,
            )
        finally:
            if hook:
                hook.remove()
        return {"tokens": made[:, -tokens:].tolist()}

    def llama(self, gguf, threads, tokens, row):
        """llama.cpp in this process: greedy, from token ids, nothing kept between calls."""
        import xllamacpp

        if not hasattr(self, "server"):
            params = xllamacpp.CommonParams()
            params.model.path = gguf
            params.n_ctx, params.n_parallel, params.warmup = 2048, 1, True
            params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
            self.server = xllamacpp.Server(params)
        start = time.perf_counter()
        made = self.server.handle_completions(
            {
                "prompt": row,
                "n_predict": tokens,
                "temperature": 0,
                "cache_prompt": False,
                "ignore_eos": True,
            }
        )
        ms = 1000 * (time.perf_counter() - start)
        return {"text": made["choices"][0]["text"], "ms": ms}

    def scan(self, rows, count, directions, out):
        """RepE's reader: a forward per position, all layers projected on their directions."""
        layers = self.model.config.num_hidden_layers
        vectors = torch.from_numpy(np.fromfile(directions, np.float32).reshape(layers, -1))
        found = []
        for row in rows:
            read = []
            for back in range(count, 0, -1):
                cut = row[: len(row) - back + 1]
                made = self.model(**self.batch([cut]), output_hidden_states=True)
                last = torch.stack([h[0, -1] for h in made.hidden_states[1:]])
                read.append((last * vectors).sum(dim=1))
            found.append(torch.stack(read))
        return self.keep(torch.stack(found), out)

    def keep(self, values, out):
        values = values.numpy() if isinstance(values, torch.Tensor) else values
        values.astype(np.float32).tofile(out)
        return {}


peer = Peer()
for line in sys.stdin:
    asked = json.loads(line)
    run = getattr(peer, asked.pop("work"))
    start = time.perf_counter()
    answer = run(**asked)
    ms = 1000 * (time.perf_counter() - start)
    print(json.dumps({"ms": ms, **answer}), flush=True)
