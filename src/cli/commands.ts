/** All commands, in the order of the help. */
import { experiments } from '../experiment/registry.js';
import type { CommandEntry } from './command.js';
import { experimentCommand } from './experimentCommand.js';

export const commands: readonly CommandEntry[] = [
  ...experiments.map((entry) => ({
    name: entry.name,
    summary: entry.summary,
    load: () => experimentCommand(entry),
  })),
  {
    name: 'align',
    summary: 'run the aligner loop on a question and watch what is corrected',
    load: async () => (await import('./commands/align.js')).align,
  },
  {
    name: 'serve',
    summary: 'a corrector in front of an upstream, for clients of OpenAI’s API',
    load: async () => (await import('./commands/serve.js')).serve,
  },
  {
    name: 'play',
    summary: 'serve with its page in the browser: type, slide, and watch',
    load: async () => (await import('./commands/play.js')).play,
  },
  {
    name: 'calibrate',
    summary: 'which strength gives which edit ratio, so that serve can aim at one',
    load: async () => (await import('./commands/calibrate.js')).calibrate,
  },
  {
    name: 'generate',
    summary: 'go on with a text, pushed along a direction',
    load: async () => (await import('./commands/generate.js')).generate,
  },
  {
    name: 'reproduce',
    summary: 'every experiment of the paper, and a report of what holds',
    load: async () => (await import('./commands/reproduce.js')).reproduce,
  },
  {
    name: 'worker',
    summary: 'help with the units of experiments that others run',
    load: async () => (await import('./commands/worker.js')).worker,
  },
  {
    name: 'status',
    summary: 'how shared runs stand: done, running where, failed why, time left',
    load: async () => (await import('./commands/status.js')).status,
  },
  {
    name: 'cancel',
    summary: 'end a shared run on every machine, between two units',
    load: async () => (await import('./commands/cancel.js')).cancel,
  },
  {
    name: 'plot',
    summary: 'the figures of a run folder again, in other formats or sizes',
    load: async () => (await import('./commands/plot.js')).plot,
  },
  {
    name: 'records',
    summary: 'records of many runs as one Parquet file',
    load: async () => (await import('./commands/records.js')).records,
  },
  {
    name: 'dataset',
    summary: 'write preference data: problems, solutions, annotated quadruples',
    load: async () => (await import('./commands/dataset.js')).dataset,
  },
  {
    name: 'convert',
    summary: 'a direction from another tool, or for one: safetensors, GGUF control vectors, numpy',
    load: async () => (await import('./commands/convert.js')).convert,
  },
  {
    name: 'instrument',
    summary: 'find the residual stream of an ONNX decoder and build steering and reading into it',
    load: async () => (await import('./commands/instrument.js')).instrument,
  },
  {
    name: 'doctor',
    summary: 'check this machine: versions, devices, embedded models',
    load: async () => (await import('./commands/doctor.js')).doctor,
  },
  {
    name: 'completion',
    summary: 'words for the shell: completes commands and options',
    load: async () => (await import('./commands/completion.js')).completion(commands),
  },
];
