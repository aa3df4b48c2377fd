/** `aligner-lab doctor`: what this machine can do. */
import { checkAll, type Check } from '../checks.js';
import { defineCommand } from '../command.js';
import { common } from '../common.js';
import { Labelled } from '../../text/labelled.js';

/** Columns of a check's name; the longest is a model's. */
const width = 39;

export const doctor = defineCommand({
  description: `Checks what the lab needs: the version of Node, the installed packages, which devices models can run
on (CUDA piece by piece: driver, provider and its version, each library, a session), the embedded
models, the browser that png, svg and pdf are drawn in, and whether run folders can be made.
It changes nothing. The exit code is 1 where something is missing that the lab cannot do without.`,
  options: common,
  examples: [['aligner-lab doctor', 'all checks, with remedies']],
  async run({ context }) {
    const checks: Check[] = [];
    const onProgress = context.progress.stage('checking');
    for await (const check of checkAll(context.io)) {
      checks.push(check);
      const mark = check.ok ? 'ok' : check.optional ? '–' : 'MISSING';
      const label = `${mark.padEnd(8)}${check.name.padEnd(width)} `;
      context.show(new Labelled(label, check.found.split('\n')[0] ?? ''));
      onProgress(checks.length, checks.length + 1);
    }
    const missing = checks.filter(({ ok, optional }) => !ok && !optional);
    context.result({ ok: missing.length === 0, checks });
    if (missing.length === 0) return;
    throw new Error(`doctor: missing: ${missing.map(({ name }) => name).join(', ')}`);
  },
});
