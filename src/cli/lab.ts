/** The lab of a command: models with a line of progress, paths from the working directory. */
import type { Lab } from '../experiment/shared/lab.js';
import type { EngineOptions } from '../runtime/copies.js';
import type { Context } from './command.js';
import { wantsColour, type Io } from './io.js';
import { findOrDownload, loadCopies, loadModel } from './models.js';

export function labOf({ device, threads }: EngineOptions, context: Context): Lab {
  const { io, progress, path, signal } = context;
  return {
    find: (name) => findOrDownload(name, context),
    load: (name, { copies = false, proxy } = {}) =>
      (copies ? loadCopies : loadModel)(name, { device, threads, proxy }, context),
    path,
    stages: (label) => progress.stage(label),
    warn: (text) => context.warn(`warning: ${text}`),
    terminal: { width: io.stdout.columns ?? 100, colour: colourOf(io) },
    signal,
  };
}

function colourOf(io: Io): Lab['terminal']['colour'] {
  if (!wantsColour(io.stdout, io.env)) return 'none';
  return /truecolor|24bit/.test(io.env.COLORTERM ?? '') ? 'truecolor' : '256';
}
