/** The layers of a scan that are shown, and the best among them; nothing is read anew for others. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { directionFileName } from '../../read/files/steeringFile.js';
import { bestOf } from '../../read/health.js';
import { bestLayerWarnings } from '../../read/healthWarnings.js';
import type { Scan } from '../../read/latScan.js';
import { UsageError } from '../../text/usageError.js';
import { scanSummary } from './shape.js';
import { decodeUtf8 } from '../../text/utf8.js';

/** A scan, and which of its layers are shown; default: all. */
export type ShownScan = Scan & { shownLayers?: readonly number[] };

/** Ascending, each once. @throws where the model lacks one. */
export function checkShown(
  given: readonly number[] | undefined,
  { name, layers }: { name: string; layers: number },
): number[] | undefined {
  const absent = given?.find((layer) => layer >= layers);
  if (absent !== undefined) {
    throw new UsageError(
      `--layers: ${name} has no layer ${absent} (expected 0 … ${layers - 1}, counted from the first block)`,
    );
  }
  return given && [...new Set(given)].sort((a, b) => a - b);
}

/** The same scan with other layers shown, and the best and what must be known of it among these. */
export function showLayers(scan: ShownScan, shownLayers: readonly number[] | undefined): ShownScan {
  const { shownLayers: before, ...whole } = scan;
  if (!before && !shownLayers) return scan;
  const best = bestAmong(whole, shownLayers);
  const said = aboutBest(scan, layerOf(scan, scan.health.bestLayer));
  const now = { ...whole, ...(shownLayers && { shownLayers }) };
  const warnings = [
    ...scan.health.warnings.filter((warning) => !said.includes(warning)),
    ...aboutBest(now, best),
  ];
  return {
    ...now,
    health: { ...scan.health, bestLayer: best?.layer ?? scan.health.bestLayer, warnings },
  };
}

type Judged = NonNullable<Parameters<typeof bestLayerWarnings>[0]>;

function bestAmong(scan: Scan, shown: readonly number[] | undefined): Judged | undefined {
  return bestOf(
    (shown ?? [...scan.perLayer.keys()]).flatMap((layer) => layerOf(scan, layer) ?? []),
  );
}

function layerOf({ perLayer, health }: Scan, layer: number): Judged | undefined {
  const [told, more] = [perLayer[layer], health.perLayer[layer]];
  return told && more && { ...told, withinKind: more.withinKind };
}

function aboutBest(scan: ShownScan, best: Judged | undefined): string[] {
  const among = scan.shownLayers && `no layer of ${scan.shownLayers.join(', ')}`;
  return bestLayerWarnings(best, {
    heldOut: scan.health.methods[0]?.n ?? 0,
    baselines: scan.baselines,
    ...(among !== undefined && { among }),
  });
}

/** What the shape leaves open, since older scans lack it. */
const openParts = z.looseObject({
  baselines: z.looseObject({}),
  health: z.looseObject({
    bestLayer: z.number(),
    methods: z.array(z.unknown()),
    perLayer: z.array(z.looseObject({ withinKind: z.looseObject({}) })),
  }),
});

/** The scan that the run left in its folder, where it came to its end; null where it must be made. */
export async function finishedScan(folder: string): Promise<ShownScan | null> {
  const path = join(folder, 'scan.json');
  if (!existsSync(path) || !existsSync(join(folder, directionFileName))) return null;
  try {
    const value: unknown = JSON.parse(decodeUtf8(await readFile(path)));
    const whole = scanSummary.safeParse(value).success && openParts.safeParse(value).success;
    return whole ? (value as ShownScan) : null;
  } catch {
    // Damaged: it is written anew.
    return null;
  }
}
