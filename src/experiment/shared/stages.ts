/** Progress of long work, told in stages to whoever shows it. */

/** Told as work is done; `done` counts from 0 to `total`. */
export type OnProgress = (done: number, total: number) => void;

/** Begins a stage of some work, by its name. */
export type Stages = (label: string) => OnProgress;

/** Progress of work in phases, each a stage with a line of its own. */
export function phased<P extends string>(
  stages: Stages,
  labels: Readonly<Record<P, string>>,
): (phase: P, done: number, total: number) => void {
  let current: { phase: P; tell: OnProgress } | null = null;
  return (phase, done, total) => {
    if (current?.phase !== phase) current = { phase, tell: stages(labels[phase]) };
    current.tell(done, total);
  };
}
