/** What a `Loop` hands from one iteration to the next. */
import type { TensorProto_DataType as DataType, ValueInfoProto } from 'onnx-buf';
import { valueInfo } from '../build.js';
import type { Dimension } from '../build.js';

interface State {
  /** Tensor of the outer graph. */
  initial: string;
  /** The body's input. */
  current: string;
  /** The body's output, known once the body is written. */
  next: string | null;
  /** The Loop's output, after the last iteration. */
  final: string;
  type: DataType;
  shape: readonly Dimension[] | null;
}

/** Declares each value before the body is written, and sets what it becomes. */
export class CarriedValues {
  readonly #states = new Map<string, State>();

  /** @returns the value's name inside the body */
  declare(
    key: string,
    value: { initial: string; type: DataType; shape: readonly Dimension[] | null; final?: string },
  ): string {
    const current = `loop.body/${key}`;
    const final = value.final ?? `loop/final_${key}`;
    this.#states.set(key, { ...value, current, final, next: null });
    return current;
  }

  /** The value's name inside the body. */
  current(key: string): string {
    return this.#get(key).current;
  }

  advance(key: string, next: string): void {
    this.#get(key).next = next;
  }

  get initial(): string[] {
    return [...this.#states.values()].map(({ initial }) => initial);
  }

  get final(): string[] {
    return [...this.#states.values()].map(({ final }) => final);
  }

  get bodyInputs(): ValueInfoProto[] {
    return [...this.#states.values()].map((s) =>
      valueInfo(s.current, s.type, s.shape ?? undefined),
    );
  }

  /** @throws Error where a value was declared and never advanced */
  get bodyOutputs(): ValueInfoProto[] {
    return [...this.#states].map(([key, { next, type, shape }]) => {
      if (next === null) throw new Error(`loop: ${key} is not carried on`);
      return valueInfo(next, type, shape ?? undefined);
    });
  }

  #get(key: string): State {
    const state = this.#states.get(key);
    if (state === undefined) throw new Error(`loop: ${key} is not carried`);
    return state;
  }
}
