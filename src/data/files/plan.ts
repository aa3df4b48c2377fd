/**
 * Which files of a folder or repository are one set of data, decided from their names alone, as data
 * sets of the hub are laid out: `main/test-00000-of-00002.parquet`, `round0/30k/train.jsonl.gz`,
 * `helpful_harmless.json`.
 */

const ending = /\.(parquet|jsonl|ndjson|json)(\.gz)?$/i;
/** What lies beside data and is none. */
const noData =
  /(^|\/)(dataset_infos?|dataset_dict|state|config|package(-lock)?|tokenizer\w*|manifest)\.json$/i;
const shard = /[-_.](\d{3,}|part[-_.]?\d+)(-of-\d{3,})?$/i;
const splitNames: Readonly<Record<string, string>> = {
  ...{ train: 'train', training: 'train' },
  ...{ test: 'test', testing: 'test', eval: 'test', evaluation: 'test' },
  ...{ validation: 'validation', valid: 'validation', val: 'validation', dev: 'validation' },
};
const splitEnd = new RegExp(`^(?:(.*)[-_.])?(${Object.keys(splitNames).join('|')})$`, 'i');
/** Folders that say nothing of what is in them. */
const plainFolder = /^(data|default|dataset)$/i;

/** Whether a name ends as one of a file of rows does. */
export function isDataFile(path: string): boolean {
  return ending.test(path) && !noData.test(path);
}

/** A set of files, as it may be asked for. */
interface DataSet {
  /** `config/split`, or the one of them that there is; empty where the names say neither. */
  key: string;
  config: string;
  split: string;
  paths: string[];
}

export interface DataPlan {
  key: string;
  /** In order. */
  paths: string[];
}

/**
 * Chooses the files of one set.
 * @param paths with slashes
 * @param how.wanted `config`, `split`, `config/split` or a file's path; null where nothing was said
 * @param how.where what errors call the folder
 * @param how.example how a set is asked for, by its key or its first file
 * @throws where there is no data, none of what is wanted, or more than one set of it, with their names
 */
export function planData(
  paths: readonly string[],
  how: { wanted: string | null; where: string; example: (key: string, first: string) => string },
): DataPlan {
  const { wanted, where } = how;
  const files = paths.filter(isDataFile);
  if (wanted !== null && files.includes(wanted)) return { key: wanted, paths: [wanted] };
  const sets = setsOf(files);
  if (sets.length === 0) {
    throw new Error(
      `data: ${where} has no data (expected .json, .jsonl or .parquet, the first two also with .gz; ${paths.length} files)`,
    );
  }
  const found = wanted === null ? sets : sets.filter((set) => answers(set, wanted));
  const [set, ...others] = found;
  if (set && others.length === 0) return { key: set.key, paths: whole(set.paths, where) };
  const list = listed(
    (set ? found : sets).map(({ key, paths: [first = ''] }) => how.example(key, first)),
  );
  throw new Error(
    set
      ? `data: ${where} has ${found.length} sets of data${wanted === null ? '' : ` called ${wanted}`}; name one: ${list}`
      : `data: ${where} has no ${wanted ?? 'data'} (expected one of ${list})`,
  );
}

/** `-of-00005` says how many parts there are. @throws where one is missing, e.g. of a download that was ended */
function whole(paths: string[], where: string): string[] {
  const parts = Number(/-of-(\d{3,})$/.exec(paths[0]?.replace(ending, '') ?? '')?.[1] ?? paths.length); // prettier-ignore
  if (parts === paths.length) return paths;
  throw new Error(
    `data: ${where} has ${paths.length} of the ${parts} parts of ${paths[0] ?? ''}; fetch the others`,
  );
}

/** Whether a set is one of those that are asked for: by its key, its end, or its split. */
function answers({ key, config, split }: DataSet, wanted: string): boolean {
  const asked = wanted.toLowerCase();
  const end = /\/?([^/]+)$/.exec(asked)?.[1] ?? asked;
  const alias = splitNames[end];
  const named = alias === undefined ? asked : asked.slice(0, asked.length - end.length) + alias;
  return [key, config, split].some((own) => {
    const name = own.toLowerCase();
    return name !== '' && (name === named || name.endsWith(`/${named}`));
  });
}

/** The sets of files: those of one config and split, in the best of the kinds that there are. */
function setsOf(files: readonly string[]): DataSet[] {
  const sets = new Map<string, DataSet & { kind: number }>();
  for (const path of [...files].sort()) {
    const { config, split } = partsOf(path);
    const key = [config, split].filter((part) => part !== '').join('/');
    const kind = kindOf(path);
    const set = sets.get(key);
    if (set === undefined || kind < set.kind)
      sets.set(key, { key, config, split, kind, paths: [path] }); // prettier-ignore
    else if (kind === set.kind) set.paths.push(path);
  }
  return [...sets.values()];
}

/** The same rows are often there in several kinds: columns first, then what can be streamed. */
function kindOf(path: string): number {
  const kind = ending.exec(path)?.[1]?.toLowerCase() ?? '';
  return ['parquet', 'jsonl', 'ndjson', 'json'].indexOf(kind);
}

function partsOf(path: string): { config: string; split: string } {
  const stem = path.replace(ending, '').replace(shard, '');
  const parts = stem.split('/');
  const last = parts.pop() ?? '';
  const named = splitEnd.exec(last);
  if (named) {
    const [, config = '', split = ''] = named;
    return { config: joined([...parts, config]), split: splitOf(split) };
  }
  // `data/train/part-3.parquet`: the folder says which split it is.
  const at = parts.findLastIndex((part) => Object.hasOwn(splitNames, part.toLowerCase()));
  if (at >= 0) {
    return { config: joined(parts.filter((_, i) => i !== at)), split: splitOf(parts[at] ?? '') };
  }
  return { config: joined([...parts, last]), split: '' };
}

function splitOf(name: string): string {
  return splitNames[name.toLowerCase()] ?? name;
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '' && !plainFolder.test(part)).join('/');
}

function listed(names: readonly string[]): string {
  const most = 20;
  const more = names.length > most ? `, and ${names.length - most} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}
