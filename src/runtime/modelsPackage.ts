/**
 * Where embedded models and adapters lie: in this package, and in `aligner-lab-models` where that is
 * installed beside it. A package with all of them would take five times as long to install.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Made by `npm pack ./artifacts` of a checkout. */
export const modelsPackage = 'aligner-lab-models';

/** What the other package holds; a checkout has it in `artifacts/`. */
export const inModelsPackage = {
  models: [
    'aligner-arithmetic-l',
    'corrector-arithmetic-l',
    'corrector-arithmetic-l-stage1',
    'corrector-arithmetic-m-seed2',
    'corrector-arithmetic-m-stage1',
    'corrector-arithmetic-s-stage1',
    'expert-arithmetic-l',
    'expert-arithmetic-m',
    'expert-arithmetic-s',
    'upstream-arithmetic-dpo',
    'upstream-arithmetic-sft',
  ],
  adapters: ['gsm8k-corrector', 'gsm8k-corrector-seed2', 'gsm8k-upstream'],
} as const;

export type EmbeddedKind = keyof typeof inModelsPackage;

/** `artifacts/models/` or `artifacts/adapters/` of this package, the same from `src/` and from `dist/`. */
export function ownFolder(kind: EmbeddedKind): string {
  return fileURLToPath(new URL(`../../artifacts/${kind}`, import.meta.url));
}

/**
 * Folders of what is embedded, this package's first.
 * @param from the module from which the other package is looked for
 */
export function embeddedFolders(kind: EmbeddedKind, from: string = import.meta.url): string[] {
  const other = folderOfPackage(from);
  return [ownFolder(kind), ...(other === null ? [] : [join(other, kind)])];
}

/** Null where it is not installed. */
function folderOfPackage(from: string): string | null {
  try {
    const { resolve } = createRequire(from);
    return dirname(resolve(`${modelsPackage}/package.json`));
  } catch {
    return null;
  }
}

/** How to get models of the other package, as the end of a sentence about them. */
export const howToInstall = `npm install ./${modelsPackage}-<version>.tgz, beside this package; \`npm pack ./artifacts\` in a checkout of it makes that file`;

/** What is said of a name that belongs to the other package; null of any other. */
export function elsewhere(name: string, kind: EmbeddedKind): string | null {
  const known: readonly string[] = inModelsPackage[kind];
  if (!known.includes(name)) return null;
  return `${name} is in the package ${modelsPackage}, which is not installed: ${howToInstall}`;
}
