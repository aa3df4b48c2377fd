/** `aligner-lab completion`: a script by which a shell completes commands, options and choices. */
import { helpOf } from '../../shape/options.js';
import { UsageError } from '../../text/usageError.js';
import { defineCommand, type Command, type CommandEntry } from '../command.js';
import { common } from '../common.js';
import { flagFor } from '../options.js';

const shells = ['bash', 'zsh', 'fish'] as const;

/** What can be typed after a command. */
interface Words {
  name: string;
  summary: string;
  /** Whether a value follows, and its choices, where there are few and all are known. */
  flags: { flag: string; takesValue: boolean; choices: readonly string[] }[];
}

/** @param entries all commands, this one among them */
export function completion(entries: readonly CommandEntry[]): Command {
  return defineCommand({
    description: `Writes a script for a shell: load it, and the tab key completes commands, options and choices.
File names are completed where no choice is known.`,
    argument: { name: 'shell', help: 'which', required: true, choices: shells },
    options: { debug: common.debug },
    examples: [
      ['source <(aligner-lab completion bash)', 'for this shell; in ~/.bashrc for all'],
      ['source <(aligner-lab completion zsh)', 'after compinit'],
      ['aligner-lab completion fish > ~/.config/fish/completions/aligner-lab.fish', 'once'],
    ],
    async run({ argument, context }) {
      const words = await Promise.all(entries.map((entry) => wordsOf(entry)));
      const shell = shells.find((known) => known === argument);
      if (!shell) throw new UsageError(`completion: unknown shell "${argument ?? ''}"`);
      context.show(shell === 'fish' ? fishScript(words) : bashScript(words, shell));
    },
  });
}

async function wordsOf({ name, summary, load }: CommandEntry): Promise<Words> {
  // Its own options would have to be loaded while they are being made.
  const options = name === 'completion' ? {} : (await load()).options;
  const flags = Object.entries(options).map(([key, shape]) => {
    const { value } = helpOf(shape);
    const choices = value !== undefined && /^[\w.|-]+\|/.test(value) ? value.split('|') : [];
    return { flag: flagFor(key, shape), takesValue: value !== undefined, choices };
  });
  return { name, summary, flags: [...flags, { flag: '--help', takesValue: false, choices: [] }] };
}

/** zsh reads bash's completions. */
function bashScript(words: readonly Words[], shell: 'bash' | 'zsh'): string {
  const cases = words.flatMap(({ name, flags }) => [
    // Without words the shell completes names of files.
    ...flags
      .filter(({ takesValue }) => takesValue)
      .map(({ flag, choices }) => `    ${name}:${flag}) words='${choices.join(' ')}' ;;`),
    `    ${name}:*) words='${flags.map(({ flag }) => flag).join(' ')}' ;;`,
  ]);
  return [
    ...(shell === 'zsh' ? ['autoload -Uz bashcompinit && bashcompinit'] : []),
    '_aligner_lab() {',
    '  local words current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} first=2',
    '  if [ "${COMP_WORDS[0]##*/}" = lat-scan ]; then command=lat-scan first=1; fi',
    '  case "$command:${COMP_WORDS[COMP_CWORD-1]}" in',
    ...cases,
    '  esac',
    `  [ "$COMP_CWORD" -lt "$first" ] && words='${words.map(({ name }) => name).join(' ')} help'`,
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _aligner_lab aligner-lab lat-scan',
  ].join('\n');
}

function fishScript(words: readonly Words[]): string {
  const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
  return words
    .flatMap(({ name, summary, flags }) => [
      `complete -c aligner-lab -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
      ...flags.map(({ flag, takesValue, choices }) => {
        const files = takesValue ? ' -r' : '';
        const of = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : files;
        return `complete -c aligner-lab -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}${of}`;
      }),
    ])
    .join('\n');
}
