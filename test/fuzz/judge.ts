/** What the lab makes of a file: a refusal in its own words, a decoder, or a fault of its own. */
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { checkWiring } from '../../src/onnx/checkGraph.js';
import { indexGraph } from '../../src/onnx/graph.js';
import { instrument } from '../../src/onnx/instrument.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { parseModel } from '../../src/onnx/model.js';
import { readGraphFile } from '../../src/runtime/graphFile.js';
import type { GraphFile } from '../../src/runtime/graphFile.js';

export type Verdict =
  /** `kind` is the message without the names and numbers in it. */
  | { outcome: 'refused'; kind: string }
  | { outcome: 'decoder'; folder: string; graph: Uint8Array; models: Uint8Array[] }
  | { outcome: 'fault'; reason: string };

/** Reads, inspects and instruments a file, as loading does, short of opening a session. */
export async function judge(file: string): Promise<Verdict> {
  const models: Uint8Array[] = [];
  let source: GraphFile;
  try {
    source = await readGraphFile(file);
    inspectDecoder(source.graph);
    for (const build of [instrument, instrumentLoop]) models.push(build(source.graph).model);
  } catch (error) {
    return refusal(error);
  }
  for (const model of models) {
    const broken = defect(model);
    if (broken !== null) return { outcome: 'fault', reason: `an edited graph: ${broken}` };
  }
  const { folder, graph } = source;
  return { outcome: 'decoder', folder, graph, models };
}

/** What is wrong with an edited graph, its outer scope and its loop; null where nothing is. */
function defect(bytes: Uint8Array): string | null {
  try {
    const { graph } = parseModel(bytes);
    checkWiring(indexGraph(graph));
    const body = graph.node.find(
      ({ opType, name }) => opType === 'Loop' && name.startsWith('loop'),
    );
    const inner = body?.attribute.find(({ name }) => name === 'body')?.g;
    if (inner !== undefined) indexGraph(inner);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const ownForm = /^(model|cache|residual stream|loop)\b[^:]*: \S/;
/** Longer messages would list a file's content. */
const maxMessage = 4000;

function refusal(error: unknown): Verdict {
  const fault = (reason: string): Verdict => ({
    outcome: 'fault',
    reason: `${reason}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  });
  for (let at = error; at !== undefined; at = at instanceof Error ? at.cause : undefined) {
    // A TypeError or a RangeError is a bug of ours, even where it was wrapped.
    if (!(at instanceof Error)) return fault('no Error');
    if (at.constructor !== Error) return fault(`a ${at.name} (${at.message})`);
  }
  if (!(error instanceof Error)) return fault('no Error');
  if (!ownForm.test(error.message)) return fault('not of our form');
  if (error.message.length > maxMessage) return fault(`${error.message.length} characters long`);
  return { outcome: 'refused', kind: kindOf(error.message) };
}

function kindOf(message: string): string {
  const [what = ''] = message.replace(/\([^)]*\)/g, '').split(/[;,]/);
  const names = /"[^]*?"|\S*[\d/_.]\S*|\b[A-Z][a-z]\w*/g;
  return what.replace(names, '…').replace(/\s+/g, ' ').slice(0, 100).trim();
}
