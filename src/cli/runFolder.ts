/** Run folders of commands: where they are, what identifies them, and how records get in. */
import { relative } from 'node:path';
import type { z } from 'zod';
import { hashData, type DataPlace } from '../data/files/place.js';
import { sha256, sha256File } from '../record/hash.js';
import { canonicalJson } from '../record/json.js';
import { openRun, type Run } from '../record/run.js';
import type { RunConfiguration, RunInput } from '../record/manifest.js';
import { installedVersions } from '../record/versions.js';
import type { Identity } from '../runtime/identity.js';
import type { Context } from './command.js';
import { machineOptions } from './machineOptions.js';

export interface CommandRun {
  command: string;
  /** As parsed; what does not change the records is left out of the run's identity. */
  options: Readonly<Record<string, unknown>> & { seed: number; out?: string | undefined };
  /** Models, and what stands in for one, by the option that names them. */
  models: Readonly<Record<string, { identity: Identity }>>;
  /** Other files, and data, by the option that names them. */
  files: Readonly<Record<string, string | DataPlace>>;
}

const notOfTheRun = new Set([
  ...['out', 'json', 'debug', 'dryRun', 'seed', 'device', 'store'],
  // Who computes.
  ...Object.keys(machineOptions),
  // It changes no record whether a run goes on, or how figures are drawn.
  'keepLabelling',
  ...['format', 'size', 'ground', 'shownLayers'],
  // How servers are asked, not what.
  ...['concurrency', 'budget', 'price', 'deadline', 'paid'],
  // Files beside the run.
  ...['states', 'statePositions'],
]);

/**
 * Opens the run of a command. Without `--out` its folder is named after its configuration, so that
 * the same command finds what an interrupted one left.
 */
export async function openCommandRun<R>(
  asked: CommandRun & { record?: z.ZodType<R>; configuration?: RunConfiguration },
  context: Context,
): Promise<Run<R>> {
  const { record, configuration = await configureRun(asked) } = asked;
  const folder = context.path(asked.options.out ?? `runs/${runName(configuration)}`);
  const run = await openRun<R>({ ...configuration, folder, record, now: context.io.now });
  context.keptIn(folder);
  return run;
}

/** The name of a run, the same for the same command. */
export function runName(configuration: RunConfiguration): string {
  const id = sha256(canonicalJson(configuration)).slice(0, 8);
  return `${configuration.command}-${id}`;
}

/** What identifies the run of a command. @throws where a file cannot be read. */
export async function configureRun({
  command,
  options,
  models,
  files,
}: CommandRun): Promise<RunConfiguration> {
  const kept = Object.entries(options).filter(
    ([key, value]) =>
      // Models and files count by their content, which stands among the inputs.
      !notOfTheRun.has(key) && !(key in models) && !(key in files) && value !== undefined,
  );
  const inputs: RunInput[] = [];
  for (const [name, { identity }] of Object.entries(models)) {
    inputs.push({ name, path: identity.source ?? identity.name, sha256: identity.sha256 });
  }
  for (const [name, path] of Object.entries(files)) {
    inputs.push(
      typeof path === 'string'
        ? { name, path, sha256: await sha256File(path) }
        : { name, path: path.source, sha256: await hashData(path) },
    );
  }
  const devices = Object.values(models).flatMap(({ identity }) => identity.device ?? []);
  return {
    command,
    options: Object.fromEntries(kept),
    seeds: { seed: options.seed },
    versions: installedVersions(),
    device: [...new Set(devices)].join(', '),
    inputs,
  };
}

/** Writes records as they come; returns what the work ends with. */
export async function recordAll<R, S>(run: Run<R>, work: AsyncGenerator<R, S>): Promise<S> {
  for (;;) {
    const step = await work.next();
    if (step.done) return step.value;
    await run.append(step.value);
  }
}

/** A path as the reader would type it. */
export function shownPath(path: string, context: Context): string {
  const near = relative(context.io.cwd, path);
  return near.startsWith('..') ? path : near;
}
