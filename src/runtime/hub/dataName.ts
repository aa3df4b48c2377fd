/** Names of data sets on the Hugging Face hub: `org/name[@revision][:config][/split]`. */

export interface HubDataName {
  /** `org/name` */
  repo: string;
  /** Branch, tag or commit; default `main`. */
  revision: string;
  /** `config`, `split`, `config/split` or a file of it; null where nothing was said. */
  wanted: string | null;
}

/** What data sets of papers are called, and where they are. */
export const shortNames: Readonly<Record<string, string>> = {
  gsm8k: 'openai/gsm8k',
  'math-500': 'HuggingFaceH4/MATH-500',
  'hh-rlhf': 'Anthropic/hh-rlhf',
  beavertails: 'PKU-Alignment/BeaverTails',
  'pku-saferlhf': 'PKU-Alignment/PKU-SafeRLHF',
  'alpaca-eval': 'tatsu-lab/alpaca_eval',
  'stream-aligner': 'htlou/stream-aligner',
  'aligner-20k': 'aligner/aligner-20K',
};

const part = '[\\w][\\w.-]*';
const pattern = new RegExp(
  `^(${part}/${part})(?:@(refs/\\w+/[\\w.-]+|${part}))?(?:[:/](${part}(?:/${part})*))?$`,
);
const short = new RegExp(`^(${Object.keys(shortNames).join('|')})(?=$|[@:/])(.*)$`, 's');

/** The parts of a name; null where it cannot be one, so that nothing is asked of the network. */
export function parseDataName(name: string): HubDataName | null {
  const [, known, rest = ''] = short.exec(name) ?? [];
  const full = known === undefined ? name : `${shortNames[known] ?? ''}${rest}`;
  const [, repo, revision = 'main', wanted = null] = pattern.exec(full) ?? [];
  // Two dots would climb out of the cache's folders, two hyphens mean a slash there.
  if (repo === undefined || /\.\.|--/.test(repo) || `${revision}/${wanted ?? ''}`.includes('..')) {
    return null;
  }
  return { repo, revision, wanted };
}
