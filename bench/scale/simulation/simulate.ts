/**
 * Units, machines and a store, as discrete events: what the engines of `--on` ask of a store that does so
 * many operations a second, one after the other, when thousands of machines ask.
 *
 * The operations are those of the code: `src/disk/leases.ts` and `src/machines/folderClaims.ts` for a
 * folder, a job's way through BullMQ for Redis, `src/experiment/shared/shareUnits.ts` for both.
 */
import { createRandom } from '../../../src/math/random.js';

export interface Plant {
  engine: 'folder' | 'bullmq';
  machines: number;
  /** Of a run, units of one machine on average. */
  unitsEach: number;
  /** Mean seconds of a unit; they are log-normal with a spread of one half. */
  seconds: number;
  /** Operations a second of the store (of its metadata server, of Redis). */
  operations: number;
  /** Whether every machine reads all results; else only the one whose run it is does. */
  readAll: boolean;
}

export interface Outcome {
  /** Seconds from the first claim to the last result. */
  makespan: number;
  /** Seconds of computing by machines and makespan: 1 where nobody ever waits. */
  efficiency: number;
  /** Operations a unit. */
  operationsEach: number;
  /** Share of the time in which the store is at work. */
  busy: number;
}

/** Operations of one attempt at a unit that another holds: its folder, its attempt, the pulse. */
const refused = 3;
/** Of one that is found done after it was granted: folder, lease, result, two removals. */
const foundDone = 6;
/** Folders of a store, which are read to see all that is done. */
const folders = 256;
/** Results that Redis is asked for together, at the end of a list, and what they cost it. */
const together = { results: 1000, operations: 100 };
/** Grant, look into the store, put and link the result, remove the lease. */
const folderUnit = 9;
/** Job taken, lock renewed, looked, put, finished. */
const queueUnit = 6;
/** Pulse, job's state and report, a second and machine. */
const steady = { folder: 3, bullmq: 2 };
/** A unit's result is looked for while it is waited for. */
const longestPause = 1;

/** Gives up, with infinity, after ten times the time that it takes without a store. */
export function simulate(plant: Plant): Outcome {
  const { engine, machines, unitsEach, seconds, operations, readAll } = plant;
  const units = machines * unitsEach;
  const ideal = unitsEach * seconds;
  const capacity = operations - steady[engine] * machines;
  const stuck = { makespan: Infinity, efficiency: 0, operationsEach: NaN, busy: 1 };
  if (capacity <= 0) return stuck;
  const random = createRandom(`${JSON.stringify(plant)}`);
  const server = new Server(capacity);
  const events = new Events();
  const state = new Uint8Array(units);
  let [done, left, computing, last] = [0, units, 0, 0];
  const at = Int32Array.from({ length: machines }, () => Math.floor(random.next() * units));
  const scanned = new Int32Array(machines);
  // What a machine has seen done: everything up to then.
  const seen = new Float64Array(machines).fill(-Infinity);
  const finished = new Float64Array(units);
  const holds = new Int32Array(machines).fill(-1);
  for (let machine = 0; machine < machines; machine++) events.add(random.next(), machine);
  for (let event = events.next(); event && done < units; event = events.next()) {
    const { time, machine } = event;
    if (time > 10 * ideal) return stuck;
    const held = holds[machine] ?? -1;
    if (held >= 0) {
      holds[machine] = -1;
      state[held] = 2;
      finished[held] = time;
      done++;
      const reads = readAll ? machines : 1;
      last = server.ask(time, (engine === 'folder' ? 5 : 3) + reads);
      events.add(last, machine);
      continue;
    }
    const found = engine === 'folder' ? scan(machine, time) : take();
    const granted = server.ask(time, found.cost);
    if (found.unit >= 0) {
      state[found.unit] = 1;
      holds[machine] = found.unit;
      left--;
      const takes = seconds * Math.exp(0.5 * random.normal() - 0.125);
      computing += takes;
      events.add(granted + takes, machine);
    } else {
      // Looks whether any is missing that it knows of.
      const missing = Math.min(1, (units - done) / together.results);
      const looked =
        engine === 'folder' ? Math.min(folders, units - done) : together.operations * missing;
      seen[machine] = granted;
      scanned[machine] = 0;
      events.add(server.ask(granted, looked) + longestPause, machine);
    }
  }
  return {
    makespan: last,
    efficiency: computing / (machines * last),
    operationsEach: server.asked / units,
    busy: server.worked / last,
  };

  /** From where the machine is, all units in turn; those of others are met and left. */
  function scan(machine: number, time: number): { unit: number; cost: number } {
    let cost = 0;
    for (let step = scanned[machine] ?? 0; step < units; step++) {
      const unit = ((at[machine] ?? 0) + step) % units;
      scanned[machine] = step + 1;
      if (state[unit] === 0) return { unit, cost: cost + folderUnit - 5 };
      if (state[unit] === 1) cost += refused;
      else if ((finished[unit] ?? 0) > (seen[machine] ?? 0)) {
        cost += foundDone;
        if (time - (seen[machine] ?? 0) <= longestPause) continue;
        cost += folders;
        seen[machine] = time;
      }
    }
    return { unit: -1, cost };
  }

  function take(): { unit: number; cost: number } {
    return left > 0 ? { unit: units - left, cost: queueUnit - 3 } : { unit: -1, cost: 3 };
  }
}

/** One thing after the other. */
class Server {
  asked = 0;
  worked = 0;
  #free = 0;

  constructor(readonly operations: number) {}

  /** When it is done. */
  ask(time: number, operations: number): number {
    const takes = operations / this.operations;
    this.#free = Math.max(this.#free, time) + takes;
    this.asked += operations;
    this.worked += takes;
    return this.#free;
  }
}

/** A heap by time. */
class Events {
  readonly #heap: { time: number; machine: number }[] = [];

  add(time: number, machine: number): void {
    const heap = this.#heap;
    heap.push({ time, machine });
    for (let i = heap.length - 1; i > 0;) {
      const parent = (i - 1) >> 1;
      if (this.#time(parent) <= this.#time(i)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  next(): { time: number; machine: number } | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const end = heap.pop();
    if (!first || !end || heap.length === 0) return first;
    heap[0] = end;
    for (let i = 0; ;) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      const child = this.#time(right) < this.#time(left) ? right : left;
      if (this.#time(child) >= this.#time(i)) return first;
      this.#swap(i, child);
      i = child;
    }
  }

  #time(i: number): number {
    return this.#heap[i]?.time ?? Infinity;
  }

  #swap(i: number, j: number): void {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    if (a && b) [this.#heap[i], this.#heap[j]] = [b, a];
  }
}
