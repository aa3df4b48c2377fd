/** `aligner-lab instrument`: a decoder's residual stream, and the decoder with steering built in. */
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { inspectDecoder } from '../../onnx/inspect.js';
import { instrument as instrumentForward } from '../../onnx/instrument.js';
import type { ContextLimit, DecoderLayout, Port } from '../../onnx/layout.js';
import { instrumentLoop } from '../../onnx/loop/loop.js';
import { configuredLimit, leastLimit } from '../../runtime/contextLimit.js';
import { readGraph } from '../../runtime/adapterFiles.js';
import { inFile, type GraphFile } from '../../runtime/graphFile.js';
import { writeBytes } from '../files.js';
import { defineCommand, type Context } from '../command.js';
import { common } from '../common.js';
import { modelNames } from '../../experiment/shared/options.js';
import { findOrDownload } from '../models.js';
import { choice, flag, text } from '../../shape/options.js';
import { Table } from '../../text/table.js';

export const instrument = defineCommand({
  description: `Finds the residual stream of any decoder exported to ONNX with a KV cache, from the structure of its
graph alone, and writes the same decoder with steering (patch, ablate, add) as inputs and readings
as outputs. The other commands do this in memory; write the file to use it from your own code.
Weights that lie in files of their own stay there: the new graph names them from their folder.

What is written is plain ONNX that any runtime runs. Its inputs and outputs are listed, and explained
in the file itself; docs/instrumented-graph.md has them all, and an example in Python.

--inspect only says what was found: layers, width, heads, who exported it, the node after which each
block ends (there it is read and steered), how the cache is laid out and masked, how many positions it has
and who says so, whether the logits
can be gathered before the LM head, and whether steering with coefficient 0 is bit-identical to the
file (no fused block end) or differs in the last digits.`,
  argument: {
    name: 'model',
    help: modelNames,
    required: true,
  },
  options: {
    inspect: flag('say what was found, write nothing'),
    graph: choice(['forward', 'loop'], {
      help: 'one forward, or generation in an ONNX Loop',
      default: 'forward',
    }),
    out: text({ value: 'file', help: 'where to write (default: <model>-<graph>.onnx)' }),
    ...common,
  },
  examples: [
    ['aligner-lab instrument corrector-arithmetic-m --inspect', 'what the graph is made of'],
    [
      'aligner-lab instrument ./my-model --graph loop --out my-model-loop.onnx',
      'generation with steering, one run per sentence',
    ],
  ],
  async run({ options, argument, context }) {
    const files = await findOrDownload(argument ?? '', context);
    const { name, file } = files;
    const source = await readGraph(files);
    if (options.inspect) {
      const layout = inFile(file, () => inspectDecoder(source.graph));
      const limit = leastLimit([configuredLimit(files.folder), layout.positions.context]);
      context.show(describe(file, layout, limit));
      context.show(blockTable(layout));
      return context.result({ model: name, file, context: limit, ...layout });
    }
    const build = options.graph === 'loop' ? instrumentLoop : instrumentForward;
    const { model, layout, ports } = inFile(file, () => build(source.graph));
    const out = options.out ?? `${name}-${options.graph}.onnx`;
    await writeBytes(context.path(out), model);
    context.show(`${out}: ${layout.layers} layers, ${(model.length / 1e6).toFixed(1)} MB`);
    context.show(describePorts(layout, ports));
    const weights = await sayWhereWeightsAre(source, out, context);
    const bytes = model.length;
    context.result({ model: name, graph: options.graph, file: out, bytes, weights, ports });
  },
});

/** Weights in other files are not copied; the graph names them from their own folder. */
async function sayWhereWeightsAre(
  { weights, folder }: GraphFile,
  out: string,
  context: Context,
): Promise<string | null> {
  if (weights.length === 0) return null;
  if ((await realpath(dirname(context.path(out)))) !== folder) {
    context.warn(
      `warning: the weights stay in ${folder}, and a graph is opened beside its weights: move ${out} there, or give ONNX Runtime that folder (session.model_external_initializers_file_folder_path)`,
    );
  }
  return folder;
}

/** `, 2 heads × 16`, where all are alike. */
function describeCache({ cache }: DecoderLayout): string {
  const sizes = [...new Set(cache.map(({ heads, headDim }) => `${heads} heads × ${headDim}`))];
  return `, ${sizes.join(' or ')}`;
}

/** Inputs and outputs for people; the cache as one line each way. */
function describePorts({ cache }: DecoderLayout, ports: readonly Port[]): string {
  const cached = new Set(cache.slice(1).flatMap(({ past, present }) => [past, present]));
  const shown = ports.filter(({ name }) => !cached.has(name));
  const rows = shown.map(
    ({ kind, name, shape, meaning }) => `${kind} ${name}  ${shape}: ${meaning}`,
  );
  return ['', ...rows, `The cache has ${cache.length} tensors each way; the first is shown.`].join(
    '\n',
  );
}

/** How long a row may be, and who says so. */
function describeLength(limit: ContextLimit | null, { positions }: DecoderLayout): string {
  if (!limit) return 'context: neither the graph nor the configuration limits it';
  const padded = positions.slots === null ? '' : '; in a batch, padding counts too';
  return `context: ${limit.positions} positions, by ${limit.source}${padded}`;
}

/** The layout for people. */
function describe(file: string, layout: DecoderLayout, limit: ContextLimit | null): string {
  const { layers, width, vocabulary, type, attention, opset, logits, blocks } = layout;
  const fused = blocks.filter((block) => block.fused).length;
  const lines = [
    file,
    `${layers} layers, width ${width} (${type}), vocabulary ${vocabulary}, operator set ${opset}`,
    `exported by: ${layout.producer || 'the file does not say'}`,
    `cache: ${layout.cache.length} tensors${describeCache(layout)}, ${attention}`,
    logits.gatheredBeforeHead
      ? `logits: gathered before the LM head (${logits.head ?? ''})`
      : 'logits: gathered after the LM head, which is not one position-wise product',
    describeLength(limit, layout),
    fused === 0
      ? 'coefficient 0: bit-identical to the file'
      : `coefficient 0: ${fused} fused block ends are split, so the last digits differ (about 5e-6)`,
    ...(layout.dynamicQuantization
      ? ['quantised per tensor: one row at a time, since rows of a batch would couple']
      : []),
    '',
  ];
  return lines.join('\n');
}

function blockTable({ blocks }: DecoderLayout): Table {
  const rows = blocks.map(({ node, operator, tensor }, l) => [String(l), `${operator} ${node}`, tensor]); // prettier-ignore
  return new Table(['layer', 'ends at', 'tensor'], rows);
}
