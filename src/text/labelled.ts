/** Lines that begin with a label, e.g. `ok  node  v22`: what follows is broken below itself. */
import { brokenTo, columnsOf } from './columns.js';
import { showLine } from './show.js';

/** A line that is not laid out yet: how wide it may be is known where it is shown. */
export class Labelled {
  /** Padded to the width that the labels of its lines share. */
  readonly label: string;
  readonly text: string;

  constructor(label: string, text: string) {
    this.label = label;
    this.text = text;
  }
}

/** A text that is broken to fewer columns is hard to read: it goes below its label instead. */
const narrowest = 24;
const indent = 4;

/** @param width columns of the terminal; default: any */
export function layOutLabelled({ label, text }: Labelled, width = Infinity): string {
  const [head, rest] = [showLine(label), showLine(text)];
  const beside = columnsOf(head);
  if (beside + columnsOf(rest) <= width) return head + rest;
  if (width - beside >= narrowest) {
    return head + brokenTo(rest, width - beside).join(`\n${' '.repeat(beside)}`);
  }
  const below = width < narrowest / 2 ? 0 : indent;
  const lines = brokenTo(rest, width - below).map((line) => ' '.repeat(below) + line);
  return [...brokenTo(head.trimEnd(), width), ...lines].join('\n');
}
