/** Tables of an evaluation: every share with what it is a share of. */
import { expect, it } from 'vitest';
import { systemTable } from '../../../src/experiment/answers/evaluate/tables.js';
import { evaluateSummary } from '../../../src/experiment/answers/evaluate/shape.js';
import {
  correctorCaption,
  correctorFigure,
  evaluationCaption,
  evaluationFigure,
} from '../../../src/experiment/answers/figures/evaluation.js';
import { toJson } from '../../../src/record/json.js';
import { correctorExample, evaluateExample } from '../examples.js';

const [upstream, loop] = evaluateExample.systems;
if (!upstream || !loop) throw new Error('examples: expected two systems');
const counted = { ...evaluateExample, systems: [upstream, { ...loop, fixN: 520, breakN: 480 }] };

it('says of how many answers a system fixed or broke a share, where the summary knows', () => {
  const cells = (summary: typeof evaluateExample): string[] =>
    [...(systemTable(summary).rows[1] ?? [])].slice(-4, -2);
  expect(cells(counted)).toEqual(['70.0 % of 520', '5.0 % of 480']);
  expect(evaluationCaption(counted)).toContain('(520 wrong and 480 right by the upstream alone)');
  // A summary of before.
  const older = evaluateSummary.parse(JSON.parse(toJson(evaluateExample)));
  expect(cells(older)).toEqual(['70.0 %', '5.0 %']);
  expect(evaluationCaption(older)).not.toContain('by the upstream alone)');
});

it('names n of groups and of kinds of sentences in the figures', () => {
  const names = evaluationFigure(counted).data.map(({ name }) => name);
  expect(names).toContain('accuracy, unseen (n = 120)');
  const { ticktext } = correctorFigure(correctorExample).layout['yaxis'] as { ticktext: string[] };
  const { n } = correctorExample.goodCopied;
  expect(ticktext.join(' ').replaceAll('<br>', ' ')).toContain(`good, copied verbatim (n = ${n})`);
  expect(correctorCaption(correctorExample)).toContain('beside its name');
});
