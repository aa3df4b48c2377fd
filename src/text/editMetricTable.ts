/**
 * The edit metrics: how far a correction y2 is from y1, as one table. A new one is a line here;
 * options, records, figures and warnings follow. One's own need not be here at all
 * ({@link OwnEditMetric}).
 */
import { editRatio, indelSimilarity, normalizedDistance } from './edits.js';

export interface EditMetric {
  /** Null where it is undefined for this y1 and y2. */
  of: (y1: string, y2: string) => number | null;
  /** +1 where it grows with change, −1 where it grows with likeness. */
  sign: 1 | -1;
  /** What it is called. */
  label: string;
  /** What it is, on an axis. Default: the label. */
  title?: string;
}

/** In the order of records. */
export const editMetricTable = {
  editRatio: {
    of: editRatio,
    sign: 1,
    label: 'edit ratio',
    title: 'edit ratio (Levenshtein ÷ length of y1)',
  },
  normalizedDistance: { of: normalizedDistance, sign: 1, label: 'normalised edit distance' },
  indelSimilarity: { of: indelSimilarity, sign: -1, label: 'indel similarity to y1' },
} satisfies Readonly<Record<string, EditMetric>>;

export type EditMetricName = keyof typeof editMetricTable;

/** The papers'. */
export const defaultEditMetric: EditMetricName = 'editRatio';

export const editMetricNames = Object.keys(editMetricTable) as [
  EditMetricName,
  ...EditMetricName[],
];

/** A metric with the name it has in records; one's own has a name that is not in the table. */
export interface OwnEditMetric extends EditMetric {
  name: string;
}

/** @throws on an unknown name, and on a metric of one's own under a name of the table. */
export function resolveEditMetric(
  metric: EditMetricName | OwnEditMetric = defaultEditMetric,
): OwnEditMetric {
  if (typeof metric !== 'string') {
    if (!isTableMetric(metric.name)) return metric;
    throw new Error(`metric: one's own cannot be called "${metric.name}"; choose another name`);
  }
  if (isTableMetric(metric)) return { name: metric, ...editMetricTable[metric] };
  throw new Error(
    `metric: unknown name ${String(metric)} (expected ${editMetricNames.join(' | ')})`,
  );
}

export function isTableMetric(name: string): name is EditMetricName {
  return Object.hasOwn(editMetricTable, name);
}

/** One value for each metric of the table, in its order. */
export function perEditMetric<T>(make: (name: EditMetricName) => T): Record<EditMetricName, T> {
  return Object.fromEntries(editMetricNames.map((name) => [name, make(name)])) as Record<
    EditMetricName,
    T
  >;
}

/** What a metric of a record is called; its name where it is none of the table. */
export function editMetricLabel(name: string): string {
  return isTableMetric(name) ? editMetricTable[name].label : name;
}

/** What it is, on an axis. */
export function editMetricTitle(name: string): string {
  const metric: EditMetric | undefined = isTableMetric(name) ? editMetricTable[name] : undefined;
  return metric?.title ?? editMetricLabel(name);
}

/** Whether a slope goes with the labels: more change towards the positive one. */
export function goesWithLabels({ sign }: Pick<EditMetric, 'sign'>, slope: number): boolean {
  return sign * slope >= 0;
}
