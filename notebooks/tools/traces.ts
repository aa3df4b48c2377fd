/** What must not be committed in outputs: where, and on which machine, a notebook was run. */
import { homedir, hostname, tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { outputTexts, type NotebookFile } from './notebookFile.js';

/** Home folders and temporary folders, of any machine. */
const anywhere = /(?:\/home\/|\/Users\/|\/root\/|\/tmp\/|[A-Z]:\\Users\\)[^\s"'<]*/;

/** One sentence per place found. */
export function findTraces(notebook: NotebookFile): string[] {
  const here = [process.cwd(), homedir(), resolve(tmpdir()), hostname()];
  // A short name, as "web", would be found in ordinary text.
  const named = here.filter((text) => text.length > 5);
  return notebook.cells.flatMap(({ outputs }, index) =>
    outputTexts(outputs).flatMap((text) => {
      const found = named.find((name) => text.includes(name)) ?? anywhere.exec(text)?.[0];
      return found === undefined ? [] : [`cell ${index + 1} shows ${found}`];
    }),
  );
}
