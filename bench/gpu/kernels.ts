/** Reads what Nsight Compute says of kernels, and accounts for one step of decoding. */

export interface Kernel {
  name: string;
  grid: string;
  /** Microseconds. */
  time: number;
}

export interface KernelAccount {
  /** Kernels of one step, found as the row of names that repeats at the end; null: none repeats. */
  perStep: number | null;
  /** Microseconds of a step's kernels one after the other; the rest of a step is waiting. */
  microseconds: number;
  /** Largest first: launches per step, and microseconds of them all. */
  kernels: { name: string; launches: number; microseconds: number; grids: string[] }[];
}

const units: Readonly<Record<string, number>> = { n: 1e-3, u: 1, m: 1e3, s: 1e6 };

/** @param text output of `ncu --csv --metrics gpu__time_duration.sum`, with the program's own lines */
export function readKernels(text: string): Kernel[] {
  const lines = text.split('\n').filter((line) => line.startsWith('"'));
  const head = splitCsv(lines[0] ?? '');
  const column = (name: string): number => head.indexOf(name);
  const [name, grid, unit, value] = ['Kernel Name', 'Grid Size', 'Metric Unit', 'Metric Value'].map(column); // prettier-ignore
  return lines.slice(1).flatMap((line) => {
    const cells = splitCsv(line);
    const time = Number((cells[value ?? -1] ?? '').replaceAll(',', ''));
    const scale = units[(cells[unit ?? -1] ?? '').slice(0, 1)];
    if (!Number.isFinite(time) || scale === undefined) return [];
    return [{ name: cells[name ?? -1] ?? '', grid: cells[grid ?? -1] ?? '', time: time * scale }];
  });
}

/** Of the last step: the shortest row of at least 20 kernels that stands twice at the end. */
export function accountKernels(all: readonly Kernel[]): KernelAccount {
  const perStep = findPeriod(all.map(({ name }) => name));
  const step = perStep === null ? all : all.slice(-perStep);
  const groups = new Map<string, Kernel[]>();
  for (const kernel of step) groups.set(kernel.name, [...(groups.get(kernel.name) ?? []), kernel]);
  const sum = (kernels: readonly Kernel[]): number => kernels.reduce((a, { time }) => a + time, 0);
  const kernels = [...groups]
    .map(([name, of]) => ({
      name: name.slice(0, 160),
      launches: of.length,
      microseconds: sum(of),
      grids: [...new Set(of.map(({ grid }) => grid))].slice(0, 6),
    }))
    .sort((a, b) => b.microseconds - a.microseconds);
  return { perStep, microseconds: sum(step), kernels: kernels.slice(0, 40) };
}

function findPeriod(names: readonly string[]): number | null {
  for (let p = 20; 2 * p <= names.length; p++) {
    const at = names.length - p;
    let same = 0;
    while (same < p && names[at + same] === names[at - p + same]) same++;
    if (same === p) return p;
  }
  return null;
}

function splitCsv(line: string): string[] {
  return [...line.matchAll(/"((?:[^"]|"")*)"/g)].map((cell) =>
    (cell[1] ?? '').replaceAll('""', '"'),
  );
}
