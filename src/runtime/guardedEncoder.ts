/**
 * Encoding of prompts in which some text is guarded (`text/controlTokens.ts`): what is guarded is
 * encoded as any other text, as `split_special_tokens` of Python's transformers does.
 *
 * The tokenizer cuts a text at its added tokens and encodes what lies between; so a guarded piece is
 * given to the same tokenizer without its control tokens, and the rest to the tokenizer itself.
 */
import { isGuarded, unguarded, withoutGuards } from '../text/controlTokens.js';

/** What of `tokenizer.json` matters here. */
export interface TokenizerFile {
  added_tokens?: readonly AddedToken[];
  model: {
    vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
    merges?: readonly (string | readonly string[])[];
    unk_token?: string | null;
  };
  pre_tokenizer?: PreTokenizer | null;
  decoder?: unknown;
}

interface AddedToken {
  id: number;
  content: string;
  special?: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
  normalized?: boolean;
}

interface PreTokenizer {
  prepend_scheme?: string;
  pretokenizers?: readonly PreTokenizer[];
}

export interface GuardedEncoderOptions {
  file: TokenizerFile;
  controlTokens: readonly string[];
  /** The tokenizer itself; no special tokens are added. */
  encode: (text: string) => number[];
  /** The same of a changed file. */
  open: (file: TokenizerFile) => (text: string) => number[];
}

/** Ids of a prompt; guarded text in it becomes no control token. */
export function guardedEncoder(options: GuardedEncoderOptions): (prompt: string) => number[] {
  const { file, controlTokens, encode, open } = options;
  const control = new Set(controlTokens);
  // A prefix space that only the first piece gets must not begin a later one.
  const first = once(() => open(withoutControl(file, control)));
  const later = once(() => open(withoutFirst(withoutControl(file, control))));
  const cuts = unguarded(cuttingTokens(file));
  const added = new Map(file.added_tokens?.map((token) => [token.content, token]));
  return (prompt) => {
    if (!isGuarded(prompt)) return encode(prompt);
    const pieces = cuts ? prompt.split(cuts) : [prompt];
    const ids: number[] = [];
    let pending = '';
    pieces.forEach((piece, i) => {
      // Cuts stand at the odd places.
      if (i % 2 === 1 || !isGuarded(piece)) return void (pending += piece);
      if (pending !== '') ids.push(...encode(pending));
      const before = added.get(pieces[i - 1] ?? '');
      const after = added.get(pieces[i + 1] ?? '');
      const text = stripped(withoutGuards(piece), { before, after });
      if (text !== '') ids.push(...(pieces.slice(0, i).join('') === '' ? first : later)()(text));
      pending = '';
    });
    return pending === '' ? ids : [...ids, ...encode(pending)];
  };
}

/** Those that a text is cut at before it is normalised. */
function cuttingTokens({ added_tokens: added = [] }: TokenizerFile): string[] {
  return added.filter(({ normalized }) => normalized !== true).map(({ content }) => content);
}

function stripped(
  text: string,
  { before, after }: { before: AddedToken | undefined; after: AddedToken | undefined },
): string {
  const begun = before?.rstrip === true ? text.trimStart() : text;
  return after?.lstrip === true ? begun.trimEnd() : begun;
}

/** The tokenizer without these tokens: none is cut out, and none is made of smaller ones. */
function withoutControl(file: TokenizerFile, control: ReadonlySet<string>): TokenizerFile {
  const { model } = file;
  const renamed = (token: string): string => (control.has(token) ? `\u{F8FD}${token}` : token);
  const vocab = isList(model.vocab)
    ? model.vocab.map(([token, score]) => [renamed(token), score] as const)
    : Object.fromEntries(Object.entries(model.vocab).map(([token, id]) => [renamed(token), id]));
  return {
    ...file,
    added_tokens: file.added_tokens?.filter(({ content }) => !control.has(content)) ?? [],
    model: {
      ...model,
      vocab,
      ...(model.merges && { merges: model.merges.filter((merge) => !control.has(merged(merge))) }),
      ...(typeof model.unk_token === 'string' && { unk_token: renamed(model.unk_token) }),
    },
  };
}

function isList(
  vocab: TokenizerFile['model']['vocab'],
): vocab is readonly (readonly [string, number])[] {
  return Array.isArray(vocab);
}

function merged(merge: string | readonly string[]): string {
  return typeof merge === 'string' ? merge.replace(' ', '') : merge.join('');
}

function withoutFirst(file: TokenizerFile): TokenizerFile {
  const never = (one: PreTokenizer): PreTokenizer => ({
    ...one,
    ...(one.prepend_scheme === 'first' && { prepend_scheme: 'never' }),
    ...(one.pretokenizers && { pretokenizers: one.pretokenizers.map(never) }),
  });
  return file.pre_tokenizer ? { ...file, pre_tokenizer: never(file.pre_tokenizer) } : file;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
