/** Readers of what belongs to a model: tokenizer, template, configurations, graph, adapter. */
import { join } from 'node:path';
import { inspectDecoder } from '../../../src/onnx/inspect.js';
import { instrumentLoop } from '../../../src/onnx/loop/loop.js';
import { readGraph } from '../../../src/runtime/adapterFiles.js';
import { inFile } from '../../../src/runtime/graphFile.js';
import { configuredLimit } from '../../../src/runtime/contextLimit.js';
import { neededByProvider } from '../../../src/runtime/cuda/libraries.js';
import { loadTokenizer } from '../../../src/runtime/tokenizer.js';
import { tinyAdapter } from '../../onnx/tinyAdapter.js';
import { tinyDecoder } from '../../onnx/tinyDecoder.js';
import { toExternal } from '../../onnx/tinyExternal.js';
import { fakeElf } from '../../runtime/fakeElf.js';
import { bytesOf, json, type Reader, type Specimen } from './reader.js';
import { chatTemplate, modelConfig, tokenizerConfig, tokenizerFiles } from './tokenizers.js';

const soundTokenizer = {
  'tokenizer.json': JSON.stringify(tokenizerFiles.bpe),
  'tokenizer_config.json': JSON.stringify(tokenizerConfig),
  'generation_config.json': '{"eos_token_id": [1]}',
};

/** All that a tokenizer is asked for. */
async function useTokenizer(folder: string): Promise<void> {
  const tokenizer = await loadTokenizer(folder, {}, 2);
  const chat = tokenizer.chat([
    { role: 'user', content: 'Mia has 4 bags.' },
    { role: 'assistant', content: 'Four' },
  ]);
  for (const text of [
    chat,
    tokenizer.chatPrompt("It's 3 + 4 = 7? é🙂"),
    `${'a'.repeat(30)}!`,
    '',
  ]) {
    const ids = [...tokenizer.encode(text), ...tokenizer.encodePlain(text)];
    if (!ids.every((id) => Number.isInteger(id) && id >= 0)) throw new TypeError('ids are none');
    if (typeof tokenizer.decode(ids) !== 'string') throw new TypeError('no text');
  }
  tokenizer.decode([0, 5, 99_999]);
  if (!tokenizer.endOfTurn.every(Number.isInteger)) throw new TypeError('end tokens are none');
}

const tokenizerReader = (name: string, specimens: readonly Specimen[]): Reader => {
  return { name, specimens, around: soundTokenizer, read: useTokenizer };
};

/** How many positions a model has, as its folder says. */
function useLimit(folder: string): Promise<void> {
  const { positions = 1 } = configuredLimit(folder) ?? {};
  const whole = Number.isInteger(positions) && positions > 0;
  return whole ? Promise.resolve() : Promise.reject(new TypeError(`${positions} positions`));
}

/** As loading does, short of opening a session. */
async function useGraph(folder: string): Promise<void> {
  const file = join(folder, 'model.onnx');
  const { graph } = await readGraph({ file });
  inFile(file, () => {
    inspectDecoder(graph);
    instrumentLoop(graph);
  });
}

const withoutTemplate = { ...tokenizerConfig, chat_template: undefined };
const adapter = tinyAdapter({ 'model.layers.0.self_attn.q_proj': { into: 32, out: 32 } });
const external = toExternal(tinyDecoder(), { smallest: 60 });
const bytes = (file: string, content: Uint8Array): Specimen => ({ file, bytes: content, format: 'bytes' }); // prettier-ignore

export const modelReaders: readonly Reader[] = [
  tokenizerReader(
    'tokenizer.json',
    Object.values(tokenizerFiles).map((value) => json('tokenizer.json', value)),
  ),
  tokenizerReader('tokenizer_config.json', [json('tokenizer_config.json', tokenizerConfig)]),
  tokenizerReader('chat_template.jinja', [bytes('chat_template.jinja', bytesOf(chatTemplate))]),
  {
    ...tokenizerReader('chat_template.json', [
      json('chat_template.json', { chat_template: chatTemplate }),
    ]),
    around: { ...soundTokenizer, 'tokenizer_config.json': JSON.stringify(withoutTemplate) },
  },
  tokenizerReader('generation_config.json', [json('generation_config.json', modelConfig)]),
  {
    ...tokenizerReader('config.json', [json('config.json', modelConfig)]),
    around: { ...soundTokenizer, 'generation_config.json': '{}' },
  },
  {
    name: 'context length',
    specimens: [
      json('config.json', { ...modelConfig, text_config: { n_positions: 77 } }),
      json('genai_config.json', { model: { context_length: 512, type: 'llama' } }),
    ],
    around: { 'config.json': JSON.stringify(modelConfig) },
    read: useLimit,
  },
  {
    name: 'adapter',
    // They contradict each other.
    names: ['adapter_config.json', 'adapter_model.safetensors'],
    specimens: [
      { file: 'adapter_config.json', bytes: bytesOf(adapter.config), format: 'json' },
      { file: 'adapter_model.safetensors', bytes: adapter.weights, format: 'safetensors' },
    ],
    around: {
      'model.onnx': tinyDecoder(),
      'adapter_config.json': adapter.config,
      'adapter_model.safetensors': adapter.weights,
    },
    read: (folder) => readGraph({ file: join(folder, 'model.onnx'), adapter: folder }),
  },
  {
    name: 'model.onnx',
    // Where its weights are damaged, the graph is what does not fit them.
    names: ['model.onnx', ...external.weights.keys()],
    specimens: [
      bytes('model.onnx', external.graph),
      ...[...external.weights].map(([name, content]) => bytes(name, content)),
    ],
    around: { 'model.onnx': external.graph, ...Object.fromEntries(external.weights) },
    read: useGraph,
  },
  {
    name: 'CUDA provider',
    specimens: [bytes('provider.so', fakeElf(['libcudart.so.13', 'libc.so.6', 'libcublas.so.13']))],
    read: (folder, file) => Promise.resolve().then(() => neededByProvider(join(folder, file))),
  },
];
