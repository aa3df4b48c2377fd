/** `aligner-lab dataset build`: quadruples from an upstream and an annotator behind a server. */
import { openAnnotator, type Annotator } from '../../align/served/annotator.js';
import { readQuestions } from '../../data/questions.js';
import {
  buildQuadruples,
  countBuilt,
  type BuildCounts,
} from '../../experiment/shared/buildQuadruples.js';
import { opening } from '../../experiment/shared/opening.js';
import type { EngineOptions } from '../../runtime/copies.js';
import { integer, text, type OptionValues } from '../../shape/options.js';
import { UsageError } from '../../text/usageError.js';
import type { Context } from '../command.js';
import { findOrDownloadData } from '../data.js';
import { labOf } from '../lab.js';
import { writeLines } from '../lines.js';
import { describeTraffic, serversOf, type ServerFlags } from '../servers.js';
import { openUnitsBeside } from '../unitsBeside.js';

export const buildOptions = {
  annotator: text({
    value: 'address',
    help: 'who annotates, for build: http://host/v1#model; docs/data.md has its rules',
  }),
  second: text({
    value: 'address',
    help: 'annotates the same sentences, for build: then agreement is measured',
  }),
  rounds: integer({ value: 'n', help: 'most sentences of an answer, for build', default: 16 }),
  annotatorTokens: integer({
    value: 'n',
    help: 'most tokens of an annotator’s reply, for build (default: 512)',
  }),
} as const;

type Options = OptionValues<typeof buildOptions> &
  EngineOptions &
  ServerFlags & { upstream: string; data?: string | undefined; count: number; out?: string | undefined }; // prettier-ignore

/** @throws where a question file or an annotator is missing, and as the readers and servers do */
export async function buildDataset(given: Options, context: Context): Promise<void> {
  const { data, annotator: name, out } = given;
  if (data === undefined) throw new UsageError('dataset: build needs --data <questions>');
  if (name === undefined) throw new UsageError('dataset: build needs --annotator http://host/v1#model'); // prettier-ignore
  if (out === undefined) throw new UsageError('dataset: build needs --out <file>');
  const place = await findOrDownloadData(data, context);
  const all = await readQuestions(place, { answers: 'optional' });
  const questions = all.slice(0, given.count);
  const path = context.path(out);
  const servers = serversOf(given, context);
  const lab = labOf(given, context, { servers });
  await using units = await openUnitsBeside(path, { engine: given, purpose: 'aligner-lab dataset build' }, context); // prettier-ignore
  await using open = await opening(async (keep) => {
    const annotators = async (address: string): Promise<Annotator> =>
      keep(await openAnnotator(address, await servers.options('annotator')));
    return {
      upstream: keep(await lab.upstream(given.upstream)),
      annotator: await annotators(name),
      second: given.second === undefined ? undefined : await annotators(given.second),
    };
  });
  const answers: Parameters<typeof countBuilt>[0][number][] = [];
  async function* rows(): AsyncGenerator<unknown> {
    for await (const answer of buildQuadruples({
      ...open,
      ...{ questions, store: units.store, signal: context.signal },
      limits: { maxRounds: given.rounds },
      onProgress: context.progress.stage('dataset build'),
    })) {
      answers.push(answer);
      yield* answer.rows;
    }
  }
  await writeLines(rows(), path);
  await units.done();
  const counts = countBuilt(answers);
  const traffic = servers.traffic();
  context.show(describeBuilt(counts, out));
  if (traffic) context.show(describeTraffic(traffic));
  context.result({ kind: 'build', file: out, ...counts, ...(traffic && { traffic }) }); // prettier-ignore
}

function describeBuilt(counts: BuildCounts, file: string): string {
  const { rows, questions, good, neutral, bad, ended, unread, agreement } = counts;
  const share = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;
  return [
    `${rows} rows in ${file}, of ${questions} questions: ${good} good, ${neutral} neutral, ${bad} bad; ${ended} say that the answer is complete`,
    ...(unread > 0 ? [`${unread} sentences are left out: the annotator's word on them could not be read`] : []), // prettier-ignore
    ...(agreement
      ? [
          `two annotators agree on quality in ${share(agreement.quality, 1)} of ${agreement.n} sentences (Cohen's kappa ${agreement.kappa?.toFixed(2) ?? 'undefined'}), on copying in ${share(agreement.copying, 1)}`,
        ]
      : []),
  ].join('\n');
}
