/** Every reader of files and answers that others may have made, with sound ones to damage. */
import { dataReaders } from './dataReaders.js';
import { hubReaders } from './hubReaders.js';
import { modelReaders } from './modelReaders.js';
import type { Reader } from './reader.js';
import { rowReaders } from './rowReaders.js';
import { runReaders } from './runReaders.js';
import { wireReaders } from './wireReaders.js';

export const readers: readonly Reader[] = [
  ...modelReaders,
  ...hubReaders,
  ...runReaders,
  ...dataReaders,
  ...rowReaders,
  ...wireReaders,
];
