/** The strength at which each expert tunes the upstream, chosen on validation problems. */
import { join } from 'node:path';
import { createLocalUpstream } from '../../align/upstream.js';
import {
  bestStrength,
  strengthRecord,
  tryStrengths,
  type StrengthRecord,
} from '../../experiment/answers/proxyStrength.js';
import type { Stages } from '../../experiment/shared/stages.js';
import { atOnce, batchSize, loadTuned } from './load.js';
import { configurationOf, recordRun, type Setting } from '../setting.js';

/** α of every expert: tried once, in a run folder of its own. */
export async function proxyStrengths(
  setting: Setting,
  stages: Stages,
): Promise<Map<string, number>> {
  const { models, sizes, data, host, folder } = setting;
  const { alphas, alphaProblems } = sizes.compare;
  const tuners = new Map(
    models.sizes.flatMap(({ expert, antiExpert }) =>
      expert !== undefined && antiExpert !== undefined ? [[expert, antiExpert] as const] : [],
    ),
  );
  if (tuners.size === 0) return new Map();
  const configuration = configurationOf(
    {
      command: 'reproduce alphas',
      options: { alphas, alphaProblems, sizes: models.sizes },
      models: [models.upstream, ...new Set([...tuners].flat())],
    },
    setting,
  );
  const { records } = await recordRun<StrengthRecord, void>(
    { folder: join(folder, 'alphas'), configuration, setting, record: strengthRecord },
    (run) =>
      tryStrengths({
        ...{
          alphas,
          atOnce,
          scorers: [data.scorer],
          done: run.records,
          store: host.store,
          signal: host.signal,
        },
        batchSize: batchSize(alphaProblems),
        experts: [...tuners.keys()],
        questions: data.questions.validation.slice(0, alphaProblems),
        tune: async (expert, alpha) => {
          const by = { expert, antiExpert: tuners.get(expert) ?? '', alpha };
          const model = await loadTuned(models.upstream, by, setting);
          return {
            upstream: createLocalUpstream({ model }),
            [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
          };
        },
        onProgress: stages('choosing the strength of proxy-tuning on validation problems'),
      }),
    () => Promise.resolve(),
  );
  return new Map([...tuners.keys()].map((expert) => [expert, bestStrength(records, expert)]));
}
