/** The line of progress of a run in parts; where several run, that of the one that began first. */
import type { OnProgress, Stages } from '../experiment/shared/stages.js';
import type { Part } from '../reproduce/plan.js';
import type { PartStart } from '../reproduce/runParts.js';
import { formatDuration, type Progress } from './progress.js';

export class PartLine {
  readonly #progress: Progress;
  readonly #running: Part[] = [];

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  begin({ part, index, total, left }: PartStart<Part>): Stages {
    this.#running.push(part);
    const rest = left === null ? '' : ` (${formatDuration(left)} left in all)`;
    return (label) => {
      let tell: OnProgress | null = null;
      return (done, all) => {
        if (this.#running[0] !== part) return;
        tell ??= this.#progress.stage(`${index}/${total} ${part.name}${rest}: ${label}`);
        tell(done, all);
      };
    };
  }

  end(part: Part): void {
    const at = this.#running.indexOf(part);
    if (at !== -1) this.#running.splice(at, 1);
  }
}
