/** What a scan leaves in `records.jsonl`: every stimulus with what the corrector did, every layer. */
import type { Scan } from '../../read/latScan.js';
import type { Stimulus } from '../../read/stimuli.js';
import type { ToldRecord } from './effects.js';

export type ScanRecord =
  ({ kind: 'stimulus' } & Stimulus) | ({ kind: 'layer' } & Scan['perLayer'][number]) | ToldRecord;

/** Records that the run does not have yet. */
export function scanRecords(
  stimuli: readonly Stimulus[],
  scan: Scan,
  done: readonly ScanRecord[],
  told: readonly ToldRecord[] = [],
): ScanRecord[] {
  const records: ScanRecord[] = [
    ...stimuli.map((stimulus) => ({ kind: 'stimulus' as const, ...stimulus })),
    ...scan.perLayer.map((layer) => ({ kind: 'layer' as const, ...layer })),
    ...told,
  ];
  const known = new Set(done.map(keyOf));
  return records.filter((record) => !known.has(keyOf(record)));
}

function keyOf(record: ScanRecord): string {
  return `${record.kind} ${record.kind === 'layer' ? record.layer : record.id}`;
}
