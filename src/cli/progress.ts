/** One line of progress on a terminal, nothing in a pipe. */
import type { OnProgress } from '../experiment/shared/stages.js';
import { cutToColumns } from '../text/columns.js';
import { showLine, terminalText } from '../text/show.js';
import type { ShownOutput } from './io.js';

const redrawMilliseconds = 100;

export class Progress {
  readonly #output: ShownOutput;
  readonly #now: () => number;
  #drawn = 0;
  #shown = false;

  constructor(output: ShownOutput, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  /**
   * A new stage; its time left is reckoned from now on.
   * @param format how amounts are shown; default: as they are
   */
  stage(label: string, format: (amount: number) => string = String): OnProgress {
    if (!this.#output.isTTY) return () => undefined;
    const started = this.#now();
    let first: number | null = null;
    this.#draw(`${label} …`);
    return (done, total) => {
      const now = this.#now();
      // What an earlier run left is there at once and tells nothing about the speed.
      first ??= done;
      if (done < total && now - this.#drawn < redrawMilliseconds) return;
      const rest = remaining({ done: done - first, left: total - done, spent: now - started });
      this.#draw(`${label} ${format(done)}/${format(total)}${rest}`);
    };
  }

  /** Removes the line, before anything else is written. */
  clear(): void {
    if (this.#shown) this.#output.write(terminalText`\r\u001b[K`);
    this.#shown = false;
  }

  #draw(line: string): void {
    const width = (this.#output.columns ?? 80) - 1;
    const shown = cutToColumns(showLine(line), width);
    this.#output.write(terminalText`\r\u001b[K${shown}`);
    this.#drawn = this.#now();
    this.#shown = true;
  }
}

function remaining(work: { done: number; left: number; spent: number }): string {
  if (work.done <= 0 || work.left <= 0) return '';
  return `, ${formatDuration((work.spent / work.done) * work.left)} left`;
}

/** `8 s`, `3 min 20 s`, `1 h 5 min` */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `812 B`, `3.4 MB`, `1.2 GB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const amount = bytes / 1000 ** step;
  return `${step === 0 ? amount : amount.toFixed(1)} ${units[step] ?? ''}`;
}
