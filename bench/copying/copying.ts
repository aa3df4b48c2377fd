/**
 * `npm run bench:copying`: verified copying against plain decoding. Every sentence is corrected with
 * and without its draft, in turn; the tokens are compared, the milliseconds added up by what became
 * of the sentence.
 */
import { readFileSync } from 'node:fs';
import type { Passage } from '../../src/align/prompts.js';
import { promptMarkers, streamAlignerPrompt } from '../../src/align/prompts.js';
import { settle } from '../../src/align/settled.js';
import type { GenerateRow, LanguageModel } from '../../src/runtime/decoder.js';
import { loadLanguageModel } from '../../src/runtime/load.js';
import { resolveModel } from '../../src/runtime/resolveModel.js';
import { isCopy, sentenceAsWritten } from '../../src/text/copied.js';
import { splitSentences } from '../../src/text/sentences.js';
import { formatTable } from '../../src/text/table.js';
import { benchOptions } from '../options.js';

type Kind = 'copied' | 'begun alike' | 'other from the start';

interface Sums {
  sentences: number;
  tokens: number;
  plain: number;
  drafted: number;
  other: number;
}

const given = benchOptions(
  {
    command: 'bench:copying',
    about:
      'Corrects every sentence with and without its draft, in turn, compares the tokens and adds up\nprocessor time by what became of the sentence.',
  },
  {
    corrector: { type: 'string', default: 'artifacts/models/corrector-arithmetic-m', about: 'folder or name of a corrector' }, // prettier-ignore
    adapter: { type: 'string', about: 'a PEFT adapter on it' },
    stimuli: { type: 'string', default: 'artifacts/stimuli/arithmetic-test.jsonl', about: 'sentences, a line each' }, // prettier-ignore
    limit: { type: 'string', default: '256', about: 'sentences, spread over the file' },
    rows: { type: 'string', default: '1,8,32', about: 'rows at once, a run for each' },
    caches: { type: 'boolean', default: false, about: 'keeps caches from sentence to sentence, as a loop does' }, // prettier-ignore
  },
);

const model = await loadLanguageModel({
  model: await resolveModel(given.corrector),
  ...(given.adapter && { adapter: given.adapter }),
  ...{ threads: 1, drafts: true },
});
const all = readFileSync(given.stimuli, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Passage); // prettier-ignore
const step = Math.max(1, Math.floor(all.length / Number(given.limit)));
const sentences = all.filter((_, i) => i % step === 0).slice(0, Number(given.limit));
const prompts = sentences.map((sentence) =>
  model.tokenizer.encode(model.tokenizer.chatPrompt(streamAlignerPrompt(sentence))),
);
/** The prompt of the round before, where there was one. */
const earlier = sentences.map(({ question, prefix }) => {
  const cut = splitSentences(prefix);
  const last = cut.at(-1) ?? '';
  const before = { question, prefix: cut.slice(0, -1).join(' '), last };
  return model.tokenizer.encode(model.tokenizer.chatPrompt(streamAlignerPrompt(before)));
});
const drafts = sentences.map(({ last }) => [...sentenceAsWritten(model.tokenizer, last).ids]);
const table: string[][] = [];
await measure(model, 1, 4); // opens both graphs
for (const rows of given.rows.split(',').map(Number)) {
  const sums = await measure(model, rows, sentences.length);
  for (const [kind, s] of sums) {
    table.push([
      ...[String(rows), kind, String(s.sentences), (s.tokens / s.sentences).toFixed(1)],
      ...[(s.plain / s.sentences).toFixed(1), (s.drafted / s.sentences).toFixed(1)],
      ...[(s.plain / s.drafted).toFixed(2), String(s.other)],
    ]);
  }
}
const head = ['rows', 'kind', 'sentences', 'tokens', 'plain ms', 'drafted ms', 'ratio', 'unlike'];
process.stdout.write(`${formatTable(head, table)}\n`);
await model.close();

async function measure(
  { decoder, tokenizer }: LanguageModel,
  rows: number,
  count: number,
): Promise<Map<string, Sums>> {
  const sums = new Map<string, Sums>();
  const order = Array.from({ length: count }, (_, i) => i);
  if (rows > 1) order.sort((a, b) => (prompts[a]?.length ?? 0) - (prompts[b]?.length ?? 0));
  for (let from = 0; from < count; from += rows) {
    const batch = order.slice(from, from + rows);
    const request = {
      prompts: batch.map((i) => prompts[i] ?? []),
      ...{ maxNewTokens: 96, stop: tokenizer.endOfTurn },
    };
    const withDrafts = { ...request, drafts: batch.map((i) => drafts[i] ?? []) };
    const run = async (drafted: boolean): Promise<{ rows: GenerateRow[]; ms: number }> => {
      const caches = given.caches ? batch.map(() => decoder.openCache()) : undefined;
      if (caches) {
        const warm = batch.map((i) => earlier[i] ?? []);
        await decoder.generate({ ...request, prompts: warm, maxNewTokens: 1, caches });
      }
      const before = process.cpuUsage();
      const own = drafted ? withDrafts : request;
      const { rows } = await decoder.generate(caches ? { ...own, caches } : own);
      const { user, system } = process.cpuUsage(before);
      for (const cache of caches ?? []) await decoder.closeCache(cache);
      return { rows, ms: (user + system) / 1000 };
    };
    const first = (from / rows) % 2 === 0;
    const [a, b] = [await run(first), await run(!first)];
    const [drafted, plain] = first ? [a, b] : [b, a];
    batch.forEach((i, b) => {
      const row = plain.rows[b]?.tokens ?? [];
      const kind = rows > 1 ? 'all' : kindOf(i, row);
      const sum = sums.get(kind) ?? { sentences: 0, tokens: 0, plain: 0, drafted: 0, other: 0 };
      sum.sentences++;
      sum.tokens += row.length;
      sum.plain += plain.ms / batch.length;
      sum.drafted += drafted.ms / batch.length;
      if (String(drafted.rows[b]?.tokens) !== String(row)) sum.other++;
      sums.set(kind, sum);
    });
  }
  return sums;

  function kindOf(i: number, row: readonly number[]): Kind {
    const last = sentences[i]?.last ?? '';
    const { text } = settle(last, row, { tokenizer, markers: promptMarkers(streamAlignerPrompt) });
    if (isCopy({ last, correction: text })) return 'copied';
    return row[0] === drafts[i]?.[0] ? 'begun alike' : 'other from the start';
  }
}
