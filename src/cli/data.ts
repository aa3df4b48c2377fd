/** Data as commands find them, and what is said of them. */
import type { DataPlace } from '../data/files/place.js';
import { describeReport, isOwn, type DataReport } from '../data/report.js';
import { findData } from '../runtime/resolveData.js';
import type { Context } from './command.js';
import { downloadStages } from './models.js';

/** Finds data, and downloads them from the hub where they are not here yet. @throws as {@link findData} */
export async function findOrDownloadData(
  name: string,
  context: Context,
  how: { besides?: readonly string[] } = {},
): Promise<DataPlace> {
  const { io, progress, signal } = context;
  const onProgress = downloadStages(progress);
  const onWarning = (text: string): void => context.warn(`warning: ${text}`);
  const hub = { env: io.env, signal, onProgress, onWarning };
  const place = await findData(name, { ...how, folder: io.cwd, ...hub });
  progress.clear();
  return place;
}

/** Says which format was recognised and what was left out; of rows in the lab's own keys there is nothing to say. */
export function noteReport(report: DataReport, context: Context): void {
  const told = report.filter((counts) => !isOwn(counts));
  if (told.length > 0) context.warn(`data: ${describeReport(told)}`);
}
