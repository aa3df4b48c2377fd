/** What the long run and the process that works on its cases say to each other. */

export interface Order {
  seed: string;
  first: number;
  /** Cases before the process is to end by itself, so that no leak of ONNX Runtime's adds up. */
  count: number;
  /** Where the model is written and its weights lie; this process's own. */
  folder: string;
}

export type Report =
  /** Work on a case begins: reading and editing it, or opening it in ONNX Runtime. */
  | { kind: 'begin'; i: number; stage: 'lab' | 'runtime' }
  | { kind: 'end'; i: number; name: string; outcome: Outcome; milliseconds: number };

export type Outcome =
  | { kind: 'refused'; why: string }
  | { kind: 'opened' }
  /** ONNX Runtime refuses the edited graph, and the file as it was. */
  | { kind: 'not opened' }
  /** ONNX Runtime opens the file as it was, but not the edited graph. */
  | { kind: 'spoiled'; message: string }
  | { kind: 'fault'; reason: string };
