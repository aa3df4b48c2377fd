/** Stimuli as JSON Lines: one object per line, keys in the order of {@link Stimulus}. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { checkStimuli, type Stimulus } from './stimuli.js';

const texts = ['id', 'problem', 'question', 'prefix', 'last', 'output'] as const;

const qualities: readonly string[] = [
  ...['good', 'neutral', 'bad', 'surplus', 'missing', 'unjudged'],
];
const labels: readonly string[] = ['correct', 'copy'];
const halves: readonly string[] = ['train', 'heldOut'];

/** One line per stimulus, the last one ended by a newline. */
export function formatStimuli(stimuli: readonly Stimulus[]): string {
  const line = (s: Stimulus): string =>
    JSON.stringify({
      id: s.id,
      problem: s.problem,
      question: s.question,
      prefix: s.prefix,
      last: s.last,
      output: s.output,
      label: s.label,
      quality: s.quality,
      fault: s.fault,
      half: s.half,
    });
  return stimuli.map((s) => line(s) + '\n').join('');
}

/**
 * Parses JSON Lines; empty lines are passed over.
 * @throws with `source:line` where a line is no stimulus; where a label contradicts its output;
 * and as {@link checkStimuli}.
 */
export function parseStimuli(text: string, source: string): Stimulus[] {
  const stimuli: Stimulus[] = [];
  text.split('\n').forEach((line, i) => {
    if (line.trim() !== '') stimuli.push(parseLine(line, `${source}:${i + 1}`));
  });
  checkStimuli(stimuli, source);
  return stimuli;
}

function parseLine(line: string, where: string): Stimulus {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`${where}: not JSON (got ${JSON.stringify(line.slice(0, 60))})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${where}: not a stimulus (expected an object, got ${line.slice(0, 60)})`);
  }
  const record = value as Record<string, unknown>;
  for (const key of texts) {
    if (typeof record[key] !== 'string') {
      throw new Error(`${where}: ${key} is not a text (got ${shown(record[key])})`);
    }
  }
  oneOf(record, { key: 'label', options: labels, where });
  oneOf(record, { key: 'quality', options: qualities, where });
  oneOf(record, { key: 'half', options: halves, where });
  if (record.fault !== null && typeof record.fault !== 'string') {
    throw new Error(`${where}: fault is neither null nor a text (got ${shown(record.fault)})`);
  }
  const stimulus = record as unknown as Stimulus;
  const label = stimulus.output === stimulus.last ? 'copy' : 'correct';
  if (label !== stimulus.label) {
    throw new Error(
      `${where}: the label does not follow from the output (expected ${label}, got ${stimulus.label})`,
    );
  }
  return stimulus;
}

function oneOf(
  record: Record<string, unknown>,
  check: { key: string; options: readonly string[]; where: string },
): void {
  const value = record[check.key];
  if (typeof value !== 'string' || !check.options.includes(value)) {
    throw new Error(
      `${check.where}: unknown ${check.key} (expected ${check.options.join(' | ')}, got ${shown(value)})`,
    );
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** @throws where the file cannot be read, and as {@link parseStimuli}. */
export async function readStimuli(path: string): Promise<Stimulus[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(`stimuli: cannot read ${path}; make one with \`aligner-lab extract\``, {
      cause,
    });
  }
  return parseStimuli(text, path);
}

export async function writeStimuli(path: string, stimuli: readonly Stimulus[]): Promise<void> {
  await writeFile(path, formatStimuli(stimuli));
}

/** SHA-256 of the stimuli as written to a file, hexadecimal: what a direction was made from. */
export function hashStimuli(stimuli: readonly Stimulus[]): string {
  return createHash('sha256').update(formatStimuli(stimuli)).digest('hex');
}
