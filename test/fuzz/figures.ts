/** Counts of a long run. */
import type { Report } from './protocol.js';

export class Figures {
  readonly #started = performance.now();
  readonly #counts = new Map<string, number>();
  #cases = 0;
  #slowest = { name: '', milliseconds: 0 };
  faults = 0;

  add({ name, outcome, milliseconds }: Extract<Report, { kind: 'end' }>): void {
    this.#cases++;
    if (milliseconds > this.#slowest.milliseconds) this.#slowest = { name, milliseconds };
    if (outcome.kind === 'refused') this.#count(`refused: ${outcome.why}`);
    else if (outcome.kind === 'not opened')
      this.#count('edited, refused by ONNX Runtime as it would be unedited');
    else if (outcome.kind === 'spoiled')
      this.#count('edited, opened by ONNX Runtime unedited only');
    else if (outcome.kind === 'opened') this.#count('edited, opened by ONNX Runtime');
    else this.#fault('faults of ours');
  }

  /** The process ended in the middle of a case. */
  addEnd(stage: 'lab' | 'runtime', hung: boolean): void {
    this.#cases++;
    const what = hung ? 'hangs' : 'crashes';
    if (stage === 'lab') this.#fault(`${what} of ours`);
    else this.#count(`${what} of ONNX Runtime`);
  }

  line(): string {
    const minutes = (performance.now() - this.#started) / 60_000;
    return `${minutes.toFixed(1)} min: ${this.#cases} cases, ${this.faults} faults`;
  }

  table(): string {
    const rows = [...this.#counts].sort(([, a], [, b]) => b - a);
    const { name, milliseconds } = this.#slowest;
    return [
      this.line(),
      ...rows.map(([what, count]) => `${String(count).padStart(8)}  ${what}`),
      `slowest in the lab: ${milliseconds.toFixed(0)} ms (${name})`,
    ].join('\n');
  }

  #fault(what: string): void {
    this.faults++;
    this.#count(what);
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }
}
