/** Options of the measuring commands: all of them explain themselves. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

type Given = NonNullable<ParseArgsConfig['options']>;
type Descriptor = Given[string] & { about: string };

/**
 * What the command line gives. `--help` prints what the command measures and its options, and ends;
 * so does a mistyped option, with an error.
 * @param command as npm runs it, e.g. `bench:serve`
 * @param about what it measures, in a sentence or two
 */
export function benchOptions<const T extends Record<string, Descriptor>>(
  { command, about }: { command: string; about: string },
  options: T,
): ReturnType<typeof parseArgs<{ options: T }>>['values'] {
  const help = { type: 'boolean', about: 'this text' } as const;
  try {
    const { values } = parseArgs({ options: { ...options, help } });
    if (!(values as { help?: boolean }).help) return values as never;
    process.stdout.write(usage({ command, about }, { ...options, help }));
    process.exit(0);
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`${command}: ${message}\n\n${usage({ command, about }, options)}`);
    process.exit(2);
  }
}

function usage(
  { command, about }: { command: string; about: string },
  options: Record<string, Descriptor>,
): string {
  const rows = Object.entries(options).map(([name, { type, about: what, ...option }]) => {
    const given = typeof option.default === 'string' && option.default !== '' ? ` (default ${option.default})` : ''; // prettier-ignore
    return { left: `  --${name}${type === 'string' ? ' …' : ''}`, right: `${what}${given}` };
  });
  const width = Math.max(...rows.map(({ left }) => left.length));
  const lines = rows.map(({ left, right }) => `${left.padEnd(width)}  ${right}\n`);
  return `${about}\n\n  npm run ${command} -- [options]\n\n${lines.join('')}`;
}
