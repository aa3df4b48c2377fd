/** Which files of a repository a model needs. Decided from their names alone. */
import type { HubName } from './name.js';
import { decoderFiles } from '../modelFiles.js';

/** Configuration, tokenizer and chat template; those that a repository lacks are not missed here. */
const besides: ReadonlySet<string> = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json',
]);

/** Variants whose files are called otherwise (https://huggingface.co/docs/transformers.js/guides/dtypes). */
const suffixes: Readonly<Record<string, string>> = { fp32: '', q8: '_quantized' };

/** Full precision is the file without a suffix. */
const fullPrecision = 'fp32';

/** Where the files are, for errors. */
export interface HubPlace {
  /** E.g. `org/name@main`. */
  place: string;
  /** Whether only the cache was looked at. Default: no. */
  offline?: boolean;
}

export interface HubPlan<F> {
  /** The ONNX file. */
  decoder: F;
  /** All that is needed; the ONNX file is last, so that where it is, everything is. */
  files: F[];
}

/**
 * Chooses the decoder, the weights beside it, and the files of configuration and tokenizer.
 *
 * @param files what there is, by path within the repository
 * @throws where there is no decoder, or none of the variant (listing those there are)
 */
export function planDownload<F extends { readonly path: string }>(
  files: readonly F[],
  name: HubName,
  where: HubPlace,
): HubPlan<F> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const decoder = candidates(name.variant)
    .map((path) => byPath.get(path))
    .find((file) => file !== undefined);
  if (!decoder) throw noDecoder({ files, name, where });
  const needed = files.filter(({ path }) => besides.has(path) || isWeights(path, decoder.path));
  return { decoder, files: [...needed, decoder] };
}

/** Paths of the decoder, best first. */
function candidates(variant: string | null): string[] {
  if (variant === null) return [...decoderFiles];
  const suffix = suffixes[variant] ?? `_${variant}`;
  const plain = decoderFiles.filter((path) => !path.endsWith('_fp16.onnx'));
  return plain.map((path) => path.replace(/\.onnx$/, `${suffix}.onnx`));
}

/** External data: named after the ONNX file and in its folder (`model.onnx_data`, `…_data_1`). */
function isWeights(path: string, decoder: string): boolean {
  return path.startsWith(decoder) && /^[\w.-]+$/.test(path.slice(decoder.length));
}

interface Lacking {
  files: readonly { readonly path: string }[];
  name: HubName;
  where: HubPlace;
}

function noDecoder({ files, name, where }: Lacking): Error {
  const { repo, variant } = name;
  const { place, offline = false } = where;
  const variants = variantsOf(files.map(({ path }) => path));
  const [first] = variants;
  const download = 'HF_HUB_OFFLINE is set: unset it to download what is missing';
  if (first === undefined) {
    const remedy = offline
      ? download
      : `look for a conversion, often onnx-community/${repo.split('/')[1] ?? ''}, or export it: ` +
        `optimum-cli export onnx --model ${repo} --task text-generation-with-past <folder>, then give that folder`;
    return new Error(
      `hub: ${place} has no ONNX decoder (${files.length} files, none of ${decoderFiles.join(', ')}); ${remedy}`,
    );
  }
  const wanted = variant ?? `${fullPrecision} or fp16`;
  const remedy = offline ? download : `give e.g. ${repo}:${first}`;
  return new Error(
    `hub: ${place} has no decoder in ${wanted} (expected one of ${variants.join(', ')}); ${remedy}`,
  );
}

/** Variants of the decoder that a repository has, sorted. */
function variantsOf(paths: readonly string[]): string[] {
  const stems = decoderFiles
    .filter((path) => !path.endsWith('_fp16.onnx'))
    .map((path) => path.replace(/\.onnx$/, ''));
  const found = paths.flatMap((path) =>
    stems.flatMap((stem) => {
      if (!path.startsWith(stem)) return [];
      const match = /^(?:_([a-z\d]+))?\.onnx$/i.exec(path.slice(stem.length));
      return match === null ? [] : [match[1] ?? fullPrecision];
    }),
  );
  return [...new Set(found)].sort();
}
