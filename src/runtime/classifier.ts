/** A text classifier in ONNX: a text in, a logit per label out. */
import { objectIn, readConfig } from './modelConfig.js';
import { readGraphFile } from './graphFile.js';
import { fileIdentity } from './hashModel.js';
import type { Identity } from './identity.js';
import type { ModelFiles } from './modelFiles.js';
import { openTokenizer } from './openTokenizer.js';
import { openSession } from './session.js';

export interface TextClassifier {
  identity: Identity;
  /** Of `id2label` in `config.json`, else `LABEL_0`, …; in the order of the logits. */
  labels: readonly string[];
  /** Whether several labels may hold at once (`problem_type`). */
  isMultiLabel: boolean;
  /** float32 `[labels]`; null where the text is longer than the model's positions. */
  logits(text: string): Promise<Float32Array | null>;
  close(): Promise<void>;
}

const inputs = ['input_ids', 'attention_mask', 'token_type_ids'] as const;

/**
 * One text at a time, so that none is padded.
 * @throws where there is no tokenizer, where the graph has no `logits`, and where these are not one
 *   row of as many as `config.json` has labels.
 */
export async function openTextClassifier(
  files: ModelFiles,
  { threads }: { threads?: number } = {},
): Promise<TextClassifier> {
  const config = readConfig(files.folder, 'config.json') ?? {};
  const { tokenizer } = openTokenizer(files.folder);
  const { graph, folder } = await readGraphFile(files.file);
  const session = await openSession(graph, { device: 'cpu', folder, ...(threads && { threads }) });
  const close = (): Promise<void> => session.release();
  const positions = Number(config.max_position_embeddings ?? Infinity);
  const logits: TextClassifier['logits'] = async (text) => {
    const { ids } = tokenizer.encode(text, { add_special_tokens: true });
    if (ids.length === 0 || ids.length > positions) return null;
    const row = (value: (id: number) => number) => ({
      type: 'int64' as const,
      data: BigInt64Array.from(ids, (id) => BigInt(value(id))),
      shape: [1, ids.length],
    });
    const feeds = {
      input_ids: row((id) => id),
      attention_mask: row(() => 1),
      token_type_ids: row(() => 0),
    };
    const { logits } = await session.run(feeds, ['logits']);
    if (logits?.data instanceof Float32Array) return logits.data;
    throw new Error(`classifier: ${files.file} gives logits of another type (expected float32)`);
  };
  try {
    const other = session.inputs.find((input) => !inputs.some((known) => known === input));
    if (other !== undefined) {
      throw new Error(
        `classifier: ${files.file} is no text classifier (it needs an input ${other}, expected ${inputs.join(', ')} at most)`,
      );
    }
    if (!session.outputs.includes('logits')) {
      throw new Error(
        `classifier: ${files.file} is no text classifier (expected an output logits, got ${session.outputs.slice(0, 8).join(', ')}); export it for text-classification`,
      );
    }
    const count = (await logits('a'))?.length ?? 0;
    const labels = labelsIn(config.id2label, count);
    if (labels.length !== count) {
      throw new Error(
        `classifier: ${files.folder}/config.json names ${labels.length} labels (expected ${count}, one per logit)`,
      );
    }
    const isMultiLabel = config.problem_type === 'multi_label_classification';
    return { identity: await fileIdentity(files), labels, isMultiLabel, logits, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function labelsIn(given: unknown, count: number): string[] {
  const named = objectIn(given);
  if (!named) return Array.from({ length: count }, (_, i) => `LABEL_${i}`);
  return Object.keys(named)
    .sort((a, b) => Number(a) - Number(b))
    .map((id) => String(named[id]));
}
