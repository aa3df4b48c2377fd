/** Every reader of files and answers that others may have made, with sound ones to damage. */
import { dataReaders } from './dataReaders.js';
import { hubReaders } from './hubReaders.js';
import { modelReaders } from './modelReaders.js';
import type { Reader } from './reader.js';
import { runReaders } from './runReaders.js';

export const readers: readonly Reader[] = [
  ...modelReaders,
  ...hubReaders,
  ...runReaders,
  ...dataReaders,
];
