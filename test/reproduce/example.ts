/** A report of plausible content: every rule of a few models, with effects by formula. */
import { judgeFindings } from '../../src/reproduce/findings.js';
import { paperFindings, type ReportFinding } from '../../src/reproduce/paper/verdicts.js';
import type { ReproduceModels } from '../../src/reproduce/plan.js';
import { planParts } from '../../src/reproduce/plan.js';
import type { Effect } from '../../src/math/effect.js';
import { createRandom } from '../../src/math/random.js';
import type { ReportSummary } from '../../src/reproduce/report/shape.js';

const models: ReproduceModels = {
  upstream: 'upstream-arithmetic',
  sizes: [
    {
      corrector: 'corrector-arithmetic-s',
      aligner: 'aligner-arithmetic-s',
      expert: 'expert-arithmetic-s',
      antiExpert: 'corrector-arithmetic-s-stage1',
    },
    { corrector: 'corrector-arithmetic-m', aligner: 'aligner-arithmetic-m' },
    { corrector: 'corrector-arithmetic-m-seed2' },
  ],
  tuned: { sft: 'upstream-arithmetic-sft' },
};

const round = (x: number): number => Number(x.toFixed(3));

/** Half above the threshold, a quarter below, the rest near it. */
function effectOf(id: string, threshold: number, unit: string): Effect {
  const random = createRandom(`effect ${id}`);
  const size = unit === 'points' ? 10 : unit === 'characters' ? 20 : 0.5;
  const side = ([1, 1, -1, 0.1] as const)[random.integer(4)] ?? 1;
  const estimate = round(threshold + side * size);
  const ci = [round(estimate - 0.4 * size), round(estimate + 0.4 * size)] as const;
  return { n: 300, estimate, ci: [...ci], p: side === 0.1 ? 0.62 : 0.0002 };
}

function findings(): ReportFinding[] {
  const rules = paperFindings(models);
  const judged = judgeFindings(
    rules.map(({ rule, parts, note }) => ({
      rule,
      effect: parts.length === 0 ? null : effectOf(rule.id, rule.threshold, rule.unit),
      records: parts.map((part) => `${part}/records.jsonl`),
      ...(note !== undefined && { note }),
    })),
  );
  return judged.map((finding, i) => {
    const { section = 'elsewhere', about = '' } = rules[i] ?? {};
    return { ...finding, section, about };
  });
}

export const reportExample: ReportSummary = {
  models,
  extent: 'default',
  data: 'generated arithmetic word problems (test split, seed 0), judged by an exact solver',
  seed: 0,
  level: 0.05,
  findings: findings(),
  parts: planParts(models).map(({ name, kind, model, role }, i) => ({
    ...{ name, kind, model, role },
    state: i === 4 ? 'failed' : i === 5 ? 'left out' : i === 1 ? 'kept' : 'done',
    milliseconds: i === 5 ? null : 1000 * (i + 40),
    error: i === 4 ? 'stimuli: all 256 stimuli are labelled copy' : null,
  })),
  notes: ['Not there, so left out with what compares them: upstream-arithmetic-dpo.'],
};
