/** `notebooks:check`, `notebooks:write` and `notebooks` of package.json. */
import { fileURLToPath } from 'node:url';
import { show } from '../../src/text/show.js';
import { checkNotebooks } from './check.js';
import { startJupyter } from './jupyter.js';

// From build/notebooks/tools/.
const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = fileURLToPath(new URL('notebooks/', new URL('../../../', import.meta.url)));
const [mode = '', ...rest] = process.argv.slice(2);
const say = (line: string): void => {
  console.log(show(line));
};

try {
  if (mode === 'jupyter') process.exitCode = await startJupyter({ root, folder, argv: rest });
  else if (mode === 'check' || mode === 'write') {
    await checkNotebooks({ folder, names: rest, write: mode === 'write', say });
  } else throw new Error(`notebooks: unknown mode ${mode} (expected jupyter | check | write)`);
} catch (error) {
  console.error(show(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}
