/** The main figures of a command's summary: numbers in order, or a text that should be the same. */
import type { ScanSummary } from '../../src/experiment/scan/shape.js';
import type { SweepSummary } from '../../src/experiment/sweep/shape.js';

export type Figures = Record<string, (number | null)[] | string | number>;

/**
 * @param read the summary, parsed
 * @returns nothing where the command left no summary
 */
export function mainFigures(command: string, read: () => unknown): Figures {
  let summary: unknown;
  try {
    summary = read();
  } catch {
    return {};
  }
  if (command === 'lat-scan') return scanFigures(summary as ScanSummary);
  if (command === 'sweep') return sweepFigures(summary as SweepSummary);
  if (command === 'align') return alignFigures(summary as { text: string; rounds: unknown[] });
  const { checks } = summary as { checks: { name: string; ok: boolean; found: string }[] };
  const wanted = checks.filter(({ name }) => /^(device|cuda)/.test(name));
  return Object.fromEntries(wanted.map(({ name, ok, found }) => [name, `${ok ? 'ok' : 'missing'}: ${found.slice(0, 200)}`])); // prettier-ignore
}

function scanFigures({ perLayer, cases }: ScanSummary): Figures {
  return {
    heldOutAccuracy: perLayer.map(({ heldOutAccuracy }) => heldOutAccuracy),
    auc: perLayer.map(({ auc }) => auc),
    readings: cases.flatMap((shown) => shown.readings.flat()),
    tokens: cases.map((shown) => shown.tokens.join('')).join('\n'),
  };
}

function sweepFigures({ layers, points, fit }: SweepSummary): Figures {
  return {
    layers,
    mean: points.map((point) => point.mean),
    copyRate: points.map((point) => point.copyRate),
    slope: [fit.slope],
  };
}

function alignFigures({ text, rounds }: { text: string; rounds: unknown[] }): Figures {
  return { text, rounds: rounds.length };
}
